package lsp

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"

	"nudge/lang/diag"
	"nudge/whatif/story"
)

var renames = flag.Int("renames", 80, "how many random names TestRenames changes")

// renamed are the kinds of names that TestRenames changes in turn.
var renamed = []kind{aField, aStep, anOutcome, anEvent, aTemplate, anEnd, aFlow, aCategory}

// TestRenames changes random names in all examples. After that, the project has no mistake,
// and its tests still pass: nothing that means the name was forgotten.
func TestRenames(t *testing.T) {
	random := rand.New(rand.NewPCG(11, uint64(*renames)))
	dirs := exampleProjects(t)
	kinds := map[kind]int{}
	for i := range *renames {
		dir := dirs[i/len(renamed)%len(dirs)]
		files := readFolder(t, dir)
		p := &served{project: openProject(files, noEnv), root: "/project"}
		if p.list.HasErrors() {
			continue
		}
		x := p.names()
		var uses []use
		for _, u := range x.uses {
			if u.kind == renamed[i%len(renamed)] {
				uses = append(uses, u)
			}
		}
		if len(uses) == 0 {
			continue
		}
		u := uses[random.IntN(len(uses))]
		at := x.at(u.at.File, u.at.Start)
		if len(at) == 0 { // a template by its file
			continue
		}
		r := &renaming{x: x, to: u.name + "_2", edits: map[string][]edit{}}
		var symbols []symbol
		refused := false
		for _, s := range r.meant(at) {
			symbols = append(symbols, s)
			if err := r.symbol(s); err != nil {
				refused = true
				t.Logf("%s: %v: %v", dir, s, err)
				break
			}
			kinds[s.kind]++
		}
		if refused {
			continue
		}
		what := fmt.Sprintf("%s: %v at %v", dir, symbols, u.at)
		after := fstest.MapFS{}
		for name, f := range files {
			after[name] = f
		}
		for file, edits := range r.edits {
			after[file] = &fstest.MapFile{Data: []byte(applied(p.folder.texts[file], edits))}
		}
		for _, m := range r.files {
			after[m.to] = after[m.from]
			delete(after, m.from)
		}
		then := openProject(after, noEnv)
		for file, list := range then.diagnostics() {
			for _, d := range list {
				if d.Severity == diag.Error {
					t.Errorf("%s: %s: %v", what, file, d)
				}
			}
		}
		if before, after := failures(t, p.project), failures(t, then); !slices.Equal(before, after) {
			t.Errorf("%s: failed tests were %v and are %v", what, before, after)
		}
	}
	for _, k := range renamed {
		if kinds[k] == 0 {
			t.Errorf("no name of kind %d was changed", k)
		}
	}
}

// failures returns the names of the tests of a project that fail.
func failures(t *testing.T, p *project) (names []string) {
	t.Helper()
	if len(p.tests) == 0 {
		p.readTests()
	}
	results, err := story.PlayAll(p.suite(), story.Options{}, func(*story.Result) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Failure != nil {
			names = append(names, r.Test.Name+": "+r.Failure.Message)
		}
	}
	return names
}
