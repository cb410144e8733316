package simtest

import (
	"maps"
	"slices"

	"nudge/channels"
	"nudge/engine"
	"nudge/simtest/model"
)

// ledger is what the provider was asked to carry, by person and category (I7).
type ledger map[holder]*account

type holder struct{ profile, category string }

// account is what one person got of one category since its cap was last changed.
type account struct {
	cap     string
	entries []posting
}

type posting struct {
	run     engine.RunID
	message int
	attempt int
	at      engine.Instant
}

// enter notes a post, which must be within its hours and under its cap.
func (l ledger) enter(p *engine.Post, h *model.Handed) *violation {
	if !h.InHours() {
		return broken("I7", "message %d of run %s to %s is posted at %s, outside its hours", p.Message, p.Run, p.Content.To, h.At)
	}
	name := holder{p.Content.To, h.Category.Name}
	a := l[name]
	if cap := h.Category.Cap(); a == nil || a.cap != cap {
		a = &account{cap: cap}
		l[name] = a
	}
	a.entries = slices.DeleteFunc(a.entries, func(e posting) bool { return !h.Counts(e.at) })
	a.entries = append(a.entries, posting{p.Run, p.Message, p.Attempt, h.At})
	if most := h.Category.AtMost; most > 0 && len(a.entries) > most {
		return broken("I7", "%s gets %d messages of %s by %s, and its cap is %s", p.Content.To, len(a.entries), h.Category.Name, h.At, a.cap)
	}
	return nil
}

// correct takes out what the provider did not take, and who is forgotten.
func (l ledger) correct(in *engine.Input) {
	switch p := in.Payload.(type) {
	case *engine.ProfileChange:
		if p.Forget {
			maps.DeleteFunc(l, func(name holder, _ *account) bool { return name.profile == p.Profile })
		}
	case *engine.SendResult:
		if !p.Returned && p.Outcome != channels.Refused && p.Outcome != channels.Deferred {
			return
		}
		for _, a := range l {
			a.entries = slices.DeleteFunc(a.entries, func(e posting) bool {
				return e.run == p.Run && e.message == p.Message && e.attempt == p.Attempt
			})
		}
	}
}
