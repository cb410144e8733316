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

// account is what one person got of one category since its caps were last changed.
type account struct {
	caps    string
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
	if caps := capsOf(h.Category); a == nil || a.caps != caps {
		a = &account{caps: caps}
		l[name] = a
	}
	a.entries = append(a.entries, posting{p.Run, p.Message, p.Attempt, h.At})
	counted := map[posting]bool{}
	for i := range h.Category.Caps {
		c, n := &h.Category.Caps[i], 0
		for _, e := range a.entries {
			if h.Counts(c, e.at) {
				counted[e] = true
				n++
			}
		}
		if n > c.AtMost {
			return broken("I7", "%s gets %d messages of %s by %s, and its cap is %s", p.Content.To, n, h.Category.Name, h.At, c.Words)
		}
	}
	a.entries = slices.DeleteFunc(a.entries, func(e posting) bool { return !counted[e] })
	return nil
}

// capsOf are the caps of a category in words.
func capsOf(c *model.Category) (words string) {
	for i := range c.Caps {
		words += c.Caps[i].Words + ", "
	}
	return words
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
