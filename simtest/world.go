package simtest

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"
)

// world is everything around the machines, in virtual time. There is one, or one for each partition of an installation.
type world struct {
	*process            // the one in hand: what was begun with it goes on with it
	parts    []*process // all
	apart    *apart     // nil: there is one
	fleet    *fleet     // nil: each process has its partition forever
	config
	dice   *rand.Rand
	now    time.Time // true time
	skew   time.Duration
	heap   actions
	serial int
	calm   bool // no more faults

	words   int
	turns   map[string][]turn // of the messages that the provider took, by its ID of them
	heralds map[herald]int    // webhooks that were not lost
	wishes  int               // what operators said of what may go out; the last one counts
	authors *author
	example *example // lived with in place of an authored project; nil for none
	reads   []traits
	damages *rand.Rand // nil: no record is damaged

	proposals *rand.Rand // nil: nobody proposes a deploy
	proposed  int        // deploys so far

	err error
}

// chance reports whether a fault of a class strikes, of those that would strike at most
// so often.
func (w *world) chance(c class, most float64) bool {
	return !w.calm && w.rate[c] > 0 && w.dice.Float64() < w.rate[c]*most
}

// between is a time between two others.
func (w *world) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.dice.Int64N(int64(most-least)+1))
}

// clock is what the machine's clock shows.
func (w *world) clock() time.Time { return w.now.Add(w.skew).Truncate(time.Microsecond) }

// mostInputs ends a history. Most have fewer than 2,000, but runs that start one another can go on for
// ever, and the second reading takes the longer for each input the more there were.
const mostInputs = 5000

// endless reports whether the history is too long to be judged up to its end.
func (w *world) endless() bool { return w.taken() > mostInputs }

// taken is how many inputs were applied.
func (w *world) taken() (n int) {
	for _, p := range w.parts {
		n += p.inputs
	}
	return n
}

// each does something with every process in turn.
func (w *world) each(do func()) {
	for _, p := range w.parts {
		w.with(p, do)
	}
}

// with does something with one process in hand.
func (w *world) with(p *process, do func()) {
	was := w.process
	w.process = p
	do()
	w.process = was
}

// some is one of the processes, drawn where there are several.
func (w *world) some(dice *rand.Rand) *process {
	if len(w.parts) == 1 {
		return w.parts[0]
	}
	return w.parts[dice.IntN(len(w.parts))]
}

// live lets the world go on for a while.
func (w *world) live(d time.Duration) error {
	end := w.now.Add(d)
	for w.err == nil && len(w.heap) > 0 && !w.heap[0].at.After(end) && !w.endless() {
		next := heap.Pop(&w.heap).(action)
		w.now, w.process = next.at, next.of
		next.do()
	}
	w.now = end
	return w.err
}

// unique is a word that is not used twice.
func (w *world) unique(what string) string {
	w.words++
	return fmt.Sprint(what, w.words)
}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }
