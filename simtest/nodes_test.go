package simtest

import (
	"runtime/debug"
	"testing"
)

// mustReachNodes are the states that nodes must have been in.
var mustReachNodes = []string{"a node killed", "a node stopped", "a node stands still", "a node without the database", "a lease lost",
	"taken from a node that stands still", "refused by the fence", "a belated result", "a step of a node that stands still"}

// TestNodes plays histories over several partitions that several nodes have together.
func TestNodes(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	n := max(2, *seeds/20)
	total := &tally{reached: map[string]int{}}
	for i := range n {
		seed, over := *first+uint64(i), []int{4, 8}[i%2]
		r := RunNodes(seed, *hours, over)
		if r.Err != nil {
			t.Fatalf("%s over %d partitions, with nodes\n%s\n%v", r, over, r.Config, r.Err)
		}
		if i%100 == 0 {
			if again := RunNodes(seed, *hours, over); again.Hash != r.Hash {
				t.Fatalf("seed %d over %d partitions, with nodes, played twice: %x and %x", seed, over, r.Hash, again.Hash)
			}
		}
		total.add(r)
	}
	t.Logf("%d seeds, %d inputs, %d runs", total.seeds, total.inputs, total.runs)
	for _, state := range mustReachNodes {
		if total.reached[state] == 0 && n >= 100 {
			t.Errorf("never reached: %s", state)
		}
	}
	if *tellAll {
		for state, n := range total.reached {
			t.Logf("%9d  %s", n, state)
		}
	}
}
