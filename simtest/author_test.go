package simtest

import (
	"math/rand/v2"
	"testing"
)

// TestAuthor shows that what the author writes loads.
func TestAuthor(t *testing.T) {
	for seed := range uint64(300) {
		a := &author{dice: rand.New(rand.NewPCG(seed, 0)), rarer: rand.New(rand.NewPCG(seed, 1)), broken: rand.New(rand.NewPCG(seed, 2))}
		for range 3 {
			a.edition()
		}
	}
}
