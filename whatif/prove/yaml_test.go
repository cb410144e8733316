package prove_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/flows"
	"nudge/whatif/prove"
)

// TestStoriesPlay plays every story that is told of the examples, the ten flows and random
// flows. A story that a test cannot play says why.
func TestStoriesPlay(t *testing.T) {
	count := map[string]int{}
	tell := func(p *flows.Project, source string) {
		for _, r := range prove.Project(p).Flows {
			stories := map[string]prove.Story{}
			for _, e := range r.Endings {
				stories["ends as "+e.Outcome] = e.Story
			}
			for _, b := range r.Broken {
				stories["breaks "+b.What] = b.Story
			}
			for name, s := range stories {
				if len(s) == 0 {
					t.Errorf("%s %s: no story", r.Flow, name)
					continue
				}
				text, why := r.Test(name, s)
				// A story waits for a time of day as early as it can, even where it must be late.
				if count[why]++; why == prove.WhyUnknown && !strings.Contains(source, "every: 09:00") {
					t.Errorf("%s: %s\n%s\n%s", name, why, text, source)
				}
			}
		}
	}
	for _, dir := range projects(t) {
		p, list := flows.Load(os.DirFS(dir))
		if list.HasErrors() {
			t.Fatal(list)
		}
		tell(p, dir)
	}
	for n := range *flowCount {
		files := randomFlow(rand.New(rand.NewPCG(*flowSeed+uint64(n), 3)), n%2 == 1)
		_, p := newWorld(t, files)
		tell(p, string(files["flows/one.yaml"].Data))
	}
	t.Log(count)
	if count[""] < 60 {
		t.Errorf("only %d stories play", count[""])
	}
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
