package model

import (
	"slices"
	"time"

	"nudge/engine"
)

// await lets things happen to the run until one of them leads it on. What only the
// step that waits understands is looked at by own, which says nil to go on waiting.
func (w *walk) await(status engine.RunStatus, at int, own func() *way) *way {
	for {
		w.status, w.at = status, at
		if way := w.lookAround(); way != nil {
			return way
		}
		if !w.next() {
			return &way{kind: parked}
		}
		if way := w.happens(own); way != nil {
			if way.kind == onward {
				return nil
			}
			return way
		}
	}
}

// happens offers a fact to whatever is in effect, the outermost first.
func (w *walk) happens(own func() *way) *way {
	switch w.f.kind {
	case ends:
		w.moved = true
		return w.finish(w.f.outcome, false)
	case leaves:
		return w.ask(w.lists[:1], w.f.h, w.isEvent)
	case comes:
		return w.comes(own)
	case answered:
		return w.ask(w.lists, w.f.h, func(l *line) bool {
			return l.signal == "reply" && (l.wide || !w.f.anywhere) && w.answers(l, w.f.h)
		})
	case placed:
		w.moved = true
		w.messages[w.f.message-1].conv = w.f.outcome
		return nil
	case held:
		w.moved = true
		w.hold(*w.f.h)
		return nil
	case moves:
		return w.takeOver(w.f.to)
	case touched:
		return w.ask(w.lists, nil, func(l *line) bool { return l.signal == "if" })
	case asksAgain:
		if w.asking.until != 0 {
			w.moved = true
			w.questionAgain()
		}
		return nil
	case surveyed:
		w.isSurveyed()
		return nil
	case receipted, resulted, told:
		if way, heard := w.hears(); way != nil || !heard {
			return way
		}
	case rings:
		w.moved = true
		return w.ring(own)
	}
	return own()
}

// comes is an event. It goes to the step that waits, to the lines around it, or is held for a
// wait that is still to come.
func (w *walk) comes(own func() *way) *way {
	if way := own(); way != nil || w.moved {
		return way
	}
	if way := w.ask(w.lists[1:], w.f.h, w.isEvent); way != nil || w.moved {
		return way
	}
	if w.goingOn() == nil && w.status != engine.Waiting && w.status != engine.Parked && w.awaits(w.f.h) {
		w.moved = true
		w.hold(*w.f.h)
	}
	return nil
}

// hears is news of a message. It reports false where the news changes nothing.
func (w *walk) hears() (_ *way, heard bool) {
	before := slices.Clone(w.messages)
	if !w.hear() {
		return nil, false
	}
	if w.f.kind == resulted && w.f.orphan == nil {
		return nil, true
	}
	return w.ask(w.lists, nil, func(l *line) bool { return w.newly(l, before) }), true
}

// ask takes the first of the lines that is meant and whose condition holds.
func (w *walk) ask(lists []*list, h *happening, meant func(*line) bool) *way {
	for _, list := range lists {
		for i := range list.lines {
			if l := &list.lines[i]; meant(l) && list.mayTake(l) && w.truth(l.if_, h) {
				w.moved = true
				return w.take(list, l, h)
			}
		}
	}
	return nil
}

// take follows a line: out of the run, or out of what the line belongs to.
func (w *walk) take(from *list, l *line, h *happening) *way {
	if h != nil {
		kind, step := engine.KindEvent, from.place
		if h.event == "" {
			kind = engine.KindReply
		} else if from.place == engine.AtExits {
			step = engine.NoStep
		}
		w.note(kind, step, 0, "")
	}
	if from.place == engine.AtExits {
		if w.status == engine.Parked { // nobody leaves a campaign that does not want them
			if why := w.run.campaign.unwanted(w.run, w.known, w.f.now); why != "" {
				return w.leaveOut(why)
			}
		}
		return w.leave(l, h)
	}
	if l.does {
		return w.takeDo(from, l, h)
	}
	return &way{kind: left, list: from, line: l, h: h}
}

