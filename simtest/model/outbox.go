package model

import (
	"nudge/engine"
)

func (w *World) timer(t *engine.Timer) {
	r := w.known(t.Run)
	switch {
	case w.stamp < t.Due:
		w.fail("the timer of run %s fired early: due at %s, at %s (I5)", r.id, t.Due, w.stamp)
	case r.over() || r.now.deadline() != t.Due:
		w.fail("a timer of run %s fired at %s which it does not have (I5): its deadline is %s", r.id, t.Due, r.now.deadline())
	}
	w.feed(r, fact{kind: rings, due: t.Due})
}

func (w *World) claim(ref *engine.OutboxRef) {
	r := w.known(ref.Run)
	switch {
	case r.over() || r.now.messages[ref.Message-1].status != engine.Planned:
		w.fail("message %d of run %s was claimed, but is not planned (I3)", ref.Message, r.id)
	case !w.slots.free(r.now.messages[ref.Message-1].account):
		w.fail("message %d of run %s was claimed while nothing may go out (I7)", ref.Message, r.id)
	}
	w.feed(r, fact{kind: claimable, message: ref.Message})
}

func (w *World) result(res *engine.SendResult) {
	r := w.known(res.Run)
	if res.Message < 1 || res.Message > len(r.now.messages) || res.Attempt > r.now.messages[res.Message-1].attempt {
		w.fail("the end of a post that never was: run %s message %d attempt %d (I3)", r.id, res.Message, res.Attempt)
	}
	w.feed(r, fact{kind: resulted, result: res, orphan: w.adopted(&r.now.messages[res.Message-1], res)})
}
