package engine

import (
	"cmp"
	"slices"

	"nudge/engine/gate"
	"nudge/flows"
)

// overtaken checks, right before an attempt of the run's newest message, what may make the
// message superfluous: the condition lines among the exits, the untils around the step and
// the lines that end the wait of its do, then the condition of the step itself. It reports whether the message does not go out,
// and how the run continues.
func (a *applier) overtaken(r pinned) (next int, parked, yes bool) {
	if a.e.watchesIfs(r.flow) {
		for _, w := range r.watches().All() {
			for i := range w.Lines {
				line := &w.Lines[i]
				if line.Signal != flows.SignalIf || line.Do || !a.holds(line.If, r, nil) {
					continue
				}
				if w.Place == AtExits {
					a.leave(r, line, nil)
					return 0, true, true
				}
				return a.follow(r, w.Place, line, nil), false, true
			}
		}
	}
	s := r.step()
	if s.If == nil {
		return 0, false, false
	}
	ok, err := a.truth(s.If, a.scope(r.without(r.Newest())), r)
	switch {
	case err != nil:
		a.fail(r.Run, r.At, err.Error())
		return 0, true, true
	case !ok:
		r.clearAlarms(AtMessage)
		a.withhold(r.Run, r.Newest(), gate.Verdict{Reason: ReasonSkipped})
		return s.Next, false, true
	}
	return 0, false, false
}

// without returns the run as it was before its message number n, the newest or one that was
// newest: the condition of a step may ask about an earlier message of the same step.
func (r pinned) without(n int) pinned {
	before := *r.Run
	at, _ := slices.BinarySearchFunc(r.Messages, n, func(m Message, n int) int { return cmp.Compare(m.Number, n) })
	before.Messages = before.Messages[:at]
	return pinned{&before, r.flow}
}
