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
	return bounds{min(b.most+o.most, noBound), b.fewest + o.fewest, b.known && o.known}
}

// measure computes the most and the fewest messages over all ways to an end. Weigh says
// what an edge counts.
func (x *explorer) measure(weigh func(e *edge) (most, fewest int)) bounds {
	outs, peaks := make([][]bounds, len(x.regions)), make([]int, len(x.regions))
	var all bounds
	for i, r := range x.regions {
		weight := func(at int, l link) bounds { return x.weight(r, at, l, outs, weigh) }
		var spots []bounds
		spots, outs[i] = x.measureRegion(r, weight)
		for at := range spots {
			peaks[i] = max(peaks[i], spots[at].most)
			if in := r.inner[at]; in != noRegion {
				peaks[i] = max(peaks[i], min(spots[at].most+peaks[in], noBound))
			}
		}
		if r == x.whole() {
			for at := range spots {
				if len(r.links[at]) == 0 && r.inner[at] == noRegion {
					all.join(spots[at])
				}
			}
		}
	}
	all.most = max(all.most, peaks[len(peaks)-1]) // some runs never end
	return all
}

// measureRegion computes the extremes over all ways to each spot and each out of a region.
func (x *explorer) measureRegion(r *region, weight func(at int, l link) bounds) (spots, outs []bounds) {
	spots, outs = make([]bounds, len(r.spots)), make([]bounds, len(r.outs))
	spots[0].known = true
	for pass, changed := 0, true; changed; pass++ {
		changed = false
		if pass == manyPasses && r.endless() { // what it sends grows with its rounds
			if spots, outs, ok := x.layers(r, weight); ok {
				return spots, outs
			}
		}
		for _, at := range r.order {
			for _, l := range r.links[at] {
				way := spots[at].plus(weight(at, l))
				if l.to < 0 {
					outs[-1-l.to].join(way)
					continue
				}
				before := spots[l.to]
				if int(l.to) == at && !l.again || !spots[l.to].join(way) {
					continue
				}
				changed = true
				if pass > manyPasses && r.endless() && before.known && spots[l.to].most > before.most {
					spots[l.to].most = noBound
				}
			}
		}
	}
	return spots, outs
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
