package engine_test

import (
	"strings"
	"testing"

	"nudge/channels"
	"nudge/engine"
)

// breaking is a template that panics for one person, which no author could cause.
type breaking struct{ person string }

func (b breaking) Render(to string, _ map[string]any) (channels.Message, error) {
	if to == b.person {
		panic("a fault of ours")
	}
	return channels.Message{To: to, Conversation: "c", Body: "Hello"}, nil
}

// TestQuarantine shows that a fault of the engine affects only the run it happened in: the
// run is kept for inspection, and everybody else gets the event.
func TestQuarantine(t *testing.T) {
	w := newTold(t)
	f := w.loop.Core().Active()[0]
	f.Steps[0].Send.Message = breaking{"bob"}
	// A live run that breaks is quarantined.
	w.do("outbound hold")
	w.do("event told by bob")
	w.out.Reset()
	w.do("outbound live")
	if got := w.out.String(); !strings.Contains(got, "quarantined because of a bug in Nudge: a fault of ours") {
		t.Errorf("the run that broke was not quarantined:\n%s", got)
	}
	r, err := w.store.Run(w.runs[1])
	if err != nil || r.Outcome != engine.OutcomeQuarantined {
		t.Errorf("the run that broke: got outcome %q, %v; want %q", r.Outcome, err, engine.OutcomeQuarantined)
	}
	// A run that breaks while it starts is not started, and the event is refused as a whole.
	w.out.Reset()
	w.do("event told by bob")
	if got := w.out.String(); !strings.Contains(got, "internal error; nothing was changed") {
		t.Errorf("an event that cannot be applied: got\n%s", got)
	}
	// The other people are not affected.
	w.out.Reset()
	w.do("event told by cid")
	if got := w.out.String(); !strings.Contains(got, "post 2 to cid") {
		t.Errorf("the next person: got\n%s", got)
	}
	w.check()
}

// TestOtherInstallation shows that staging, production and restored backups never
// take each other's receipts.
func TestOtherInstallation(t *testing.T) {
	w := newTold(t)
	ref := w.posts[0].Content.Ref
	for what, ref := range map[string]channels.Ref{
		"another installation": {Installation: "0000000000000000", Run: ref.Run, Message: 1, Attempt: 1},
		"no reference":         {},
		"a run of nobody":      {Installation: ref.Installation, Run: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Message: 1},
		"nonsense for a run":   {Installation: ref.Installation, Run: "x", Message: 1},
		"a message too many":   {Installation: ref.Installation, Run: ref.Run, Message: 2},
		"no message":           {Installation: ref.Installation, Run: ref.Run, Message: -1},
	} {
		w.out.Reset()
		w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: ref, Status: channels.Read}}})
		if got := w.out.String(); !strings.HasPrefix(got, "ignored: ") || strings.Count(got, "\n") != 1 {
			t.Errorf("a receipt with %s: got\n%s", what, got)
		}
	}
}
