package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"nudge/client"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

// Project is a folder that was read: its flows, what nudge.yaml says to the server, the
// people of the local service, and what is wrong with any of them.
type Project struct {
	*flows.Project
	Settings Settings
	Scene    SandboxSetup
	List     diag.List
	Folder   fs.FS
	Tests    *story.Suite // nil where they were not read
}

// Open checks that a folder is there and returns it as files.
func Open(dir string) (fs.FS, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, wrongInput(fmt.Errorf("the project %s: %w", dir, errors.Unwrap(err)))
	}
	if !info.IsDir() {
		return nil, wrongInput(fmt.Errorf("%s is a file; name the folder of the project", dir))
	}
	root, err := os.OpenRoot(dir) // no link in it leads out of it; closed with the process
	if err != nil {
		return nil, wrongInput(fmt.Errorf("the project %s: %w", dir, errors.Unwrap(err)))
	}
	files := root.FS()
	if _, err := fs.Stat(files, flows.ProjectFile); err == nil {
		return files, nil
	}
	if _, err := fs.Stat(files, "flows"); err == nil {
		return files, nil
	}
	return nil, wrongInput(fmt.Errorf("%s holds no project: there is neither %s nor flows/",
		dir, flows.ProjectFile))
}

// Read reads a project with the settings that a purpose needs.
func Read(files fs.FS, read SettingsReader) *Project {
	p, list := flows.Load(files)
	text, _ := p.Source(flows.ProjectFile)
	settings, more := read(text)
	list = append(list, more...)
	scene := readScene(files, people.File, settings.People, &list)
	list.Sort()
	return &Project{p, settings, scene, list, files, nil}
}

// Show renders the project's diagnostics, without the secrets that stand in the
// lines it shows.
func (p *Project) Show(w io.Writer) error {
	return diag.Render(w, p.List, func(file string) (string, bool) {
		if file == p.Scene.file {
			return p.Scene.Text, true
		}
		text, ok := p.Source(file)
		if !ok && p.Tests != nil {
			return p.Tests.Source(file)
		}
		if file == flows.ProjectFile {
			text = withoutSecrets(text)
		}
		return text, ok
	})
}

// Load is a project without errors. Its warnings, or its errors, are shown.
func Load(dir string, read SettingsReader, errs io.Writer) (*Project, error) {
	files, err := Open(dir)
	if err != nil {
		return nil, err
	}
	p := Read(files, read)
	if len(p.List) > 0 {
		if err := p.Show(errs); err != nil {
			return nil, failed(err)
		}
	}
	if p.List.HasErrors() {
		return nil, wrongInput(fmt.Errorf("the project in %s does not load: %s", dir, p.Summary()))
	}
	return p, nil
}

// ReadTests reads the project's tests, and notes what is wrong with them.
func (p *Project) ReadTests() {
	suite, list := story.Load(p.Folder, p.Project)
	p.Tests, p.List = suite, append(p.List, list...)
	p.List.Sort()
}

// Summary is what a project holds and how much is wrong with it.
func (p *Project) Summary() string {
	errs, warnings := 0, 0
	for _, d := range p.List {
		if d.Severity == diag.Error {
			errs++
		} else {
			warnings++
		}
	}
	return fmt.Sprintf("%s, %s: %s, %s",
		plural(p.count("flows"), "flow"), plural(p.count("templates"), "template"),
		plural(errs, "error"), plural(warnings, "warning"))
}

// count is how many files a folder of the project has. Flows that do not load count
// too.
func (p *Project) count(folder string) int {
	found, _ := fs.Glob(p.Folder, folder+"/*.yaml") // the pattern is a good one
	return len(found)
}

// Reread reads the project anew and shows what is wrong with it.
func Reread(dir string, read SettingsReader, errs io.Writer) (*Project, error) {
	files, err := Open(dir)
	if err != nil {
		return nil, err
	}
	p := Read(files, read)
	return p, p.Show(errs)
}

// Bundles are the sources of the project's flows, as an input deploys them.
func (p *Project) Bundles() (all []flows.Bundle) {
	for _, f := range p.Flows {
		all = append(all, f.Bundle)
	}
	return all
}

// Deployable returns the files that a server needs to run the flows of the project, for
// [client.Client.Deploy]. Of nudge.yaml it has only what concerns the flows: the rest may be
// secret, and other servers have no use for it.
func (p *Project) Deployable() ([]client.File, error) {
	config := p.Config.Extract(func(key, _ string) bool { return !slices.Contains(servingKeys, key) })
	files := []client.File{{Name: flows.ProjectFile, Text: config}}
	for _, name := range p.Assets() {
		text, _ := p.Source(name)
		files = append(files, client.File{Name: name, Text: text})
	}
	for _, folder := range []string{"flows", "templates"} {
		if _, err := fs.Stat(p.Folder, folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := fs.WalkDir(p.Folder, folder, func(name string, _ fs.DirEntry, err error) error {
			if text, ok := p.Source(name); ok {
				files = append(files, client.File{Name: name, Text: text})
			}
			return err
		})
		if err != nil {
			return nil, wrongInput(err)
		}
	}
	return files, nil
}

// plural is a number with its noun: 1 flow, 2 flows.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
