package engine

import "nudge/flows"

// timer applies a deadline of a run. One that the run no longer has is stale:
// cancelled timers are left in the store until they are met.
func (a *application) timer(t *Timer) {
	r := a.ws.Run(t.Run)
	if r == nil || !r.Live() || r.Deadline != t.Due {
		a.ignore("the timer was cancelled")
		return
	}
	if a.now < t.Due {
		panic("engine: a timer would fire early")
	}
	r = a.edit(t.Run)
	r.Deadline = 0
	if r.Status == Waiting {
		a.timeout(r)
		return
	}
	switch r.current().Status {
	case Retrying:
		a.plan(r)
		if a.claimable() {
			a.post(r)
		} else {
			a.queue(r)
		}
	case Unknown:
		a.decideUnknown(r)
	default:
		panic("engine: a timer for a message that has none")
	}
}

// timeout ends a wait by its timer. When every message that the wait names is known
// not to have reached the person, and no line asked to hear of it, the timer's then
// is passed over: a reminder makes no sense for a message nobody got.
func (a *application) timeout(r *Run) {
	f := a.e.flowOf(r)
	w := f.Steps[r.At].Wait
	line := timerLine(w)
	if a.lostCause(r, w) {
		a.endWait(r, outcomeFailed, nil)
		a.advance(r, f, f.Steps[r.At].Next)
		return
	}
	if !a.holds(line.If, r, f, nil) {
		a.endWait(r, line.As, nil)
		a.advance(r, f, f.Steps[r.At].Next)
		return
	}
	a.take(r, f, line, nil)
}

// timerLine is the wait's after line, or nil.
func timerLine(w *flows.Wait) *flows.Line {
	for i := range w.Lines {
		if w.Lines[i].Signal == flows.SignalAfter {
			return &w.Lines[i]
		}
	}
	return nil
}
