package flows

import (
	"slices"

	"nudge/lang/node"
)

// reservedEnds are the outcomes that Nudge itself gives to runs.
var reservedEnds = []string{"completed", "failed", "cancelled", "restarted", "forgotten", "late", "quarantined"}

// otherNames are names to write instead.
var otherNames = map[string]string{
	"completed": "done", "failed": "undeliverable", "cancelled": "called_off", "restarted": "began_again",
	"forgotten": "erased", "late": "too_late", "quarantined": "set_aside", OutcomePast: "too_late",
}

// outcome reads the name of an outcome that must not be one of the reserved names.
func (r *reader) outcome(t *node.Text, reserved ...string) (name string, ok bool) {
	if !checkName(t, "an outcome", r.list) {
		return "", false
	}
	if slices.Contains(reserved, t.Value) {
		r.list.Errorf(t.Span, codeReservedName, "write another name, for example "+otherNames[t.Value],
			"%s is an outcome that only Nudge itself gives", t.Value)
	}
	return t.Value, true
}

// nameExit checks the name of an exit. Without one, an exit has the word of its signal,
// which failed cannot lend.
func (r *reader) nameExit(m *node.Map, line *Line) {
	if !m.Has("as") && slices.Contains(reservedEnds, line.As) {
		m.Errorf(line.As, CodeMissingKey, "add a name, for example as: undeliverable", "this exit needs an as: a run that ends as %s has broken", line.As)
	}
}

// reservedIn returns the outcomes that a line in this place must not have.
func (p place) reservedIn() []string {
	switch p {
	case inExit:
		return reservedEnds
	case inWait, inCollect:
		return []string{OutcomePast}
	}
	return nil
}
