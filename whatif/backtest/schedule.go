package backtest

import (
	"container/heap"

	"nudge/engine"
	"nudge/runner"
)

// schedule is what will come for the loop: the earliest first, and what was planned
// first where instants are the same.
type schedule struct {
	coming  comings
	planned int
}

type coming struct {
	at    engine.Instant
	order int
	group *runner.Group
}

func (s *schedule) plan(at engine.Instant, g *runner.Group) {
	s.planned++
	heap.Push(&s.coming, coming{at, s.planned, g})
}

// earliest is when something comes next; 0 for never.
func (s *schedule) earliest() engine.Instant {
	if len(s.coming) == 0 {
		return 0
	}
	return s.coming[0].at
}

// take removes and returns everything that has come by an instant.
func (s *schedule) take(until engine.Instant) (groups []*runner.Group) {
	for len(s.coming) > 0 && s.coming[0].at <= until {
		groups = append(groups, heap.Pop(&s.coming).(coming).group)
	}
	return groups
}

// comings is a heap.
type comings []coming

func (c comings) Len() int { return len(c) }
func (c comings) Less(i, j int) bool {
	return c[i].at < c[j].at || c[i].at == c[j].at && c[i].order < c[j].order
}
func (c comings) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *comings) Push(x any)   { *c = append(*c, x.(coming)) }
func (c *comings) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}
