package prove

import (
	"encoding/binary"
	"slices"
)

// region is everything that can happen from the begin of a loop until the run leaves it;
// the outermost region is the whole run. The rounds of its own loop are counted here, and
// a loop within it is one link: what it can lead to was found once and is used each time.
// So loops within loops add up, where going through all their rounds would multiply.
type region struct {
	loop   int   // the repeat that it is of; noLoop for the whole run
	times  int   // rounds of its loop; 0 for a loop without times, whose rounds are one here
	rounds int64 // the most rounds of a loop without times; 0 where nothing ends it in time
	spots  []spot
	index  map[spot]int
	links  [][]link // by spot
	inner  []int    // by spot: the number of the region that begins there; noRegion for none
	order  []int    // spots, those before others first as far as there is no circle
	outs   []out
	outAt  map[string]int
	entry  int // the node where it begins
	number int
}

// spot is a node in one round of the region's loop. With enters, the run is about to go
// through loops that begin at the node.
type spot struct {
	node, round int
	enters      string
}

// link is a way from a spot: an edge of its node, or a way through an inner region.
type link struct {
	to   int32 // a spot; -1-i for the region's outs[i]
	edge int32 // noEdge: nothing ever happens to the run again
	in   int32 // the number of the inner region; noRegion: it is an edge
	out  int32 // of the inner region

	again bool // a round of a loop without times begins on the way
}

const (
	noEdge   = -1
	noRegion = -1
	noLoop   = -1
)

// endless reports whether the region is of a loop without times.
func (r *region) endless() bool { return r.loop != noLoop && r.times == 0 }

// out is a way to leave a region.
type out struct {
	node   int
	turns  []turn // of the loops around the region
	enters string
}

// region explores what begins at a node with those rounds of its innermost loops. It is nil
// when the budget is used up.
func (x *explorer) region(entry int, enters string) *region {
	key := string(binary.AppendUvarint(nil, uint64(entry))) + enters
	if r := x.known[key]; r != nil || x.limited {
		return r
	}
	r := &region{index: map[spot]int{}, outAt: map[string]int{}, entry: entry, loop: noLoop}
	first := spot{node: entry}
	if enters != "" {
		loops := x.nodes[entry].loops
		r.loop = loops[len(loops)-len(enters)].step
		r.times = x.f.Steps[r.loop].Repeat.Times
		first.round, first.enters = int(enters[0]), enters[1:]
		if r.endless() {
			first.round, r.rounds = 0, x.mostRounds(r.loop)
		}
	}
	x.spot(r, first)
	for i := 0; i < len(r.spots) && !x.limited; i++ {
		x.linkSpot(r, i)
	}
	if x.limited {
		return nil
	}
	r.sort()
	r.number = len(x.regions)
	x.regions = append(x.regions, r)
	x.known[key] = r
	return r
}

func (x *explorer) spot(r *region, s spot) int {
	i, ok := r.index[s]
	if !ok {
		i = len(r.spots)
		r.index[s] = i
		r.spots, r.links, r.inner = append(r.spots, s), append(r.links, nil), append(r.inner, noRegion)
		x.budget.take(120)
	}
	return i
}

// linkSpot finds the ways on from a spot.
func (x *explorer) linkSpot(r *region, at int) {
	s := r.spots[at]
	if s.enters != "" {
		if in := x.region(s.node, s.enters); in != nil {
			r.inner[at] = in.number
			for i, o := range in.outs {
				x.link(r, at, s.round, link{in: int32(in.number), out: int32(i)}, o)
			}
		}
		return
	}
	for i := range x.edges(s.node) {
		e := &x.nodes[s.node].edges[i]
		way := x.routes[e.route]
		x.link(r, at, s.round, link{edge: int32(i), in: noRegion}, out{int(e.to), way.turns, way.enters})
	}
	if len(r.links[at]) == 0 && r.loop != noLoop { // nothing ever happens to the run again
		turns := append(slices.Repeat([]turn{{kind: turnLeft}}, len(x.nodes[s.node].loops)-1), turn{})
		x.linkOut(r, at, link{edge: noEdge, in: noRegion}, out{node: s.node, turns: turns})
	}
}

// link adds a way that is possible in a round.
func (x *explorer) link(r *region, at, round int, l link, o out) {
	t := o.turns[0]
	l.again = r.endless() && t.again > 0
	if r.times > 0 {
		round += t.again
	}
	switch {
	case t.kind == turnStays && round <= r.times:
		l.to = int32(x.spot(r, spot{o.node, round, o.enters}))
	case t.kind == turnLeft, t.kind == turnOver && round == r.times:
		o.turns = o.turns[1:]
		x.linkOut(r, at, l, o)
		return
	default:
		return
	}
	x.addLink(r, at, l)
}

func (x *explorer) linkOut(r *region, at int, l link, o out) {
	key := string(appendTurns(binary.AppendUvarint(nil, uint64(o.node)), o.turns)) + "|" + o.enters
	i, ok := r.outAt[key]
	if !ok {
		i = len(r.outs)
		r.outAt[key] = i
		r.outs = append(r.outs, o)
	}
	l.to = int32(-1 - i)
	x.addLink(r, at, l)
}

func (x *explorer) addLink(r *region, at int, l link) {
	r.links[at] = append(r.links[at], l)
	x.budget.take(20)
	if !x.budget.spend(1) {
		x.limited = true
	}
	if l.in == noRegion && l.edge != noEdge {
		x.visits[x.nodes[r.spots[at].node].edges[l.edge].visit].used = true
	}
}

// sort orders the spots.
func (r *region) sort() {
	type frame struct{ spot, link int }
	seen := make([]bool, len(r.spots))
	seen[0] = true
	stack := []frame{{}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		links := r.links[top.spot]
		if top.link == len(links) {
			r.order = append(r.order, top.spot)
			stack = stack[:len(stack)-1]
			continue
		}
		to := int(links[top.link].to)
		top.link++
		if to >= 0 && !seen[to] {
			seen[to] = true
			stack = append(stack, frame{spot: to})
		}
	}
	slices.Reverse(r.order)
}

// whole is the region of the whole run.
func (x *explorer) whole() *region { return x.regions[len(x.regions)-1] }
