package prove

import (
	"encoding/binary"
	"slices"
	"time"
)

// zone is what is known of the instants of a run at one place of it: its start, now, and
// the alarms that are set. It keeps, for each two of them, how far the one may lie after
// the other at the most, so it holds exactly the instants that are possible, however
// long each wait has taken (a difference bound matrix, as checkers of timed automata use
// it). Instants are milliseconds; a day counts as 24 hours.
type zone struct {
	vars    []alarm // vars[0] is the start, vars[1] is now; the alarms follow, sorted
	ageless bool    // the start is forgotten
	bounds  []int64 // bounds[i*len(vars)+j]: vars[i] lies at most so long after vars[j]
}

// alarm names an instant at which something happens to a run.
type alarm struct {
	place int // index of the step; or one of the places that are no steps
	line  int
	rings bool // time does not go past it; else it is only remembered
}

// Places that are no steps.
const (
	atStart   = -9
	atNow     = -8
	atMark    = -10 // what an alarm was before the last input
	atPin     = -7  // a moment of the past, kept to tell a story
	atClock   = -5  // when a time of day was last come to
	atPeriod  = -3  // the end of the period in which messages are counted
	atHold    = -2  // the window of a message that is held opens
	atExits   = -1
	roundLine = -1 // the line of the alarm that ends a round
)

const (
	start = 0
	now   = 1

	unbounded = int64(1) << 60
)

func newZone() zone {
	return zone{vars: []alarm{{place: atStart}, {place: atNow}}, bounds: make([]int64, 4)}
}

func (z *zone) clone() zone { return zone{slices.Clone(z.vars), z.ageless, slices.Clone(z.bounds)} }

func (z *zone) bound(i, j int) int64     { return z.bounds[i*len(z.vars)+j] }
func (z *zone) set(i, j int, most int64) { z.bounds[i*len(z.vars)+j] = most }

func sum(a, b int64) int64 {
	if a == unbounded || b == unbounded {
		return unbounded
	}
	return a + b
}

// restrict says that vars[i] lies at most so long after vars[j]. It reports false when
// that cannot be.
func (z *zone) restrict(i, j int, most int64) bool {
	if most >= z.bound(i, j) {
		return true
	}
	if sum(most, z.bound(j, i)) < 0 {
		return false
	}
	for a := range z.vars {
		toI := sum(z.bound(a, i), most)
		for b := range z.vars {
			if via := sum(toI, z.bound(j, b)); via < z.bound(a, b) {
				z.set(a, b, via)
			}
		}
	}
	return true
}

// pass lets time go on up to the first alarm that rings.
func (z *zone) pass() {
	for j := range z.vars {
		if j != now {
			z.set(now, j, unbounded)
		}
	}
	for i, v := range z.vars {
		if v.rings {
			z.restrict(now, i, 0)
		}
	}
}

// add adds an alarm that lies from least to most after vars[of], in place of the one it
// had.
func (z *zone) add(a alarm, of int, least, most int64) {
	base := z.vars[of]
	z.remove(func(b alarm) bool { return b.place == a.place && b.line == a.line })
	of = z.find(base)
	n := len(z.vars)
	at := n
	for at > 2 && less(a, z.vars[at-1]) {
		at--
	}
	old := *z
	z.vars = slices.Insert(slices.Clone(old.vars), at, a)
	z.bounds = make([]int64, (n+1)*(n+1))
	from := func(i int) int {
		if i > at {
			return i - 1
		}
		return i
	}
	for i := range n + 1 {
		for j := range n + 1 {
			switch {
			case i == at && j == at:
			case i == at:
				z.set(i, j, sum(most, old.bound(of, from(j))))
			case j == at:
				z.set(i, j, sum(old.bound(from(i), of), -least))
			default:
				z.set(i, j, old.bound(from(i), from(j)))
			}
		}
	}
}

func less(a, b alarm) bool { return a.place < b.place || a.place == b.place && a.line < b.line }

// remove forgets alarms. What they say of the others stays known.
func (z *zone) remove(which func(alarm) bool) {
	var kept []int
	for i, v := range z.vars {
		if i <= now || !which(v) {
			kept = append(kept, i)
		}
	}
	if len(kept) == len(z.vars) {
		return
	}
	next := zone{make([]alarm, len(kept)), z.ageless, make([]int64, len(kept)*len(kept))}
	for a, i := range kept {
		next.vars[a] = z.vars[i]
		for b, j := range kept {
			next.set(a, b, z.bound(i, j))
		}
	}
	*z = next
}

