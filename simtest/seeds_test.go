package simtest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	seeds   = flag.Int("seeds", 40, "how many seeds to run; a full run has 20000")
	first   = flag.Uint64("seed", 1, "the first seed")
	hours   = flag.Int("hours", 24, "simulated hours of faults for each seed")
	fresh   = flag.Duration("fresh", 0, "run seeds that nobody ran before for so long, in place of -seeds")
	quick   = flag.Bool("quick", false, "do not make the story of a failure shorter")
	tellAll = flag.Bool("tell", false, "print what was reached, also of a short run")
)

// full is from how many seeds on every state must have been reached.
const full = 2000

// corpus are seeds that once broke a rule.
var corpus = []uint64{6, 739, 1269, 5002287, 5102362, 7500587, 20263162, 20282322, 20312709, 20510219, 20605795, 23001361, 33000856, 1620932904, 2158239605}

func TestCorpus(t *testing.T) {
	for _, seed := range corpus {
		if !slices.Contains(goldenSeeds, seed) { // TestGolden plays it
			judged(t, seed, 24)
		}
	}
}

// TestSeeds plays histories. One in a hundred is played twice, and must
// come out the same.
func TestSeeds(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	n, from := *seeds, *first
	if *fresh > 0 {
		n, from = 1<<62, rand.Uint64()>>16
	}
	if testing.Short() {
		n = min(n, 10)
	}
	total, begun := &tally{reached: map[string]int{}}, time.Now()
	for i := 0; i < n && (*fresh == 0 || time.Since(begun) < *fresh); i++ {
		r := judged(t, from+uint64(i), *hours)
		if t.Failed() {
			return
		}
		if i%100 == 0 {
			if again := Run(r.Seed, *hours); again.Hash != r.Hash {
				t.Fatalf("seed %d played twice: %x and %x", r.Seed, r.Hash, again.Hash)
			}
		}
		total.add(r)
		if testing.Verbose() && i%100 == 99 {
			fmt.Fprintf(os.Stderr, "%d seeds, %d inputs, %s\n", i+1, total.inputs, time.Since(begun).Round(time.Second))
		}
	}
	t.Logf("%d seeds of %d hours, %d inputs, %d runs in %s", total.seeds, *hours, total.inputs, total.runs, time.Since(begun).Round(time.Second))
	total.check(t)
}

// judged runs a seed, and tells the story of one that broke a rule.
func judged(t *testing.T, seed uint64, hours int) *Report {
	t.Helper()
	r := Run(seed, hours)
	if r.Err == nil {
		return r
	}
	if *quick {
		t.Errorf("%s: %v", r, r.Err)
		return r
	}
	rule, _, _ := strings.Cut(r.Err.Error(), ":")
	short := shrink(r.moves, rule, 20*time.Second)
	t.Errorf("%s (%d hours)\n%s\n%v\n\nin %d moves of %d:\n%s", r, hours, r.Config, r.Err, len(short), len(r.moves), story(short))
	return r
}

// tally adds up what many seeds led to.
type tally struct {
	seeds, inputs, runs int
	reached             map[string]int
}

func (x *tally) add(r *Report) {
	x.seeds, x.inputs, x.runs = x.seeds+1, x.inputs+r.Inputs, x.runs+r.Runs
	for state, n := range r.Reached {
		x.reached[state] += n
	}
}

func (x *tally) check(t *testing.T) {
	t.Helper()
	for _, state := range mustReach {
		if x.reached[state] == 0 && x.seeds >= full {
			t.Errorf("never reached: %s", state)
		} else if *tellAll || x.seeds >= full {
			t.Logf("%9d  %s", x.reached[state], state)
		}
	}
	if *tellAll {
		for state, n := range x.reached {
			if !slices.Contains(mustReach, state) {
				t.Logf("%9d  (%s)", n, state)
			}
		}
	}
}
