package prove

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"
)

// delays says how much later than the alarms of one state those of another can lie at the
// most: most[i*width+j] for alarm j of the later state after alarm i of the earlier one.
// Now counts as an alarm. Lengths of lives are computed with these, so that states need
// not be told apart by their age.
type delays struct {
	width int
	most  []int64
}

// then are the delays over two ways, one after the other.
func (d delays) then(e delays) delays {
	inner := d.width
	rows := len(d.most) / inner
	all := delays{e.width, make([]int64, rows*e.width)}
	for i := range rows {
		for j := range e.width {
			least := unbounded
			for k := range inner {
				least = min(least, sum(d.most[i*inner+k], e.most[k*e.width+j]))
			}
			all.most[i*e.width+j] = least
		}
	}
	return all
}

// key is equal for delays that are the same.
func (d delays) key() string {
	b := binary.AppendUvarint(nil, uint64(d.width))
	for _, most := range d.most {
		b = binary.AppendVarint(b, most)
	}
	return string(b)
}

// within reports whether no delay is longer than the other's.
func (d delays) within(e delays) bool {
	for i := range d.most {
		if d.most[i] > e.most[i] {
			return false
		}
	}
	return true
}

// Of one place so many delays are kept that are not within each other. With more, they
// become one that is as long as any of them.
const manyDelays = 8

// Of a circle so many turns are gone through; whatever it still makes longer then has no
// bound but those of the alarms that are set.
const manyTurns = 16

// addDelays adds delays to those of a place. It reports whether that changes anything.
func (x *explorer) addDelays(all *[]delays, d delays, node int, circle bool) bool {
	if slices.ContainsFunc(*all, d.within) {
		return false
	}
	if circle || len(*all) >= manyDelays {
		joined := delays{d.width, slices.Clone(d.most)}
		for i := range joined.most {
			for _, other := range *all {
				if circle && joined.most[i] > other.most[i] {
					joined.most[i] = unbounded
				}
				joined.most[i] = max(joined.most[i], other.most[i])
			}
		}
		*all = append((*all)[:0], joined.then(x.nodes[node].zone.stay()))
		return true
	}
	*all = append(slices.DeleteFunc(*all, func(o delays) bool { return o.within(d) }), d)
	return true
}

// life is how long a run can live, in milliseconds, and the steps at which time has no end.
func (x *explorer) life() (longest int64, endless []int) {
	found, long := map[int]bool{}, map[int]bool{}
	outs := make([][][]delays, len(x.regions))
	for i, r := range x.regions {
		spots := make([][]delays, len(r.spots))
		outs[i] = make([][]delays, len(r.outs))
		spots[0] = []delays{x.nodes[r.entry].zone.stay()}
		turns := 0
		for changed := true; changed; turns++ {
			changed = false
			for _, at := range r.order {
				for _, l := range r.links[at] {
					for _, d := range slices.Clone(spots[at]) {
						if x.lead(r, at, l, d, spots, outs, turns) {
							changed = true
						}
					}
				}
			}
		}
		for at, s := range r.spots {
			if n := &x.nodes[s.node]; s.enters == "" {
				found[n.at] = found[n.at] || n.stays
				long[n.at] = long[n.at] || n.long
			}
			if r == x.whole() && x.nodes[s.node].outcome != "" {
				for _, d := range spots[at] {
					if longest = max(longest, d.most[0]); longest >= unbounded {
						longest = unbounded
					}
				}
			}
		}
	}
	for _, r := range x.regions {
		if x.lastsForever(r) {
			found[r.loop] = true
		}
	}
	for _, steps := range []map[int]bool{found, long} {
		maps.DeleteFunc(steps, func(_ int, is bool) bool { return !is })
	}
	if longest >= unbounded { // a moment may be as far away as one likes
		maps.Copy(found, long)
	}
	if len(found) > 0 {
		longest = unbounded
	}
	return longest, slices.Sorted(maps.Keys(found))
}

// lead carries delays over a link.
func (x *explorer) lead(r *region, at int, l link, d delays, spots [][]delays, outs [][][]delays, turns int) (changed bool) {
	ways := []delays{}
	switch {
	case l.in != noRegion:
		ways = outs[l.in][l.out]
	case l.edge != noEdge:
		ways = append(ways, x.delays[x.nodes[r.spots[at].node].edges[l.edge].delays])
	default:
		ways = append(ways, x.nodes[r.spots[at].node].zone.stay())
	}
	for _, way := range ways {
		if l.to < 0 {
			o := -1 - l.to
			x.addDelays(&outs[r.number][o], d.then(way), r.outs[o].node, false)
		} else if x.addDelays(&spots[l.to], d.then(way), r.spots[l.to].node, turns > manyTurns) {
			changed = true
		}
	}
	return changed
}

func (x *explorer) lifeInWords(life int64, endless []int) Life {
	if life < unbounded {
		return Life{Most: time.Duration(min(life, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond, millis: life}
	}
	l := Life{Endless: true}
	for _, step := range endless {
		l.Waits = append(l.Waits, x.f.Steps[step].ID)
	}
	return l
}
