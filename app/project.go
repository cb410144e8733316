package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"nudge/client"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

// Project is a folder that was read: its flows, the server settings of nudge.yaml, the
// people of the sandbox, and the mistakes in any of them.
type Project struct {
	*flows.Project
	Settings Settings
	Scene    SandboxSetup
	List     diag.List
	Folder   fs.FS
	Tests    *story.Suite // nil if they were not read
}

// Open checks that a folder exists and returns it as files.
func Open(dir string) (fs.FS, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, wrongInput(fmt.Errorf("the project %s: %w", dir, errors.Unwrap(err)))
	}
	if !info.IsDir() {
		return nil, wrongInput(fmt.Errorf("%s is a file; name the folder of the project", dir))
	}
	root, err := os.OpenRoot(dir) // no link in it leads outside; closed with the process
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

// Read reads a project with the settings that the caller's purpose needs.
func Read(files fs.FS, read SettingsReader) *Project {
	return ReadIn(new(flows.Workspace), files, read)
}

// ReadIn is Read for a project that is read again and again: of the flows and templates it
// reads only what has changed since the last time.
func ReadIn(w *flows.Workspace, files fs.FS, read SettingsReader) *Project {
	p, list := w.Load(files)
	text, _ := p.Source(flows.ProjectFile)
	settings, more := read(text)
	list = append(list, more...)
	scene := readScene(files, people.File, settings.People, &list)
	list.Sort()
	return &Project{p, settings, scene, list, files, nil}
}

// Show renders the project's diagnostics. It hides the secrets in the lines that it shows.
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

// Load returns a project without errors. It writes the project's warnings or errors to
// errs.
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

// ReadTests reads the project's tests and records their mistakes.
func (p *Project) ReadTests() {
	suite, list := story.Load(p.Folder, p.Project)
	p.Tests, p.List = suite, append(p.List, list...)
	p.List.Sort()
}

// Summary returns the contents of a project and the number of its mistakes as text.
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

// count returns the number of files in a folder of the project. It includes flows that do
// not load.
func (p *Project) count(folder string) int {
	found, _ := fs.Glob(p.Folder, folder+"/*.yaml") // the pattern is valid
	return len(found)
}

// Reread reads the project again and shows its mistakes.
func Reread(dir string, read SettingsReader, errs io.Writer) (*Project, error) {
	files, err := Open(dir)
	if err != nil {
		return nil, err
	}
	p := Read(files, read)
	return p, p.Show(errs)
}

// Bundles returns the sources of the project's flows, in the form that an input deploys.
func (p *Project) Bundles() (all []flows.Bundle) {
	for _, f := range p.Flows {
		all = append(all, f.Bundle)
	}
	return all
}

// Deployable returns the files that a server needs to run the flows of the project, for
// [client.Client.Deploy]. From nudge.yaml it takes only the keys for flows. The other keys
// may be secret, and other servers do not need them.
func (p *Project) Deployable() []client.File {
	var files []client.File
	for _, f := range p.Project.Deployable() {
		files = append(files, client.File(f))
	}
	return files
}

// plural returns a number with its noun: 1 flow, 2 flows.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
