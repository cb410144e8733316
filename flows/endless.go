package flows

import (
	"slices"

	"nudge/lang/diag"
)

// endless is a place where a run may live forever.
type endless struct {
	at         diag.Span
	loops      []int // the repeats around it
	text, hint string
}

// mayNotEnd notes a place where a run may live forever.
func (r *reader) mayNotEnd(at diag.Span, hint, text string) {
	r.endless = append(r.endless, endless{at, slices.Clone(r.loops), text, hint})
}

// warnEndless warns of the places where a run may live forever. It comes after everything is
// read: the flow may promise just that, and an exit or the until of a loop around the place
// may end it in time.
func (r *reader) warnEndless() {
	if p := r.flow.Promises; p != nil && p.EndsNever {
		return
	}
	for _, e := range r.endless {
		around := [][]Line{r.flow.Exits}
		for _, loop := range e.loops {
			around = append(around, r.flow.Steps[loop].Repeat.Until)
		}
		if !slices.ContainsFunc(around, endsInTime) {
			r.list.Warnf(e.at, codeNeverEnds, e.hint+", or write promises: { ends: never }", "%s", e.text)
		}
	}
}

// endsInTime reports whether one of the lines comes about for sure, by the clock alone.
func endsInTime(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.If == nil && l.comesInTime() })
}

// comesInTime reports whether a line is a timer that cannot be past when it is set.
func (l *Line) comesInTime() bool {
	switch l.Signal {
	case SignalAfter:
		return !l.Never
	case SignalOpen:
		return true
	}
	return l.Signal == SignalAt && l.At != nil && l.At.Of == nil && l.At.Clock == nil && l.At.Date == Date{}
}
