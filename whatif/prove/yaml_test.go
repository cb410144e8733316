package prove_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/flows"
	"nudge/whatif/prove"
	"nudge/whatif/story"
)

// TestEndingsPlay plays, for every example and the ten flows, the shortest story of each
// ending as a test. Those that a test cannot tell (a message that is held back, a value
// nobody could choose, a person whom splits deal otherwise, hours) say so themselves.
func TestEndingsPlay(t *testing.T) {
	played := 0
	for _, dir := range projects(t) {
		p, list := flows.Load(os.DirFS(dir))
		if list.HasErrors() {
			t.Fatal(list)
		}
		for _, r := range prove.Project(p).Flows {
			for _, e := range r.Endings {
				text := r.YAML("ends as "+e.Outcome, e.Story)
				file, list := story.Parse(p, "tests/proof.yaml", []byte(text))
				if list.HasErrors() {
					t.Fatalf("%v\n%s", list, text)
				}
				result, err := story.Play(file.Tests[0], story.Options{})
				if err == nil && result.Failure == nil {
					played++
				} else if !strings.Contains(text, "#") && len(r.Holds) == 0 {
					t.Errorf("%s ends as %s: %v %+v\n%s", r.Flow, e.Outcome, err, result.Failure, text)
				}
			}
		}
	}
	if played < 25 {
		t.Errorf("%d stories could be played", played)
	}
	t.Logf("%d stories played", played)
}

// projects are the folders of the examples and of the ten flows.
func projects(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob("../../examples/*/nudge.yaml")
	if err != nil || len(found) == 0 {
		t.Fatal("no examples: ", err)
	}
	dirs := []string{"../../flows/testdata/ten"}
	for _, file := range found {
		dirs = append(dirs, filepath.Dir(file))
	}
	return dirs
}