// find is the index of an alarm, or -1.
func (z *zone) find(a alarm) int {
	return slices.IndexFunc(z.vars, func(b alarm) bool { return b.place == a.place && b.line == a.line })
}

// forgetAge forgets how long ago the run began: where nothing asks for it, runs of another
// age are alike.
func (z *zone) forgetAge() {
	z.ageless = true
	for j := range z.vars {
		if j != start {
			z.set(start, j, unbounded)
			z.set(j, start, unbounded)
		}
	}
}

// first is the first alarm of which something is known: the start, unless it is forgotten.
func (z *zone) first() int {
	if z.ageless {
		return now
	}
	return start
}

// mark remembers where now and the alarms are, so that takeDelays can say how far it is
// from there.
func (z *zone) mark() {
	for n, a := range slices.Clone(z.vars[z.first():]) {
		z.add(alarm{atMark, n, false}, z.find(a), 0, 0)
	}
}

// takeDelays is how far the alarms can lie after those that were marked. The marks are
// taken away.
func (z *zone) takeDelays() delays {
	var d delays
	for i, mark := range z.vars {
		if mark.place != atMark {
			continue
		}
		d.width = 0
		for j := z.first(); j < len(z.vars); j++ {
			if z.vars[j].place != atMark {
				d.most = append(d.most, z.bound(j, i))
				d.width++
			}
		}
	}
	z.remove(func(a alarm) bool { return a.place == atMark })
	return d
}

// stay is how far the alarms can lie after each other.
func (z *zone) stay() delays {
	d := delays{width: len(z.vars) - z.first()}
	for i := z.first(); i < len(z.vars); i++ {
		for j := z.first(); j < len(z.vars); j++ {
			d.most = append(d.most, z.bound(j, i))
		}
	}
	return d
}

// waitsForever reports whether no alarm says how long time may pass after the mark of now.
func (z *zone) waitsForever() bool {
	for i, v := range z.vars {
		if v.place == atMark && z.bound(now, i) < unbounded {
			return false
		}
	}
	return true
}

// waitsLong reports whether nothing says how long time may pass after the mark of now; only an
// alarm may, of which nobody knows when it comes.
func (z *zone) waitsLong() bool {
	i := z.find(alarm{place: atMark, line: now - z.first()})
	return i >= 0 && z.bound(now, i) >= unbounded
}

// key appends what tells one zone from another.
func (z *zone) key(b []byte) []byte {
	b = z.alarmKey(b)
	for _, x := range z.bounds {
		b = binary.AppendVarint(b, x)
	}
	return b
}

// alarmKey appends which alarms are set.
func (z *zone) alarmKey(b []byte) []byte {
	b = append(b, bit(z.ageless))
	for _, v := range z.vars[2:] {
		b = binary.AppendVarint(b, int64(v.place))
		b = binary.AppendVarint(b, int64(v.line))
		if v.rings {
			b = append(b, 1)
		}
		b = append(b, 0)
	}
	return b
}

func millis(d time.Duration) int64 { return d.Milliseconds() }

// within reports whether every instant of the zone is one of the other, which has the same
// alarms.
func (z *zone) within(o zone) bool {
	for i, most := range z.bounds {
		if most > o.bounds[i] {
			return false
		}
	}
	return true
}

// joined is the least zone that holds two with the same alarms. Widened, it has no bounds
// where the second is wider than the first, except that now is before every alarm that
// rings; of all bounds only those are left where all is set.
func (z *zone) joined(o zone, widen, all bool) zone {
	next := z.clone()
	for i, most := range o.bounds {
		if next.bounds[i] = max(most, next.bounds[i]); widen && most > z.bounds[i] || all && i%(len(z.vars)+1) != 0 {
			next.bounds[i] = unbounded
		}
	}
	if !widen {
		return next
	}
	for i, v := range next.vars {
		if v.rings {
			next.set(now, i, min(next.bound(now, i), 0))
		}
	}
	next.tighten()
	return next
}

// tighten makes every bound as narrow as the others together make it.
func (z *zone) tighten() {
	for k := range z.vars {
		for i := range z.vars {
			for j := range z.vars {
				if via := sum(z.bound(i, k), z.bound(k, j)); via < z.bound(i, j) {
					z.set(i, j, via)
				}
			}
		}
	}
}
