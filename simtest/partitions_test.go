package simtest

import (
	"flag"
	"testing"
)

var partitions = flag.Int("partitions", 0, "over how many partitions TestPartitions plays; 0: over 2, 4 and 8 in turn")

// TestPartitions plays histories over several partitions, each with a disk and a process of its own.
func TestPartitions(t *testing.T) {
	n := max(9, *seeds/2)
	if testing.Short() {
		n = 6
	}
	total := &tally{reached: map[string]int{}}
	for i := range n {
		seed, over := *first+uint64(i), *partitions
		if over == 0 {
			over = []int{2, 4, 8}[i%3]
		}
		r := RunOver(seed, *hours, over)
		if r.Err != nil {
			t.Fatalf("%s over %d partitions\n%s\n%v", r, over, r.Config, r.Err)
		}
		if i%100 == 0 {
			if again := RunOver(seed, *hours, over); again.Hash != r.Hash {
				t.Fatalf("seed %d over %d partitions played twice: %x and %x", seed, over, r.Hash, again.Hash)
			}
		}
		total.add(r)
	}
	t.Logf("%d seeds, %d inputs, %d runs", total.seeds, total.inputs, total.runs)
	if *tellAll {
		for state, n := range total.reached {
			t.Logf("%9d  %s", n, state)
		}
	}
}
