package flows

import (
	"time"

	"nudge/lang/node"
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
	return slices.ContainsFunc(lines, func(l Line) bool { return l.If == nil && l.ComesInTime() })
}

// ComesInTime reports whether the line is a timer that cannot be past when it is set.
func (l *Line) ComesInTime() bool {
	switch l.Signal {
	case SignalAfter:
		return !l.Never
	case SignalOpen:
		return true
	}
	return l.Signal == SignalAt && l.At != nil && l.At.Of == nil && l.At.Clock == nil && l.At.Date == Date{}
}

// endlessHint says when a loop may do without times.
const endlessHint = "for example times: 3; or let each round take time: every: 1d, or a wait of only after: 1m or longer, " +
	"times of day, reply and event lines"

// mustTakeTime checks a loop without times, once its steps are read: each of its rounds takes
// time for sure, so that it does not spin.
func (r *reader) mustTakeTime(m *node.Map, at int) {
	loop := r.flow.Steps[at].Repeat
	switch {
	case !r.flow.takesTime(at):
		m.Value().Errorf(CodeMissingKey, endlessHint, "this repeat has no times, and a round of it may take no time")
	case !endsInTime(loop.Until):
		r.mayNotEnd(m.Value().Span(), "set times, or an end such as until: [ { after: 90d } ]",
			"this repeat has no times and no end in time, so the run could stay alive forever")
	}
}

// takesTime reports whether a round of a loop takes a minute, or lasts until a time of day, or
// comes to a wait that does, whatever its conditions say.
func (f *Flow) takesTime(loop int) bool {
	r := f.Steps[loop].Repeat
	if r.Till != nil || lasts(r.Every) {
		return true
	}
	seen := make([]bool, len(f.Steps))
	for open := []int{r.Body}; len(open) > 0; {
		at := open[0]
		open = open[1:]
		switch {
		case at == loop:
			return false
		case at == End || at >= len(f.Steps) || seen[at]:
			continue
		}
		seen[at] = true
		if s := &f.Steps[at]; s.If != nil || s.Wait == nil || !s.Wait.takesTime() {
			open = append(open, s.ways()...)
		}
	}
	return true
}

// ways are the successors of a step, without the next one where an arm is always taken.
func (s *Step) ways() []int {
	next := s.Successors()
	decided := len(s.Split) > 0 || len(s.Branch) > 0 && s.Branch[len(s.Branch)-1].If == nil
	if decided && s.If == nil {
		return next[1:]
	}
	return next
}

// lasts reports whether a duration is a minute or longer.
func lasts(d Duration) bool { return d.Days > 0 || d.Clock >= time.Minute }

// takesTime reports whether nothing that is there already ends the wait: only time does, or
// what somebody does.
func (w *Wait) takesTime() bool {
	timer := false
	for i := range w.Lines {
		switch l := &w.Lines[i]; l.Signal {
		case SignalReply, SignalEvent:
			continue
		case SignalAfter:
			if l.Never || !lasts(l.After) {
				return false
			}
		case SignalAt:
			if !l.ComesInTime() {
				return false
			}
		default:
			return false
		}
		timer = true
	}
	return timer
}
