package prove

// bounds are the extremes over all ways to a place.
type bounds struct {
	most, fewest int
	known        bool
}

// join widens the bounds by those of another way. It reports whether they changed.
func (b *bounds) join(o bounds) bool {
	if !b.known {
		*b = o
		return o.known
	}
	before := *b
	b.most, b.fewest = max(b.most, o.most), min(b.fewest, o.fewest)
	return *b != before
}

func (b bounds) plus(o bounds) bounds {
	return bounds{b.most + o.most, b.fewest + o.fewest, b.known && o.known}
}

// measure computes the most and the fewest messages over all ways to an end. Weigh says
// what an edge counts.
func (x *explorer) measure(weigh func(e *edge) (most, fewest int)) bounds {
	outs := make([][]bounds, len(x.regions))
	var all bounds
	for i, r := range x.regions {
		spots := make([]bounds, len(r.spots))
		outs[i] = make([]bounds, len(r.outs))
		spots[0].known = true
		for changed := true; changed; {
			changed = false
			for _, at := range r.order {
				for _, l := range r.links[at] {
					way := spots[at].plus(x.weight(r, at, l, outs, weigh))
					if l.to < 0 {
						outs[i][-1-l.to].join(way)
					} else if int(l.to) != at && spots[l.to].join(way) {
						changed = true
					}
				}
			}
		}
		if r == x.whole() {
			for at := range spots {
				if len(r.links[at]) == 0 {
					all.join(spots[at])
				}
			}
		}
	}
	return all
}

func (x *explorer) weight(r *region, at int, l link, outs [][]bounds, weigh func(e *edge) (most, fewest int)) bounds {
	switch {
	case l.in != noRegion:
		return outs[l.in][l.out]
	case l.edge == noEdge:
		return bounds{known: true}
	}
	most, fewest := weigh(&x.nodes[r.spots[at].node].edges[l.edge])
	return bounds{most, fewest, true}
}
