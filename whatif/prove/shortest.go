package prove

import (
	"cmp"
	"container/heap"
	"slices"

	"nudge/flows"
)

// A story is looked for among so many places, and has so many legs at the most. Beyond
// that nobody would read it.
const (
	maxPlaces = 50_000
	maxLegs   = 400
	maxTries  = 20 // stories that coarse states promise
)

// place is a run on its way: a node with the rounds of the loops around it, and what is
// counted so far.
type place struct {
	node   int
	rounds [flows.MaxLoops]byte
	count  int
	ages   delays // how old the run can be; empty when nobody asks
	cost   int
	legs   int
	from   *place
	edge   int // of the node it comes from
}

// search looks for shortest stories.
type search struct {
	x     *explorer
	count func(*edge) int // nil: nothing is counted
	many  int             // more are counted as so many
	aging bool            // a run that lives longer is another one
	seen  map[placeKey][]*place
	queue places
}

type placeKey struct {
	node   int
	rounds [flows.MaxLoops]byte
}

// shortest looks at places, nearest first, until one is enough, or none is near.
func (s *search) shortest(enough func(*place) bool) {
	s.seen = map[placeKey][]*place{}
	first := &place{}
	if s.aging {
		first.ages = s.x.nodes[0].zone.stay()
	}
	s.queue = places{first}
	for n := 0; len(s.queue) > 0 && n < maxPlaces; n++ {
		p := heap.Pop(&s.queue).(*place)
		if s.x.nodes[p.node].outcome == "" && s.isWorse(p) { // of ways to an end another may be told better
			continue
		}
		if enough(p) {
			return
		}
		if p.legs < maxLegs {
			s.goOn(p)
		}
	}
}

// isWorse reports whether a nearer place can do all that this one can.
func (s *search) isWorse(p *place) bool {
	key := placeKey{p.node, p.rounds}
	if slices.ContainsFunc(s.seen[key], func(o *place) bool { return o.count >= p.count && p.ages.within(o.ages) }) {
		return true
	}
	s.seen[key] = append(s.seen[key], p)
	return false
}

func (s *search) goOn(p *place) {
	for i := range s.x.nodes[p.node].edges {
		e := &s.x.nodes[p.node].edges[i]
		rounds, ok := s.x.turn(p, e)
		if !ok {
			continue
		}
		next := &place{node: int(e.to), rounds: rounds, count: p.count, cost: p.cost + int(e.cost), legs: p.legs + 1, from: p, edge: i}
		if s.count != nil {
			next.count = min(p.count+s.count(e), s.many)
		}
		if s.aging {
			next.ages = p.ages.then(s.x.delays[e.delays])
		}
		heap.Push(&s.queue, next)
	}
}

// turn is the rounds after an edge; not ok when it cannot be taken in these.
func (x *explorer) turn(p *place, e *edge) (rounds [flows.MaxLoops]byte, ok bool) {
	loops := x.nodes[p.node].loops
	rounds = p.rounds
	depth := len(loops)
	for _, t := range x.routes[e.route].turns {
		if depth == 0 {
			break
		}
		round, times := int(rounds[depth-1])+t.again, x.f.Steps[loops[depth-1].step].Repeat.Times
		if times == 0 {
			round = 0 // they are not counted
		}
		if t.kind == turnStays && round > times || t.kind == turnOver && round != times {
			return rounds, false
		}
		if t.kind == turnStays {
			rounds[depth-1] = byte(round)
			break
		}
		rounds[depth-1] = 0
		depth--
	}
	copy(rounds[depth:], x.routes[e.route].enters)
	return rounds, true
}

// way is the edges that lead to a place.
func (p *place) way() (legs []leg) {
	for ; p.from != nil; p = p.from {
		legs = append(legs, leg{p.from.node, p.edge})
	}
	slices.Reverse(legs)
	return legs
}

// storyOfMany is a shortest story in which so many messages are counted; nil when there
// is none that is short.
func (x *explorer) storyOfMany(many int, count func(*edge) int) Story {
	return x.shortOfMany(many, count, true)
}

// shortOfMany is such a story. One in which times of day come when they do not is told only
// where atAnyTime allows it, and no other is found.
func (x *explorer) shortOfMany(many int, count func(*edge) int, atAnyTime bool) Story {
	s := &search{x: x, count: count, many: many}
	best := &candidate{least: atOnce}
	if atAnyTime {
		best.least = anyTime
	}
	s.shortest(func(p *place) bool { return p.count >= many && best.take(x.tell(p.way(), false)) })
	return best.story
}

// candidate is the story so far that is told best.
type candidate struct {
	story Story
	how   fidelity
	least fidelity // that it needs
	tries int
}

// take takes a story that is told better. It reports whether there is no use in looking for
// another one.
func (c *candidate) take(story Story, how fidelity) (enough bool) {
	if how >= c.least && how > c.how {
		c.story, c.how = story, how
	}
	c.tries++
	return c.how == faithful || c.tries == maxTries
}

// storyOfAge is a shortest story of a run that lives longer than that; nil when there is
// none that is short, or none that ends.
func (x *explorer) storyOfAge(life int64) (story Story) {
	s := &search{x: x, aging: true}
	tries := 0
	s.shortest(func(p *place) bool {
		if x.nodes[p.node].outcome == "" || p.ages.most[0] <= life {
			return false
		}
		story, _ = x.tell(p.way(), true)
		if len(story) > 0 && story[len(story)-1].At <= life {
			story = nil // coarse states promised more
		}
		tries++
		return story != nil || tries == maxTries
	})
	return story
}

// endings are the ways in which runs end, each with a shortest story, if there is one that
// is short.
func (x *explorer) endings(stories bool) []Ending {
	var all []Ending
	at := func(outcome string, goal bool) int {
		return slices.IndexFunc(all, func(e Ending) bool { return e.Outcome == outcome && e.Goal == goal })
	}
	for _, s := range x.whole().spots {
		if n := &x.nodes[s.node]; n.outcome != "" && at(n.outcome, n.goal) < 0 {
			all = append(all, Ending{Outcome: n.outcome, Goal: n.goal})
		}
	}
	best, missing := make([]candidate, len(all)), len(all)
	if !stories {
		missing = 0
	}
	s := &search{x: x}
	s.shortest(func(p *place) bool {
		if n := &x.nodes[p.node]; n.outcome != "" && missing > 0 {
			if c := &best[at(n.outcome, n.goal)]; c.tries < maxTries && c.how < faithful && c.take(x.tell(p.way(), false)) {
				missing--
			}
		}
		return missing <= 0
	})
	for i := range best {
		all[i].Story = best[i].story
	}
	slices.SortFunc(all, func(a, b Ending) int { return cmp.Compare(a.Outcome, b.Outcome) })
	return all
}

// cost is what a walk adds to the length of a story: stories are preferred in which
// everything happens in its order, and that everybody can play.
func (w *walk) cost() int {
	cost := 1 + 1000*(w.planned-w.posted) + len(w.trace.early) + len(w.trace.then)
	if w.trace.input.kind == inputRefused {
		cost += 10
	}
	if w.trace.isEarly() || w.trace.input.ofOlder() {
		cost += 500
	}
	return cost
}

// places is a heap of places, the nearest first.
type places []*place

func (p places) Len() int { return len(p) }
func (p places) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(p[i].cost, p[j].cost), cmp.Compare(p[i].node, p[j].node), slices.Compare(p[i].rounds[:], p[j].rounds[:])) < 0
}
func (p places) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *places) Push(x any)   { *p = append(*p, x.(*place)) }
func (p *places) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}
