package simtest

import (
	"flag"
	"runtime/debug"
	"testing"
)

// mustReachNodes are the states that nodes must have been in.
var mustReachNodes = []string{"a node killed", "a node stopped", "a node stands still", "a node without the database", "a lease lost",
	"taken from a node that stands still", "refused by the fence", "a belated result", "a step of a node that stands still",
	"a node stands still before it answers", "nothing is said after a look at the lease", "not posted after a look at the lease",
	"a commit that arrives after its process has ended", "a commit that arrives too late", "forwarded late", "forwarded twice",
	"an answer to what was forwarded comes late", "no answer to what was forwarded", "a common command that nobody takes",
	"a kill switch over several partitions", "a handover lost", "a handover doubled", "a handover before a common command",
	"a failover that loses commits", "a lost tail is noticed"}

// TestNodesCorpus plays histories that once broke a rule.
func TestNodesCorpus(t *testing.T) {
	for _, of := range []struct {
		seed uint64
		over int
	}{
		{7, 4},       // that a message was not posted was said twice, and it went out twice
		{2500052, 4}, // a process that stood still forgot its own flows, as another one had deployed since
	} {
		if r := RunNodes(of.seed, *hours, of.over); r.Err != nil {
			t.Errorf("%s over %d partitions, with nodes\n%s\n%v", r, of.over, r.Config, r.Err)
		}
	}
}

// TestNodes plays histories over several partitions that several nodes have together.
func TestNodes(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	n := 4 // each takes a second
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "seeds" {
			n = *seeds
		}
	})
	if testing.Short() {
		n = min(n, 2)
	}
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
