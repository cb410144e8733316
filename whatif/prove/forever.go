package prove

import (
	"regexp"
	"slices"
	"strconv"

	"nudge/engine"
	"nudge/flows"
)

// A condition that names a later round of a loop without times than this is asked both ways in
// each round.
const manyRounds = 1000

// So many rounds are gone through one by one to count what they send.
const manyLayers = 50_000

// So often the ways of a loop without times are gone through. What still grows then is what
// grows with its rounds.
const manyPasses = 64

// NoBound is the most messages of a run that may send any number.
const NoBound = -1

// noBound is the same while it is computed.
const noBound = 1 << 40

// bound is a number of messages as a report has it.
func bound(most int) int {
	if most >= noBound {
		return NoBound
	}
	return most
}

// many is a number of messages in words.
func many(most int) string {
	if most == NoBound {
		return "any number of messages"
	}
	return strconv.Itoa(most)
}

// hasLoops reports whether the flow has a loop without times.
func (x *explorer) hasLoops() bool {
	return slices.ContainsFunc(x.f.Steps, func(s flows.Step) bool { return s.Repeat != nil && s.Repeat.Times == 0 })
}

// inForever reports whether a step is in a loop without times.
func (x *explorer) inForever(step int) bool {
	return slices.ContainsFunc(x.f.Steps[step].Loops, func(l int) bool { return x.f.Steps[l].Repeat.Times == 0 })
}

// mostOf is the most messages of a run: where it keeps them all, no more than it can have.
func (x *explorer) mostOf(most int) int {
	if x.hasLoops() {
		return bound(most)
	}
	return min(most, engine.MaxMessagesPerRun)
}

// mostKept is the most messages that a run has at a time, as far as it matters to the limit of
// the engine.
func (x *explorer) mostKept() int {
	kept := x.measure(func(e *edge) (int, int) { return int(e.kept), 0 }).most
	for i := range x.f.Steps {
		if x.f.Steps[i].Send != nil && x.inForever(i) {
			kept += engine.KeptMessages
		}
	}
	return kept
}

// loopOfMany is the first loop without times in which any number of messages goes out.
func (x *explorer) loopOfMany() *Place {
	for i := range x.f.Steps {
		s := &x.f.Steps[i]
		if s.Repeat == nil || s.Repeat.Times > 0 {
			continue
		}
		in := x.measure(func(e *edge) (int, int) {
			if !slices.Contains(x.f.Steps[e.send].Loops, i) {
				return 0, 0
			}
			return int(e.posted), 0
		})
		if in.most >= noBound {
			return &Place{Step: s.ID, Span: s.Span}
		}
	}
	return nil
}

var (
	numberForm = regexp.MustCompile(`\d+`)
	// reckons matches an expression that may do more with the round than to compare it.
	reckons = regexp.MustCompile(`[-+*/%^?]|\w\(`)
)

// namedForever is, for a loop without times, the last round that some condition tells from
// those after it.
func (x *explorer) namedForever(repeat int) (last int) {
	for _, e := range x.roundExprs(repeat) {
		if !x.comparesRound(e) {
			continue
		}
		for _, digits := range numberForm.FindAllString(e.String(), -1) {
			n, err := strconv.Atoi(digits)
			if err == nil && n <= manyRounds {
				last = max(last, n)
			}
		}
	}
	return last
}

// comparesRound reports whether a condition only compares the round with numbers that are small
// enough, so that all rounds after them are alike.
func (x *explorer) comparesRound(e *flows.Expr) bool {
	return !reckons.MatchString(e.String()) && !slices.ContainsFunc(numberForm.FindAllString(e.String(), -1), func(digits string) bool {
		n, err := strconv.Atoi(digits)
		return err != nil || n > manyRounds
	})
}

