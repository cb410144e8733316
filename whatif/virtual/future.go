package virtual

import (
	"container/heap"
	"time"

	"nudge/runner"
)

// future is what will come: the earliest first, and what was planned first where instants
// are the same.
type future struct {
	planned planned
	count   int
}

type plan struct {
	at    time.Time
	order int
	group *runner.Group
}

func (f *future) add(at time.Time, g *runner.Group) {
	f.count++
	heap.Push(&f.planned, plan{at, f.count, g})
}

// due reports whether something has come by an instant.
func (f *future) due(now time.Time) bool { return len(f.planned) > 0 && !f.planned[0].at.After(now) }

// take removes and returns the earliest.
func (f *future) take() *runner.Group { return heap.Pop(&f.planned).(plan).group }

// planned is a heap.
type planned []plan

func (p planned) Len() int { return len(p) }
func (p planned) Less(i, j int) bool {
	return p[i].at.Before(p[j].at) || p[i].at.Equal(p[j].at) && p[i].order < p[j].order
}
func (p planned) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *planned) Push(x any)   { *p = append(*p, x.(plan)) }
func (p *planned) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}
