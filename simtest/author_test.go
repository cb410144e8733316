package simtest

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nudge/flows"
)

// TestAuthor shows that what the author writes loads and compiles, that it depends on nothing
// but the seed, and that editions differ.
func TestAuthor(t *testing.T) {
	newAuthor := func(seed uint64) *author {
		a := &author{dice: rand.New(rand.NewPCG(seed, 0)), rarer: rand.New(rand.NewPCG(seed, 1)), broken: rand.New(rand.NewPCG(seed, 2)), talks: rand.New(rand.NewPCG(seed, 3))}
		a.waits = rand.New(rand.NewPCG(seed, 4))
		return a
	}
	changed := 0
	for seed := range uint64(40) {
		a, again := newAuthor(seed), newAuthor(seed)
		for range 3 {
			before := a.files
			project := a.edition() // panics where it does not load
			again.edition()
			if diff := cmp.Diff(a.files, again.files); diff != "" {
				t.Fatalf("seed %d: the same seed wrote other files:\n%s", seed, diff)
			}
			for _, f := range project.Flows {
				if c, err := flows.Compile(f.Bundle); err != nil || c.Version != f.Version {
					t.Fatalf("seed %d: flow %s does not compile to what was loaded: %v", seed, f.Name, err)
				}
			}
			if before != nil && !cmp.Equal(before, a.files) {
				changed++
			}
		}
	}
	if changed < 40 {
		t.Errorf("only %d of 80 editions change anything", changed)
	}
}
