package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
)

// Target is a running server that nudge.yaml names.
type Target struct {
	Name    string
	Propose bool // flows get there by proposals only

	dir            string     // of the project
	url, token, ca *node.Text // with their variables, which may be unset until the target is used
}

// Access is how to reach a target.
type Access struct {
	URL   string
	Token string // empty: none
	CA    string // a file of certificates; empty: those of the system
}

// Targets returns the targets that nudge.yaml of a folder names, by name. A folder without nudge.yaml has none.
func Targets(dir string) ([]Target, error) {
	files, err := Open(dir)
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(files, flows.ProjectFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, wrongInput(err)
	}
	r := newReader(string(text), nil)
	all := r.targets(r.top.Child("targets"))
	for i := range all {
		all[i].dir = dir
	}
	return all, r.list.Err()
}

// TargetOf returns the target of a folder that has a name. An error says which there are.
func TargetOf(dir, name string) (*Target, error) {
	all, err := Targets(dir)
	if err != nil {
		return nil, err
	}
	var known []string
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		known = append(known, all[i].Name)
	}
	place := filepath.Join(dir, flows.ProjectFile)
	if len(known) == 0 {
		return nil, wrongInput(fmt.Errorf("there is no target %q, because %s has no targets", name, place))
	}
	return nil, wrongInput(fmt.Errorf("%s has no target %q; %s", place, name, diag.DidYouMean(name, known, "there is")))
}

// Access returns how to reach the target, with the variables of an environment.
func (t *Target) Access(env Environment) (a Access, err error) {
	r := &reader{env: env}
	a = Access{URL: r.str(t.url), Token: r.str(t.token), CA: r.str(t.ca)}
	if a.CA != "" && !filepath.IsAbs(a.CA) {
		a.CA = filepath.Join(t.dir, a.CA)
	}
	if len(r.list) == 0 && !isServerURL(a.URL) {
		r.list.Errorf(t.url.Span, node.CodeBadValue, targetURLHint, "the url of target %s is no address of a server", t.Name)
	}
	if err := r.list.Err(); err != nil {
		return a, fmt.Errorf("target %s: %w", t.Name, err)
	}
	return a, nil
}

// targets reads the servers that a project names. Their variables stay as they are: whoever checks a project, or deploys to one of
// them, needs no secrets of the others.
func (r *reader) targets(m *node.Map) (all []Target) {
	for _, e := range m.Entries() {
		if !endpointName.MatchString(e.Key.Value) {
			e.Value.Errorf(node.CodeBadValue, "for example staging", "a target needs a name of 1 to 64 lower-case letters, digits, dashes and underscores")
		}
		one := e.Value.Map()
		t := Target{Name: e.Key.Value, Propose: one.Bool("propose"), url: one.Text("url"), token: one.Text("token"), ca: one.Text("ca")}
		switch {
		case !one.Has("url"):
			one.Errorf("url", flows.CodeMissingKey, targetURLHint, "target %s has no url", t.Name)
		case t.url != nil && !strings.Contains(t.url.Value, "$") && !isServerURL(t.url.Value):
			one.Errorf("url", node.CodeBadValue, targetURLHint, "the url of target %s is no address of a server", t.Name)
		}
		one.Close()
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	return all
}

const targetURLHint = "for example url: https://nudge.example"

func isServerURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
