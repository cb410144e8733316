package flows

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/templates"
)

const (
	// ProjectFile is the file that says what the flows of a project have in common.
	ProjectFile = "nudge.yaml"
	// defaultProject is the name of a project that does not name itself.
	defaultProject = "nudge"
	// MaxFiles is how many flows, and how many templates, a project may have; one more is a mistake
	// of the project.
	MaxFiles = 2000
)

// servingKeys are the keys of nudge.yaml that flows do not use. They are read from
// Project.Config.
var servingKeys = []string{
	"account", "accounts", "clock", "cluster", "cors", "data_dir", "deploys", "endpoints", "fetch", "forgotten_list", "limits", "listen", "outbound", "partitions", "people", "preferences", "retention", "store", "targets", "tls", "tokens", "tokens_file", "webhooks",
}

var templateFolders = []string{"templates", templates.PartialsFolder}

// Project is a folder of flows and templates with their common settings. It is immutable
// and safe for concurrent use.
type Project struct {
	Name       string
	Locale     string                 // the language of templates that are no variants; empty for the default
	Zone       *time.Location         // where the flows live; UTC when nothing is said
	Profile    *shape.Type            // what is known of a person, beside id and timezone; open when nothing is said
	Events     map[string]*shape.Type // the shapes of declared events
	Categories map[string]*Category   // by name
	OnUnknown  OnUnknown
	Accounts   []string  // the names by which flows may name accounts, sorted; nil when nudge.yaml declares no account
	Flows      []*Flow   // sorted by name
	Config     *node.Map // nudge.yaml itself, for the keys of serving; never nil; for one reader at a time

	from        *templates.From
	mergeFields bool // what is rendered may have {{ in it
	preferences bool // people have a page of preferences
	library     *templates.Library
	files       map[string]string // text by name; of assets in base64
	assets      *assets           // nil once all is read
}

// Load reads a project: nudge.yaml (which may be absent), flows/*.yaml, templates/*.yaml
// and templates/partials/*.yaml. The list contains all mistakes, sorted by file and place.
// If it HasErrors, the project contains only the flows without errors.
func Load(fsys fs.FS) (*Project, diag.List) { return new(Workspace).Load(fsys) }

// Source returns the text of one of the project's files, for [diag.Render].
func (p *Project) Source(file string) (string, bool) {
	text, ok := p.files[file]
	return text, ok
}

// Deployable returns the files that another server needs to run the flows of the project. Of nudge.yaml these are only the keys
// for flows: the others may be secret, and are for one server.
func (p *Project) Deployable() []File {
	config := p.Config.Extract(func(key, sub string) bool {
		if key == "preferences" { // that there is a page is for the flows, its secrets are not
			return sub == "" || sub == "public_url"
		}
		return !slices.Contains(servingKeys, key)
	})
	files := []File{{Name: ProjectFile, Text: config}}
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		if name != ProjectFile {
			files = append(files, File{Name: name, Text: p.files[name]})
		}
	}
	return files
}

// WithoutSources returns the project without the texts of its files and its templates, for
// those who keep it long and only ask about its flows.
func (p *Project) WithoutSources() *Project {
	same := *p
	same.library, same.files, same.Config = nil, nil, nil
	return &same
}

// Flow returns a flow by its name, or nil.
func (p *Project) Flow(name string) *Flow {
	for _, f := range p.Flows {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// readFiles reads all files of a project, sorted by name.
func readFiles(fsys fs.FS) ([]File, diag.List) {
	var (
		files []File
		list  diag.List
	)
	names := []string{ProjectFile}
	for _, folder := range append([]string{"flows"}, templateFolders...) {
		found, _ := fs.Glob(fsys, folder+"/*.yaml")
		short, _ := fs.Glob(fsys, folder+"/*.yml")
		for _, name := range short {
			list.Errorf(diag.Span{File: name}, codeFlowName, "rename it to "+stem(name)+".yaml",
				"files must end in .yaml; this one would be ignored")
		}
		if len(found) > MaxFiles {
			list.Errorf(diag.Span{File: folder}, codeTooMany, "", "%d files; the limit is %d", len(found), MaxFiles)
			found = found[:MaxFiles]
		}
		names = append(names, found...)
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		switch {
		case err == nil:
			files = append(files, File{Name: name, Text: string(text)})
		case name != ProjectFile || !isAbsent(err):
			list.Errorf(diag.Span{File: name}, node.CodeSyntax, "", "cannot read the file: %v", cause(err))
		}
	}
	return files, list
}

func inFolder(files []File, folder string) []File {
	var found []File
	for _, f := range files {
		if path.Dir(f.Name) == folder {
			found = append(found, f)
		}
	}
	return found
}

func stem(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}
