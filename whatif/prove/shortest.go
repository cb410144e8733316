package prove

import (
	"cmp"
	"container/heap"
	"slices"
)

// ways are the shortest ways from the start to each state, where a way is told apart by
// how many messages were counted on it: place p is the node p/(many+1) with p%(many+1)
// messages.
type ways struct {
	x     *explorer
	many  int
	cost  map[int]int
	from  map[int]int // the place before
	by    map[int]int // the edge of its node
	order []int       // of the places, nearest first
}

// shortest finds the shortest ways to all nodes, or as far as the first on which so many
// messages are counted.
func (x *explorer) shortest(many int, count func(*edge) int) *ways {
	w := &ways{x: x, many: many, cost: map[int]int{0: 0}, from: map[int]int{}, by: map[int]int{}}
	queue := &places{{0, 0}}
	done := map[int]bool{}
	for queue.Len() > 0 {
		at := heap.Pop(queue).(place)
		if done[at.at] {
			continue
		}
		done[at.at] = true
		w.order = append(w.order, at.at)
		node, counted := at.at/(many+1), at.at%(many+1)
		if many > 0 && counted == many {
			return w
		}
		for j := range x.nodes[node].edges {
			e := &x.nodes[node].edges[j]
			more := counted
			if count != nil {
				more = min(counted+count(e), many)
			}
			to := e.to*(many+1) + more
			if known, ok := w.cost[to]; !ok || at.cost+e.cost < known {
				w.cost[to], w.from[to], w.by[to] = at.cost+e.cost, at.at, j
				heap.Push(queue, place{to, at.cost + e.cost})
			}
		}
	}
	return w
}

// to is the way to a place.
func (w *ways) to(at int) []leg {
	var legs []leg
	for at != 0 {
		from := w.from[at]
		node := from / (w.many + 1)
		legs = append(legs, leg{node, w.x.nodes[node].edges[w.by[at]].tape})
		at = from
	}
	slices.Reverse(legs)
	return legs
}

// cost is what a walk adds to the length of a story: stories are preferred in which
// everything happens in its order, and that everybody can play.
func (w *walk) cost() int {
	cost := 1 + 1000*(w.planned-w.posted) + len(w.trace.then)
	if w.trace.input.kind == inputRefused {
		cost += 10
	}
	return cost
}

type place struct{ at, cost int }

// places is a heap of places, the nearest first.
type places []place

func (p places) Len() int { return len(p) }
func (p places) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(p[i].cost, p[j].cost), cmp.Compare(p[i].at, p[j].at)) < 0
}
func (p places) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *places) Push(x any)   { *p = append(*p, x.(place)) }
func (p *places) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}