// countsRounds says of each loop whether its rounds are told apart in all that asks for them:
// one with times, or one whose conditions only compare its rounds.
func (x *explorer) countsRounds() map[int]bool {
	counts := map[int]bool{}
	for i := range x.f.Steps {
		if r := x.f.Steps[i].Repeat; r != nil {
			counts[i] = r.Times > 0 || !x.countsIn(i) && !slices.ContainsFunc(x.roundExprs(i), func(e *flows.Expr) bool { return !x.comparesRound(e) })
		}
	}
	return counts
}

// mostRounds is how many rounds of a loop without times can begin: the time in which a line of
// its until, of one around it or an exit ends it, by the least length of a round. It is 0 where
// one of the two is not known.
func (x *explorer) mostRounds(repeat int) int64 {
	r := x.f.Steps[repeat].Repeat
	length, first := nominal(r.Every), int64(0)
	if r.Till != nil {
		length, first = day, 1 // until a time of day: only the first may be shorter
	}
	end := x.endsLoop(repeat)
	if length <= 0 || end >= unbounded {
		return 0
	}
	return (end-1)/length + 1 + first
}

// endsLoop is how long a loop can last at the most: until a line of its until, of one around it
// or an exit comes in time.
func (x *explorer) endsLoop(repeat int) int64 {
	end := x.endsWithin(x.f.Exits)
	for _, loop := range append(slices.Clone(x.f.Steps[repeat].Loops), repeat) {
		end = min(end, x.endsWithin(x.f.Steps[loop].Repeat.Until))
	}
	return end
}

// lastsForever reports whether a run can go round in a region's loop without an end.
func (x *explorer) lastsForever(r *region) bool {
	if !r.endless() || x.endsLoop(r.loop) < unbounded {
		return false
	}
	part := r.parts()
	for at := range r.links {
		for _, l := range r.links[at] {
			if l.again && l.to >= 0 && part[at] == part[l.to] {
				return true
			}
		}
	}
	return false
}

// parts numbers the spots so that those have one number that lead to each other.
func (r *region) parts() []int {
	back := make([][]int, len(r.spots))
	for at := range r.links {
		for _, l := range r.links[at] {
			if l.to >= 0 {
				back[l.to] = append(back[l.to], at)
			}
		}
	}
	part := make([]int, len(r.spots))
	for n, first := range r.order {
		for open := []int{first}; len(open) > 0; {
			at := open[len(open)-1]
			open = open[:len(open)-1]
			if part[at] == 0 {
				part[at] = n + 1
				open = append(open, back[at]...)
			}
		}
	}
	return part
}

// endsWithin is how long the lines of an exit or an until leave a run at the most.
func (x *explorer) endsWithin(lines []flows.Line) int64 {
	end := unbounded
	for i := range lines {
		l := &lines[i]
		if l.If != nil || !l.ComesInTime() {
			continue
		}
		switch {
		case l.Signal == flows.SignalAt:
			end = min(end, longestGap(l.At))
		case l.Open == nil:
			end = min(end, nominal(l.After))
		}
	}
	return end
}

// layers measures a loop without times round by round. It reports false where there are too
// many.
func (x *explorer) layers(r *region, weight func(at int, l link) bounds) (spots, outs []bounds, ok bool) {
	spots, outs = make([]bounds, len(r.spots)), make([]bounds, len(r.outs))
	if r.rounds == 0 || r.rounds > manyLayers {
		return nil, nil, false
	}
	round := make([]bounds, len(r.spots))
	round[0].known = true
	for range r.rounds {
		for pass, changed := 0, true; changed; pass++ {
			if changed = false; pass > manyPasses {
				return nil, nil, false
			}
			for _, at := range r.order {
				for _, l := range r.links[at] {
					if l.to >= 0 && int(l.to) != at && !l.again && round[l.to].join(round[at].plus(weight(at, l))) {
						changed = true
					}
				}
			}
		}
		next := make([]bounds, len(r.spots))
		for at := range round {
			spots[at].join(round[at])
			for _, l := range r.links[at] {
				switch way := round[at].plus(weight(at, l)); {
				case l.to < 0:
					outs[-1-l.to].join(way)
				case l.again:
					next[l.to].join(way)
				}
			}
		}
		round = next
	}
	return spots, outs, true
}
