package simtest

import (
	"flag"
	"runtime/debug"
	"testing"
)

var partitions = flag.Int("partitions", 0, "over how many partitions TestPartitions plays; 0: over 2, 4 and 8 in turn")

// mustReachApart are states that only several partitions have.
var mustReachApart = []string{"handed over", "a handover lost", "a handover doubled", "a handover before a common command", "an event passed on",
	"starts that wait for other partitions", "starts that waited for other partitions", "a receipt handed on", "an array for several partitions",
	"a kill switch over several partitions", "a stale proposal, which every partition refuses", "input of another partition: event",
	"input of another partition: call", "input of another partition: child ended", "input of another partition: receipt",
	"input of another partition: profile", "input of another partition: control", "input of another partition: deploy",
	"input of another partition: frozen", "input of another partition: campaign", "a part of a campaign", "a part of a campaign with a rate",
	"all parts of a campaign are taken", "a part of a campaign is over", "a campaign that adds up over partitions", "a crash after the commit", "crash during recovery"}

// TestPartitions plays histories over several partitions, each with a disk and a process of its own.
func TestPartitions(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
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
	for _, state := range mustReachApart {
		if total.reached[state] == 0 && n >= 200 {
			t.Errorf("never reached: %s", state)
		}
	}
	if *tellAll {
		for state, n := range total.reached {
			t.Logf("%9d  %s", n, state)
		}
	}
}

// TestPartitionsCorpus plays histories that once broke a rule.
func TestPartitionsCorpus(t *testing.T) {
	for _, of := range []struct {
		seed uint64
		over int
	}{
		{700213, 2},   // a run that had reached its goal was tried again
		{20261255, 2}, // a wait took a do that moved the run to another wait, and a newer version takes over from only one of the two
		{20261786, 8}, // an event comes before the deploy of a campaign that another partition has fired already
		{20280154, 4}, // the do that a wait takes first parks the run in a fetch
		{4279, 4},     // an event that breaks its shape comes before the deploy that has the shape
		{50000308, 4}, // a commit that failed while a partition began was followed by another
		{50000425, 4}, // a campaign was cancelled with its runs, of which one had been tried again after its part was over
		{50012924, 2}, // damaged runs are set apart, and the input that says so is still to come
		{50020852, 8}, // a receipt finds its message in another partition when its time is over
	} {
		if r := RunOver(of.seed, *hours, of.over); r.Err != nil {
			t.Errorf("%s over %d partitions\n%s\n%v", r, of.over, r.Config, r.Err)
		}
	}
}
