package story

import (
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/store"
)

// Resume returns a world that goes on from what a store holds, at an instant.
func Resume(kept *store.Store, core *engine.Engine, now time.Time) (*World, error) {
	w := newWorld(kept, core, now, nil)
	return w, w.settle()
}

// Adopt makes a run from before the world known to it: it gets a number, and its messages
// can be reported on.
func (w *World) Adopt(known *engine.Run) *Run {
	r := w.byID[known.ID]
	if r == nil {
		r = w.number(known)
		r.Run, r.entries = known, known.Logged()
	}
	for i := range known.Messages {
		m := &known.Messages[i]
		if m.Attempt == 0 {
			continue
		}
		ref := channels.Ref{Installation: w.core.State.Installation.String(), Run: known.ID.String(), Message: i + 1, Attempt: m.Attempt}
		w.Messages = append(w.Messages, &Message{Run: r, Number: i + 1, Step: &r.Flow.Steps[m.Step], At: m.Posted.Time(),
			Content: channels.Message{To: known.Profile, Conversation: m.Conversation, Ref: ref}})
	}
	return r
}