// ring is a timer: of what is due the exits come first, then the loops, then what the
// run is parked on.
func (w *walk) ring(own func() *way) *way {
	due := w.f.due
	if w.asking.until == due {
		w.noAnswer()
		return nil
	}
	if out := w.takeDue(w.lists[:1], due); out != nil {
		return out
	}
	if w.asksFirst(due) {
		return nil
	}
	outer, during := w.lists[1:], w.goingOn()
	if during != nil {
		outer = outer[:len(outer)-1]
	} else if n := len(outer); n > 0 && w.status == engine.Waiting && outer[n-1].place == w.at && w.flow.byIndex[w.at].verb != "repeat" {
		outer = outer[:n-1]
	}
	if out := w.takeDue(outer, due); out != nil {
		return out
	}
	if during != nil && slices.Contains(during.due, due) {
		return w.comesDue(during)
	}
	rang := w.alarm == due
	for _, list := range w.lists {
		rang = rang || list.rest == due || len(outer) < len(w.lists)-1 && list.place == w.at && slices.Contains(list.due, due)
	}
	if rang {
		return own()
	}
	w.disarm(due)
	return nil
}

// takeDue takes the first of the lines that is due and whose condition holds.
func (w *walk) takeDue(lists []*list, due engine.Instant) *way {
	for _, list := range lists {
		for i := range list.due {
			if list.due[i] == due && w.truth(list.lines[i].if_, nil) {
				return w.take(list, &list.lines[i], nil)
			}
		}
	}
	return nil
}

// disarm drops the timers until an instant: their conditions were false.
func (w *walk) disarm(until engine.Instant) {
	for _, list := range w.lists {
		for i := range list.due {
			if list.due[i] != 0 && list.due[i] <= until {
				list.due[i] = 0
			}
		}
	}
}

// arm reckons when the lines of a list fall due. A moment that is past, or that cannot be
// computed, is passed over.
func (w *walk) arm(list *list) { w.armSince(list, w.now()) }

// armSince is arm for lines that count from an earlier instant.
func (w *walk) armSince(list *list, since time.Time) {
	list.due = make([]engine.Instant, len(list.lines))
	for i := range list.lines {
		switch l := &list.lines[i]; {
		case l.open != nil:
			list.due[i] = w.armOpen(l, since)
		case l.signal == "after" && !l.never, l.signal == "quiet":
			list.due[i] = engine.InstantOf(l.after.after(since, w.zone()))
		case l.signal == "at":
			at, past, ok := w.moment(l.at, since)
			if past || !ok {
				w.note(engine.KindPassedOver, list.place, 0, "")
			} else {
				list.due[i] = engine.InstantOf(at)
			}
		}
	}
}

// outOfTime reports whether a list has timers and none of them is left.
func (w *walk) outOfTime(list *list) bool {
	timers := false
	for i, l := range list.lines {
		if l.does || l.signal != "after" && l.signal != "at" && l.signal != "open" && l.signal != "quiet" {
			continue
		}
		held := slices.ContainsFunc(w.asking.held, func(h heldTimer) bool { return h.list == list && h.line == i })
		if l.never || held || list.due[i] != 0 {
			return false
		}
		timers = true
	}
	return timers
}

// awaits reports whether some wait or collect of the flow names the event.
func (w *walk) awaits(h *happening) bool {
	if w.leaving {
		return false
	}
	for _, s := range w.flow.byIndex {
		if s.verb == "collect" && !w.freed && s.hears(h.event) && w.flow.knows(h) && w.run.owns(s.key, h) && w.namesWhom(s.by, h) != "other" {
			return true
		}
		if s.verb == "wait" && slices.ContainsFunc(s.lines, func(l line) bool { return l.signal == "event" && w.mayMatch(&l, h) }) {
			return true
		}
	}
	return false
}

func (w *walk) hold(h happening) {
	w.held, h.offered = true, w.freed
	if len(w.mailbox) == engine.MaxMailbox {
		w.note(engine.KindDropped, engine.NoStep, 0, "")
		w.mailbox = w.mailbox[1:]
	}
	w.mailbox = append(slices.Clone(w.mailbox), h)
	w.note(engine.KindHeld, engine.NoStep, 0, "")
}

func (w *walk) endWait(step int, outcome string, by *line, h *happening) {
	w.goesBy(step, by, outcome)
	w.repliedTo(h)
	end := waitEnd{step: step, outcome: outcome}
	if h != nil && h.event != "" {
		end.event, w.event = h, h
	} else if h != nil {
		end.reply, w.reply = h, h
	}
	w.waits = append(w.waits, end)
	w.note(engine.KindWaitEnded, step, 0, outcome)
}

func (w *walk) leaveByIf() *way {
	return w.ask(w.lists[:1], nil, func(l *line) bool { return l.signal == "if" })
}
