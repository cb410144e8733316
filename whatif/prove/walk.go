package prove

import (
	"fmt"

	"nudge/engine"
	"nudge/flows"
)

// walk is one way on from a state: one input with one set of choices. It does to the
// state what package engine does to a run, step by step and in the same order.
type walk struct {
	*explorer
	s     *state
	t     *choices
	trace trace // what happened, for a story
	dead  bool  // this cannot happen

	passed []int     // steps
	ended  []unnamed // waits that no line of theirs ended

	posted  int // messages that went out
	kept    int // of those: outside of loops without times
	planned int // messages that were to go out, those included that we hold back
	counted int // messages within the period that is counted
	send    int // the step of the message

	guessed int    // work that conditions took
	begun   bool   // it has begun a round
	around  int    // loops of the state that the walk has not left
	again   int    // rounds that the innermost of them has begun
	turns   []turn // of those that it has left, and of the innermost it stays in
	enters  string // the rounds of the loops that it has begun
}

// advance takes the run from a step on until it parks or ends.
func (w *walk) advance(at int) {
	for steps := 0; at != flows.End; steps++ {
		if steps >= engine.MaxStepsPerInput {
			w.finish(engine.OutcomeFailed, false)
			return
		}
		w.s.at = at
		w.passed = append(w.passed, at)
		next, parked := w.step(&w.f.Steps[at])
		if parked || w.dead {
			return
		}
		at = next
	}
	if n := w.s.leaving; n != 0 {
		w.finish(w.f.Exits[n-1].As, false)
		return
	}
	w.finish(engine.OutcomeCompleted, false)
}

// leave ends a run by an exit. One with steps of its own takes them first, and looks out for
// nothing more.
func (w *walk) leave(line *flows.Line) {
	if !line.HasThen {
		w.finish(line.As, line.Goal)
		return
	}
	for i := range w.f.Exits {
		if &w.f.Exits[i] == line {
			w.s.leaving = i + 1
		}
	}
	if w.s.phase == held {
		w.newMessage(w.s.at, unsent)
		w.note(w.s.at, engine.ReasonRunEnded)
	}
	w.s.during = nil
	w.dropLoops(0, turnLeft)
	w.s.zone.remove(func(a alarm) bool { return a.rings || a.line == roundLine && a.place >= 0 })
	w.s.boxed, w.s.items = false, 0
	w.advance(line.Then)
}

func (w *walk) finish(outcome string, goal bool) {
	if n := w.s.leaving; n != 0 {
		goal = goal || w.f.Exits[n-1].Goal
	}
	w.s.phase, w.s.outcome, w.s.goal = ended, outcome, goal
}

func (w *walk) step(s *flows.Step) (next int, parked bool) {
	if s.If != nil && !(w.s.inDo() && w.s.during.wait == w.s.at) && !w.truth(s.If) {
		w.skip(s)
		return s.Next, false
	}
	switch s.Verb {
	case flows.VerbSend:
		return w.sendStep(s)
	case flows.VerbWait:
		return w.wait(s)
	case flows.VerbBranch:
		return w.branch(s), false
	case flows.VerbSet:
		w.set(s)
	case flows.VerbExit:
		w.finish(s.Exit.As, s.Exit.Goal)
		return 0, true
	case flows.VerbRepeat:
		return w.repeat(s)
	case flows.VerbSplit:
		arm := &s.Split[w.deal(s)]
		w.s.values[s.ID+".outcome"] = arm.As
		return arm.Then, false
	case flows.VerbCollect:
		return w.collect(s)
	case flows.VerbStart:
		if s.Start.Wait {
			w.park(calling)
			w.s.zone.add(alarm{w.s.at, 0, true}, now, 0, w.lifeOf(s.Start.Flow))
			return 0, true
		}
	case flows.VerbFetch:
		w.park(fetching)
		return 0, true
	}
	return s.Next, false // emit, opt_out and opt_in concern others
}

// skip passes over a step, which has no outcome and no items then, whatever it had before.
func (w *walk) skip(s *flows.Step) {
	switch s.Verb {
	case flows.VerbSend:
		w.newMessage(w.s.at, unsent)
		w.note(w.s.at, engine.ReasonSkipped)
	default:
		delete(w.s.values, s.ID+".outcome")
		delete(w.s.values, s.ID+".count")
	}
}

// branch takes the first arm whose condition holds.
func (w *walk) branch(s *flows.Step) (next int) {
	for i := range s.Branch {
		if arm := &s.Branch[i]; w.truth(arm.If) {
			w.s.values[s.ID+".outcome"] = arm.As
			return arm.Then
		}
	}
	w.s.values[s.ID+".outcome"] = ""
	return s.Next
}

// deal is the arm of a split, which is the same each time a person comes to it.
func (w *walk) deal(s *flows.Step) int {
	if arm, ok := w.s.values[dealt(s)].(float64); ok {
		return int(arm)
	}
	arm := w.t.choose(len(s.Split))
	w.s.values[dealt(s)] = float64(arm)
	w.trace.needs = append(w.trace.needs, Need{Condition: fmt.Sprintf("%s deals arm %s", s.ID, s.Split[arm].As), Holds: true, split: s, arm: arm})
	return arm
}

