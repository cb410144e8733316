package prove

import (
	"slices"

	"nudge/flows"
)

// comesLater reports whether an event or reply that calls for a do may as well come when the do
// under way is over, so that nothing is gained by looking at it now. Else a wait with many such
// lines has a state for each order in which their dos can follow each other.
//
// An event or reply changes nothing but the dos that follow, and its condition asks for nothing
// that changes. So it can come right before the do would begin that it calls for, and everything
// behind it as much later. That could change what happens only where a receipt or the person
// calls for one of the dos behind it, and a do before it sees that already; so there all dos must
// be blind. No time passes while a message is being sent or a service asked.
func (w *walk) comesLater(line *flows.Line) bool {
	m := w.s.during
	if m.line == 0 || m.looking || w.s.phase != sending && w.s.phase != fetching || !fromOutside(line.Signal) {
		return false
	}
	return w.asksNothing() && (w.dosAll(func(do *flows.Line) bool { return fromOutside(do.Signal) || do.Signal.IsTimer() }) || w.dosAll(w.isBlind))
}

// fromOutside reports whether a signal is one that can come at any time, and any number of times.
func fromOutside(s flows.Signal) bool { return s == flows.SignalEvent || s == flows.SignalReply }

// asksNothing reports whether the lines in effect for events and replies ask only for what came
// with them and what the run began with, so that each is heard later as it is heard now.
func (w *walk) asksNothing() bool {
	for _, watched := range w.watches(w.s) {
		for i := range watched.lines {
			line := &watched.lines[i]
			if fromOutside(line.Signal) && !w.readsOnly(line.If, flows.NameData, flows.NameRun, flows.NameEvent, flows.NameReply) {
				return false
			}
		}
	}
	return true
}

// dosAll reports whether all lines of the wait that have a do are so.
func (w *walk) dosAll(so func(*flows.Line) bool) bool {
	lines := w.duringLines()
	for i := range lines {
		if lines[i].Do && !so(&lines[i]) {
			return false
		}
	}
	return true
}

// isBlind reports whether a do only sends, at once, whatever has happened to the run.
func (w *walk) isBlind(do *flows.Line) bool {
	for at := do.Then; at != w.s.during.wait; at = w.f.Steps[at].Next {
		if s := &w.f.Steps[at]; s.Verb != flows.VerbSend || w.holds[at] > 0 || !w.readsOnly(s.If, flows.NameData, flows.NameRun) {
			return false
		}
	}
	return true
}

// readsOnly reports whether a condition reads only what is under some names.
func (x *explorer) readsOnly(e *flows.Expr, roots ...string) bool {
	return e == nil || !slices.ContainsFunc(x.reading(e).Paths(), func(path string) bool { return !slices.Contains(roots, pathRoot(path)) })
}
