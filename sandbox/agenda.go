package sandbox

import (
	"container/heap"
	"sync"
	"time"
)

// agenda runs things at their instants, in order of instant and then of arrival,
// one at a time. It has one heap and one armed timer, whatever its length.
type agenda struct {
	clock Clock

	mu      sync.Mutex // guards the rest
	rested  *sync.Cond // running became false
	entries entries
	arrived uint64
	armed   time.Time // the instant of the armed timer; zero for none
	stop    func() bool
	running bool // fire is at work, and arms the timer when it is done
	closed  bool
}

func newAgenda(clock Clock) *agenda {
	a := &agenda{clock: clock}
	a.rested = sync.NewCond(&a.mu)
	return a
}

// at has run called at instant t, or at once when that has passed. It reports
// false, and run is never called, when the agenda is closed.
func (a *agenda) at(t time.Time, run func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.arrived++
	heap.Push(&a.entries, entry{due: t, arrival: a.arrived, run: run})
	if !a.running {
		a.arm()
	}
	return true
}

// arm sets the timer for the first entry. The caller holds the lock.
func (a *agenda) arm() {
	if len(a.entries) == 0 {
		return
	}
	first := a.entries[0].due
	if !a.armed.IsZero() && !first.Before(a.armed) {
		return
	}
	if a.stop != nil {
		a.stop() // too late is harmless: fire runs only entries that are due
	}
	a.armed = first
	a.stop = a.clock.AfterFunc(max(0, first.Sub(a.clock.Now())), a.fire)
}

// fire runs everything that is due, including entries that become due meanwhile.
func (a *agenda) fire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running {
		return
	}
	a.running = true
	a.armed = time.Time{}
	for !a.closed && len(a.entries) > 0 && !a.entries[0].due.After(a.clock.Now()) {
		e, _ := heap.Pop(&a.entries).(entry)
		a.mu.Unlock()
		e.run()
		a.mu.Lock()
	}
	a.running = false
	a.rested.Broadcast()
	if !a.closed {
		a.arm()
	}
}

// close drops the remaining entries and waits for the running one. An entry must not call it.
func (a *agenda) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	a.entries = nil
	if a.stop != nil {
		a.stop()
	}
	for a.running {
		a.rested.Wait()
	}
}

// entry is one thing to run.
type entry struct {
	due     time.Time
	arrival uint64 // from 1; breaks ties
	run     func()
}

// entries is a heap by instant, then arrival; see container/heap.
type entries []entry

func (e entries) Len() int      { return len(e) }
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)   { *e = append(*e, x.(entry)) }

func (e entries) Less(i, j int) bool {
	if c := e[i].due.Compare(e[j].due); c != 0 {
		return c < 0
	}
	return e[i].arrival < e[j].arrival
}

func (e *entries) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = entry{} // frees the closure
	*e = (*e)[:last]
	return x
}
