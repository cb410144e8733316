package flows

import (
	"slices"

	"nudge/lang/node"
)

// unheard is a wait for a read that has no failed line of its own.
type unheard struct {
	at   *node.Value
	step int
}

// warnUnheard warns of waits that do not say what happens if their message fails. It comes
// after everything is read: an exit, or the until of a loop around the wait, may hear of it.
func (r *reader) warnUnheard() {
	for _, u := range r.unheard {
		around := [][]Line{r.flow.Exits}
		for _, loop := range r.flow.Steps[u.step].Loops {
			around = append(around, r.flow.Steps[loop].Repeat.Until)
		}
		lines := r.flow.Steps[u.step].Wait.Lines
		if !slices.ContainsFunc(lines, func(l Line) bool { return l.Signal == SignalRead && !hearsFailure(around, l.Step) }) {
			continue
		}
		u.at.Warnf(CodeNoFailedLine, "add a line failed: to react at once, or ignore this warning",
			"if the message fails, this wait %s", afterFailure(lines))
	}
}

// afterFailure says how a wait without a failed line goes on when its message has failed.
func afterFailure(lines []Line) string {
	ends, skips := false, false
	for _, l := range lines {
		if l.Signal.IsTimer() {
			ends = ends || !l.Do && !l.Never
			skips = skips || l.Do || l.HasThen
		}
	}
	switch {
	case !ends:
		return "may have no end"
	case skips:
		return "runs to its end and skips the steps of its timers"
	}
	return "runs to its end, and its outcome is failed"
}

// hearsFailure reports whether some line waits for the failure of a step's messages.
func hearsFailure(around [][]Line, step int) bool {
	return slices.ContainsFunc(around, func(lines []Line) bool {
		return slices.ContainsFunc(lines, func(l Line) bool {
			return l.Signal == SignalFailed && (l.Step == AnyStep || l.Step == step)
		})
	})
}