// dealt is the path under which the arm of a split is known.
func dealt(s *flows.Step) string { return "the arm of " + s.ID }

// park parks the run on something else than a wait, so that what comes now is kept for
// a later one.
func (w *walk) park(p phase) {
	w.s.phase = p
	w.s.boxed = w.s.boxed || p != calling && !w.s.inDo() && w.asked[w.s.at].hears
}

func (w *walk) set(s *flows.Step) {
	for i := range s.Set {
		a := &s.Set[i]
		if a.Profile {
			w.forgetField(fieldPath(*a))
			continue
		}
		value := a.Value.Literal
		if a.Value.Expr != nil {
			var ok bool
			if value, ok = w.reading(a.Value.Expr).Value(w.known); !ok || w.endlessly(a.Value.Expr) {
				value = nil
			}
		}
		w.s.values["vars."+a.Name] = plain(value)
	}
}

// plain is a literal as conditions compare it; nil for what is not compared.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case string, float64, bool:
		return v
	}
	return nil
}

// sendStep plans a message. One with a window may have to wait for it.
func (w *walk) sendStep(s *flows.Step) (next int, parked bool) {
	if hold := w.holds[w.s.at]; hold > 0 && w.t.choose(2) == 1 {
		w.park(held)
		w.s.zone.add(alarm{atHold, 0, true}, now, 1, hold)
		return 0, true
	}
	return w.claim(s)
}

// claim is the last gate before the provider.
func (w *walk) claim(s *flows.Step) (next int, parked bool) {
	w.s.zone.remove(func(a alarm) bool { return a.place == atHold })
	if next, parked, yes := w.overtaken(s); yes {
		return next, parked
	}
	if w.mayHoldBack(w.s.at) && w.t.choose(2) == 1 {
		w.holdBack(w.s.at)
		w.tellMessage(MoveHeldBack, s)
		return s.Next, false
	}
	w.posted, w.send = 1, w.s.at
	w.tellMessage(MoveMessage, s)
	w.count(s.Send.Category)
	w.newMessage(w.s.at, open)
	delete(w.s.values, reasonOf(s))
	w.park(sending)
	return 0, true
}

// mayHoldBack reports whether it makes a difference that a message is held back.
func (x *explorer) mayHoldBack(step int) bool {
	return x.asked[step].sends[step] != 0 || x.asked[step].any != 0
}

// newMessage notes the newest message of a step. The one before it is only one of the
// older.
func (w *walk) newMessage(step int, s status) {
	w.forgetMessage(step)
	if n := w.asked[step].sends[step]; n != 0 {
		before := w.s.sends[step]
		w.s.sends[step] = sent{s, s == open || before.posted, before.posted}
		return
	}
	w.addOlder(s, s == open)
}

// forgetMessage moves a step's message to the older ones.
func (w *walk) forgetMessage(step int) {
	if m, ok := w.s.sends[step]; ok {
		w.addOlder(m.status, m.posted)
	}
}

func (w *walk) addOlder(s status, posted bool) {
	n := w.asked[w.s.at].any
	if n == 0 {
		return
	}
	o := &w.s.older
	switch n.seen(s) {
	case open:
		o.open = min(o.open+1, manyOlder)
	case delivered:
		o.delivered = min(o.delivered+1, manyOlder)
	case read:
		o.read = true
	case unsent, lost:
		o.lost = true
	}
	o.posted = o.posted || posted
}

// overtaken looks, right before a message goes out, at the conditions among the exits and the
// untils around it, then at that of its step. It reports whether the message does not go out,
// and how the run goes on.
func (w *walk) overtaken(s *flows.Step) (next int, parked, yes bool) {
	for _, watched := range w.watches(w.s) {
		for i := range watched.lines {
			line := &watched.lines[i]
			if line.Signal != flows.SignalIf || line.Do || !w.truth(line.If) {
				continue
			}
			if watched.place == atExits {
				w.leave(line)
				return 0, true, true
			}
			w.newMessage(w.s.at, unsent)
			if w.note(w.s.at, engine.ReasonLoopLeft); w.s.inDo() && watched.place == w.s.during.wait {
				w.note(w.s.at, engine.ReasonWaitEnded)
			}
			w.s.phase = sending // the message is no longer held
			return w.follow(watched.place, line), false, true
		}
	}
	if s.If != nil && !w.truth(s.If) {
		w.newMessage(w.s.at, unsent)
		w.note(w.s.at, engine.ReasonSkipped)
		return s.Next, false, true
	}
	return 0, false, false
}

// leavesByIf looks at the conditions among the exits, as is done when a run begins.
func (w *walk) leavesByIf() bool {
	for i := range w.f.Exits {
		if line := &w.f.Exits[i]; line.Signal == flows.SignalIf && w.truth(line.If) {
			w.finish(line.As, line.Goal) // it has not begun, so it leaves without steps
			return true
		}
	}
	return false
}
