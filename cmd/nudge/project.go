package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

// project is a folder that was read: its flows, what nudge.yaml says to the server, the
// people of the local service, and what is wrong with any of them.
type project struct {
	*flows.Project
	Settings settings
	Scene    sandboxSetup
	List     diag.List
	folder   fs.FS
	tests    *story.Suite // nil where they were not read
}

// openProject checks that a folder is there and returns it as files.
func openProject(dir string) (fs.FS, error) {
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

// loadProject reads a project with the settings that a purpose needs.
func loadProject(files fs.FS, read settingsReader) *project {
	p, list := flows.Load(files)
	text, _ := p.Source(flows.ProjectFile)
	settings, more := read(text)
	list = append(list, more...)
	scene := readScene(files, people.File, settings.People, &list)
	list.Sort()
	return &project{p, settings, scene, list, files, nil}
}

// show renders the project's diagnostics, without the secrets that stand in the
// lines it shows.
func (p *project) show(w io.Writer) error {
	return diag.Render(w, p.List, func(file string) (string, bool) {
		if file == p.Scene.file {
			return p.Scene.text, true
		}
		text, ok := p.Source(file)
		if !ok && p.tests != nil {
			return p.tests.Source(file)
		}
		if file == flows.ProjectFile {
			text = withoutSecrets(text)
		}
		return text, ok
	})
}

// mustLoad is a project without errors. Its warnings, or its errors, are shown.
func mustLoad(dir string, read settingsReader, errs io.Writer) (*project, error) {
	files, err := openProject(dir)
	if err != nil {
		return nil, err
	}
	p := loadProject(files, read)
	if len(p.List) > 0 {
		if err := p.show(errs); err != nil {
			return nil, failed(err)
		}
	}
	if p.List.HasErrors() {
		return nil, wrongInput(fmt.Errorf("the project in %s does not load: %s", dir, p.summary()))
	}
	return p, nil
}

// readTests reads the project's tests, and notes what is wrong with them.
func (p *project) readTests() {
	suite, list := story.Load(p.folder, p.Project)
	p.tests, p.List = suite, append(p.List, list...)
	p.List.Sort()
}

// summary is what a project holds and how much is wrong with it.
func (p *project) summary() string {
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
func (p *project) count(folder string) int {
	found, _ := fs.Glob(p.folder, folder+"/*.yaml") // the pattern is a good one
	return len(found)
}

// projectDir is the folder of a nudge.yaml, which may also be named by its folder.
func projectDir(config string) (string, error) {
	if info, err := os.Stat(config); err == nil && info.IsDir() {
		return config, nil
	}
	if filepath.Base(config) != flows.ProjectFile {
		return "", wrongUsage(fmt.Errorf("-c %s: want a %s or its folder", config, flows.ProjectFile))
	}
	return filepath.Dir(config), nil
}
