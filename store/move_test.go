package store

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMoveRules holds that somebody has thought of every bucket.
func TestMoveRules(t *testing.T) {
	for _, b := range Buckets {
		rule := moveRules[b]
		if (rule.deal == nil) == (rule.why == "") {
			t.Errorf("%s: a rule says what becomes of its records when a store is moved, or why nothing is read of it", b)
		}
		if read := slices.Contains(moveOrder[:], b); read != (rule.deal != nil) {
			t.Errorf("%s: it has a rule to be read, or a place among those that are read, and not both", b)
		}
	}
}

// TestRanks gives numbers with gaps new ones, and asks for all of them and for those between.
func TestRanks(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	var l rankList
	numbers := map[uint64]uint64{}
	seq, rank, first := uint64(40), uint64(90), uint64(0)
	for range 1000 {
		seq, rank = seq+1+dice.Uint64N(3), rank+1+dice.Uint64N(16)
		l.add(seq, rank)
		if numbers[seq] = rank; first == 0 {
			first = seq
		}
	}
	want := uint64(0)
	for n := uint64(1); n <= seq+2; n++ {
		switch r, ok := numbers[n]; {
		case ok:
			want = r
		case n < first:
			want = n
		}
		if got := l.of(n); got != want {
			t.Fatalf("the new number of %d is %d, want %d", n, got, want)
		}
	}
}
