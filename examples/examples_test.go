package examples_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"nudge/flows"
	"nudge/lang/diag"
)

// meant are the codes of the warnings that an example means to show.
var meant = map[string][]diag.Code{"order_shipped": {flows.CodeNoFailedLine}}

// folders is the names of all examples. Beside them integrations has programs that use the
// API, and patterns the projects of docs/patterns.md.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	must(t, err)
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "integrations" && e.Name() != "patterns" {
			names = append(names, e.Name())
		}
	}
	return names
}

// An example teaches, so it has no errors, and no warnings but those that it means to
// show. It has a page of its own.
func TestExamplesAreClean(t *testing.T) {
	for _, name := range folders(t) {
		t.Run(name, func(t *testing.T) {
			project, list := flows.Load(os.DirFS(name))
			var got []diag.Code
			for _, d := range list {
				got = append(got, d.Code)
			}
			if !slices.Equal(got, meant[name]) {
				var text strings.Builder
				diag.Render(&text, list, project.Source)
				t.Errorf("diagnostics %v, want %v:\n%s", got, meant[name], &text)
			}
			if project.Flow(name) == nil {
				t.Errorf("there is no flow called like the example")
			}
			page, err := os.ReadFile(name + "/README.md")
			must(t, err)
			if !strings.HasPrefix(string(page), "# "+name+"\n") || !strings.Contains(string(page), "nudge dev examples/"+name) {
				t.Errorf("its page does not begin with its name, or does not say how to run it")
			}
		})
	}
}

// TestStories plays the tests of every example, which show all that can happen in its
// flows.
func TestStories(t *testing.T) {
	for _, name := range folders(t) {
		t.Run(name, func(t *testing.T) {
			project, list := flows.Load(os.DirFS(name))
			must(t, list.Err())
			playAll(t, name, project)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
