package prove

import (
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// taken is how many steps a run may have taken for its newest input, at a place of a
// region: through counts those since the region began, where the run has not parked in it,
// and fresh those since it parked in the region. Negative: there is no such way.
type taken struct{ through, fresh int }

var neverTaken = taken{-1, -1}

func (t *taken) join(o taken) bool {
	before := *t
	t.through, t.fresh = max(t.through, o.through), max(t.fresh, o.fresh)
	return *t != before
}

// then is what is taken after a way through something else. Turns tells that the way begins
// where the run is not parked.
func (t taken) then(o taken) taken {
	next := neverTaken
	if o.through >= 0 && t.through >= 0 {
		next.through = t.through + o.through
	}
	if o.through >= 0 && t.fresh >= 0 {
		next.fresh = t.fresh + o.through
	}
	if t != neverTaken {
		next.fresh = max(next.fresh, o.fresh)
	}
	return next
}

// runsOut reports whether a run can take more steps for one input than the engine lets it,
// which fails the run. Only loops in which it does not park lead that far.
func (x *explorer) runsOut() bool {
	if longest(x.f) <= engine.MaxStepsPerInput {
		return false
	}
	outs, peaks := make([][]taken, len(x.regions)), make([]taken, len(x.regions))
	for i, r := range x.regions {
		spots := slices.Repeat([]taken{neverTaken}, len(r.spots))
		outs[i], peaks[i] = slices.Repeat([]taken{neverTaken}, len(r.outs)), neverTaken
		spots[0] = taken{0, -1}
		for pass, changed := 0, true; changed && pass <= len(r.spots); pass++ {
			changed = false
			for _, at := range r.order {
				for _, l := range r.links[at] {
					way, peak := x.steps(r, at, l, outs, peaks)
					peaks[i].join(spots[at].then(peak))
					next := spots[at].then(way)
					if l.to < 0 {
						outs[i][-1-l.to].join(next)
					} else if int(l.to) != at && spots[l.to].join(next) {
						changed = true
					}
				}
			}
		}
	}
	whole := peaks[len(peaks)-1]
	return max(whole.through, whole.fresh) > engine.MaxStepsPerInput
}

// steps is what a link takes, and the most on the way.
func (x *explorer) steps(r *region, at int, l link, outs [][]taken, peaks []taken) (way, peak taken) {
	if l.in != noRegion {
		return outs[l.in][l.out], peaks[l.in]
	}
	if l.edge == noEdge {
		return taken{0, -1}, taken{0, -1}
	}
	n := &x.nodes[r.spots[at].node]
	way = taken{int(n.edges[l.edge].steps), -1}
	if !n.turns {
		way = taken{-1, int(n.edges[l.edge].steps)}
	}
	return way, way
}

// longest is how many steps there are, those of loops as often as they may be taken.
func longest(f *flows.Flow) (steps int) {
	for i := range f.Steps {
		times := 1
		for _, l := range f.Steps[i].Loops {
			times *= max(f.Steps[l].Repeat.Times, 2) // without times each round takes time
		}
		if r := f.Steps[i].Repeat; r != nil {
			times *= max(r.Times, 2) + 1
		}
		steps += times
	}
	return steps
}
