package prove

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// loop is a repeat that a run is in. Rounds that no condition tells apart are one: many
// stands for all that come after the last round that makes a difference.
type loop struct {
	step, round int
	many        bool
}

// turn is what becomes of a loop on an edge: it is left by a line or an exit, it is over
// after its last round, or the run stays in it.
type turn struct {
	kind  turnKind
	again int // rounds that began on the way
}

type turnKind uint8

const (
	turnStays turnKind = iota
	turnOver
	turnLeft
)

func appendTurns(b []byte, turns []turn) []byte {
	for _, t := range turns {
		b = append(b, byte(t.kind), byte(t.again))
	}
	return b
}

// beginRound begins the next round of the innermost loop, or ends the loop. One walk begins
// one round: after a round in which the run did not park, it turns. Else one input could go
// through all rounds in as many ways as there are.
func (w *walk) beginRound(s *flows.Step) (next int, parked bool) {
	if w.begun {
		w.s.phase = turning
		return 0, true
	}
	w.begun = true
	last := len(w.s.loops) - 1
	l := &w.s.loops[last]
	over := s.Repeat.Times > 0 && l.round+w.moreRounds(last) >= s.Repeat.Times
	if l.many && !over && s.Repeat.Times > 0 {
		over = w.t.choose(2) == 1
	}
	maps.DeleteFunc(w.s.passing, func(text string, _ bool) bool { return slices.Contains(w.atoms[text].Paths, flows.NameRound) })
	if over {
		w.leaveLoop(last, turnOver)
		w.endWait(w.s.at, engine.OutcomeCompleted)
		return s.Next, false
	}
	if last < w.around {
		w.again++
	}
	if !l.many {
		l.round++
	}
	w.pace(s)
	return s.Repeat.Body, false
}

// moreRounds is how many rounds of a loop have begun on the way that its state does not
// show.
func (w *walk) moreRounds(depth int) int {
	if w.s.loops[depth].many && depth < w.around {
		return w.again
	}
	return 0
}

// leaveLoop leaves the loop of that depth, and those within.
func (w *walk) leaveLoop(depth int, how turnKind) {
	w.clearAlarms(w.s.at)
	w.clearAlarms(atHold)
	for _, l := range w.s.loops[depth:] {
		w.clearAlarms(l.step)
	}
	w.dropLoops(depth, how)
}

// dropLoops forgets the loops from a depth on, and notes what became of those in which
// the walk began.
func (w *walk) dropLoops(depth int, how turnKind) {
	for w.around > depth {
		w.around--
		t := turn{kind: turnLeft}
		if w.around == depth && how == turnOver {
			t = turn{kind: turnOver, again: w.again}
		}
		w.turns, w.again = append(w.turns, t), 0
	}
	w.s.loops = w.s.loops[:depth]
}

// mergeRounds ends a walk: it takes the numbers of rounds out of the state, as far as
// nothing depends on them, and notes them on the edge.
func (w *walk) mergeRounds() {
	if w.s.phase == ended {
		w.dropLoops(0, turnLeft)
	}
	w.turns = append(w.turns, turn{again: w.again})
	for i := range w.s.loops {
		l := &w.s.loops[i]
		if i >= w.around {
			w.enters += string([]byte{byte(l.round)})
		}
		times := w.f.Steps[l.step].Repeat.Times
		if named := w.named[l.step]; l.round > named && (times == 0 || named+1 < times) {
			l.round, l.many = named+1, true
		}
	}
}

// namedRounds is, for each repeat, the last round that some condition tells from those
// after it.
func (x *explorer) namedRounds() map[int]int {
	named := map[int]int{}
	for i := range x.f.Steps {
		r := x.f.Steps[i].Repeat
		switch {
		case r == nil:
		case r.Times == 0:
			named[i] = x.namedForever(i)
		default:
			for _, e := range x.roundExprs(i) {
				named[i] = max(named[i], x.lastNamed(e, r.Times))
			}
			if x.countsIn(i) {
				named[i] = r.Times
			}
		}
	}
	return named
}

// roundExprs are the conditions that can be asked while a repeat is the innermost.
func (x *explorer) roundExprs(repeat int) []*flows.Expr {
	var all []*flows.Expr
	lines := func(lines []flows.Line) {
		for i := range lines {
			all = append(all, lines[i].If)
			if lines[i].At != nil {
				all = append(all, lines[i].At.Exprs()...)
			}
		}
	}
	lines(x.f.Exits)
	for _, around := range append(slices.Clone(x.f.Steps[repeat].Loops), repeat) {
		lines(x.f.Steps[around].Repeat.Until)
	}
	for i := range x.f.Steps {
		s := &x.f.Steps[i]
		if n := len(s.Loops); n == 0 || s.Loops[n-1] != repeat {
			continue
		}
		all = append(all, s.If)
		lines(x.linesAt(i))
		for a := range s.Branch {
			all = append(all, s.Branch[a].If)
		}
		if s.Collect != nil {
			all = append(all, s.Collect.If)
		}
	}
	return slices.DeleteFunc(all, func(e *flows.Expr) bool { return e == nil || !x.readsRound(e) })
}

func (x *explorer) readsRound(e *flows.Expr) bool {
	return slices.Contains(x.reading(e).Paths(), flows.NameRound)
}

// countsIn reports whether a variable is set to something that depends on the round.
func (x *explorer) countsIn(repeat int) bool {
	return slices.ContainsFunc(x.f.Steps, func(s flows.Step) bool {
		n := len(s.Loops)
		return n > 0 && s.Loops[n-1] == repeat && slices.ContainsFunc(s.Set, func(a flows.Assignment) bool {
			return a.Value.Expr != nil && x.readsRound(a.Value.Expr)
		})
	})
}

// manyAnswers is how many ways a condition may come out until its rounds are all held to
// differ.
const manyAnswers = 64

// lastNamed is the last round of so many in which a condition comes out otherwise than in
// the last of all.
func (x *explorer) lastNamed(e *flows.Expr, times int) int {
	last, ok := x.answers(e, times)
	for round := times - 1; ok && round > 0; round-- {
		if answers, _ := x.answers(e, round); answers != last {
			return round
		}
	}
	if !ok {
		return times
	}
	return 0
}

// answers describes how a condition comes out in a round, whatever else is true.
func (x *explorer) answers(e *flows.Expr, round int) (text string, ok bool) {
	var all strings.Builder
	ok = true
	t := &choices{}
	known := func(path string) (any, bool) { return float64(round), path == flows.NameRound }
	guess := func(a flows.Atom) bool {
		ok = ok && !slices.Contains(a.Paths, flows.NameRound)
		holds := t.choose(2) == 1
		fmt.Fprint(&all, a.Text, holds, ";")
		return holds
	}
	for n := 0; ok; n++ {
		fmt.Fprint(&all, x.reading(e).Truth(known, guess), "\n")
		if ok = ok && n < manyAnswers; !t.next() {
			break
		}
	}
	return all.String(), ok
}

func appendLoops(b []byte, loops []loop) []byte {
	for _, l := range loops {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(l.step)), int64(l.round))
	}
	return b
}
