package engine

import (
	"fmt"
	"slices"
	"strings"

	"nudge/flows"
)

// noKey begins the reason for what an event without a usable key did not do.
const noKey = "the key cannot be computed: "

// key evaluates a key over the event. The error says why the event has no such key.
func (ev *Event) key(f *flows.Flow, key *flows.Expr) (string, error) {
	data, err := ev.decode(f)
	if err != nil {
		return "", err
	}
	text, err := key.Text(map[string]any{flows.NameEvent: data})
	if err == nil && len(text) > MaxKeyBytes {
		err = fmt.Errorf("%s: %q has %d bytes, at most %d are allowed", key.Span(), key, len(text), MaxKeyBytes)
	}
	return text, err
}

// tellKeys says, for each active flow that looks for the event by a key, why the event has
// none. A trigger of the flow may have said so already.
func (a *applier) tellKeys(ev *Event) {
	for i := range a.e.listeners[ev.Type] {
		l := &a.e.listeners[ev.Type][i]
		told := slices.ContainsFunc(a.out.Answer.Decisions, func(d Decision) bool {
			return d.Flow == l.flow.Name && strings.HasPrefix(d.Reason, noKey)
		})
		if told || a.e.activeNamed(l.flow.Name) != l.flow {
			continue
		}
		for _, key := range l.keys {
			if _, err := ev.key(l.flow, key); err != nil {
				a.skip(l.flow, noKey+err.Error())
				break
			}
		}
	}
}
