package model

import (
	"fmt"
	"slices"

	"nudge/engine"
)

// wait waits for the first of the lines.
func (w *walk) wait(s *step) *way {
	w.status = engine.Waiting
	if doing(s.lines) {
		return w.waitAndDo(s)
	}
	if l, h := w.lookBack(s.lines); l != nil {
		w.endWait(s.index, l.as, l, h)
		return w.block(l.then)
	}
	own := &list{place: s.index, lines: s.lines}
	w.arm(own)
	if w.outOfTime(own) {
		w.endWait(s.index, "past", nil, nil)
		return nil
	}
	if timeless(own) && w.lostCause(s.lines) {
		w.endWait(s.index, "failed", nil, nil)
		return nil
	}
	w.note(engine.KindWaiting, s.index, 0, "")
	return w.during(own, func() *way {
		switch w.f.kind {
		case receipted, told:
			if timeless(own) && w.lostCause(s.lines) {
				return &way{kind: left, list: own, word: "failed"}
			}
		case rings:
			return w.comesDue(own)
		}
		return nil
	})
}

// during waits with a list in effect, and follows the line by which it is left.
func (w *walk) during(own *list, look func() *way) *way {
	w.lists = append(w.lists, own)
	depth := len(w.lists) - 1
	out := w.await(engine.Waiting, own.place, look)
	if out == nil || out.kind != left || out.list != own {
		return out
	}
	w.leaveLists(depth)
	w.freed = w.freed || w.flow.byIndex[own.place].last
	if out.line == nil {
		w.endWait(own.place, out.word, nil, nil)
		return nil
	}
	w.endWait(own.place, out.line.as, out.line, out.h)
	return w.block(out.line.then)
}

// timeless reports whether no timer is left that could end a wait.
func timeless(l *list) bool {
	for i, at := range l.due {
		if at != 0 && !l.lines[i].does {
			return false
		}
	}
	return true
}

// repeat takes its steps some times, until one of its lines leads out.
func (w *walk) repeat(s *step) *way {
	own := &list{place: s.index, lines: s.lines}
	mine := &loop{step: s.index, round: 1, began: w.f.now}
	depth := len(w.loops)
	w.loops = append(w.loops, mine)
	if l, h := w.lookBack(s.lines); l != nil {
		w.loops = w.loops[:depth]
		w.endWait(s.index, l.as, l, h)
		return w.block(l.then)
	}
	w.arm(own)
	lists := len(w.lists)
	w.lists = append(w.lists, own)
	out := w.rounds(s, own, mine)
	if out != nil && (out.kind != left || out.list != own) {
		return out
	}
	if out != nil { // left from anywhere inside
		if w.status == engine.Sending {
			w.drop(len(w.messages)-1, engine.ReasonLoopLeft)
		}
		w.alarm = 0
	}
	w.leaveLists(lists)
	w.loops = w.loops[:depth]
	if out == nil {
		w.endWait(s.index, engine.OutcomeCompleted, nil, nil)
		return nil
	}
	w.endWait(s.index, out.line.as, out.line, out.h)
	if way := w.leaveByLoss(); way != nil { // of the message that was dropped
		return way
	}
	return w.block(out.line.then)
}

func (w *walk) rounds(s *step, own *list, mine *loop) *way {
	for ; ; mine.round++ {
		w.at = s.index
		w.note(engine.KindRound, s.index, 0, "")
		if out := w.block(s.body); out != nil {
			return out
		}
		end := engine.InstantOf(s.every.after(mine.began.Time(), w.zone()))
		if s.till != "" {
			at, _, _ := w.moment(s.till, w.now())
			end = engine.InstantOf(at)
		}
		if end > w.f.now {
			own.rest = end
			w.note(engine.KindWaiting, s.index, 0, "")
			if out := w.await(engine.Waiting, s.index, func() *way {
				if w.f.kind == rings && w.f.due == own.rest {
					return &way{kind: onward}
				}
				return nil
			}); out != nil {
				return out
			}
			own.rest = 0
		}
		if mine.round == s.times {
			return nil
		}
		mine.began = w.f.now
	}
}

// collect gathers events until one of its lines ends it.
func (w *walk) collect(s *step) *way {
	w.status = engine.Waiting
	w.items[s.index] = nil
	if s.include {
		w.items[s.index] = []*happening{{at: w.run.facts[0].now, event: w.run.by, who: w.run.profile, data: w.run.data}}
	}
	changed := w.collectHeld(s) || s.include
	l, h := w.lookBack(s.lines)
	if l == nil {
		l = w.fullLine(s, changed)
	}
	if l != nil {
		w.freed = w.freed || s.last
		w.endWait(s.index, l.as, l, h)
		return w.block(l.then)
	}
	own := &list{place: s.index, lines: s.lines}
	if w.arm(own); w.outOfTime(own) {
		w.freed = w.freed || s.last
		w.endWait(s.index, "past", nil, nil)
		return nil
	}
	w.note(engine.KindWaiting, s.index, 0, "")
	return w.during(own, func() *way { return w.collectMore(s, own) })
}

// isItem reports whether a collect gathers an event.
func (w *walk) isItem(s *step, h *happening) bool {
	return slices.Contains(s.events, h.event) && w.flow.knows(h) && w.run.owns(s.key, h) && w.namesWhom(s.by, h) == "them" && w.truth(s.itemIf, h)
}

// like is the item with the same unique value as an event, or -1.
func (w *walk) like(s *step, h *happening) int {
	mine, ok := uniqueValue(s, h)
	for i, item := range w.items[s.index] {
		if other, has := uniqueValue(s, item); ok && has && mine == other {
			return i
		}
	}
	return -1
}

// uniqueValue is what an event may share with another; not what is absent.
func uniqueValue(s *step, h *happening) (string, bool) {
	if s.unique == "" {
		return "", false
	}
	v, err := evaluate(s.unique, func(string) any { return h.data })
	if err != nil || v == nil {
		return "", false
	}
	return fmt.Sprintf("%T %v", v, v), true
}

// gather takes what an event changes of the items: one more, another in an earlier one's place,
// or one that goes. It reports whether it changes anything.
func (w *walk) gather(s *step, h happening) bool {
	list := slices.Clone(w.items[s.index])
	switch at := w.like(s, &h); {
	case w.isItem(s, &h):
		if at >= 0 {
			list[at] = &h
		} else {
			list = append(list, &h)
		}
		w.note(engine.KindItem, s.index, 0, "")
	case at >= 0 && slices.Contains(s.removes, h.event) && w.flow.knows(&h) && w.run.owns(s.key, &h) && w.namesWhom(s.by, &h) == "them":
		list = slices.Delete(list, at, at+1)
		w.note(engine.KindTakenBack, s.index, 0, "")
	default:
		return false
	}
	w.items[s.index] = list
	return true
}

// collectHeld gathers what was held for the run. It reports whether that changed anything.
func (w *walk) collectHeld(s *step) (changed bool) {
	var kept []happening
	for _, h := range w.mailbox {
		if w.gather(s, h) {
			changed = true
		} else {
			kept = append(kept, h)
		}
	}
	w.mailbox = kept
	return changed
}

// fullLine is the line that ends a collect with as many items as it now has.
func (w *walk) fullLine(s *step, changed bool) *line {
	for i := range s.lines {
		if changed && s.lines[i].signal == "gathered" && w.truth(s.lines[i].if_, nil) {
			return &s.lines[i]
		}
		if l := &s.lines[i]; l.signal == "items" && len(w.items[s.index]) >= l.items && w.truth(l.if_, nil) {
			return l
		}
	}
	return nil
}

// collectMore is what happens while a collect waits: another item, or a timer.
func (w *walk) collectMore(s *step, own *list) *way {
	switch {
	case w.f.kind == comes && w.gather(s, *w.f.h):
		w.moved = true
		w.run.gathered = true
		if l := w.fullLine(s, true); l != nil {
			return &way{kind: left, list: own, line: l}
		}
		for i := range s.lines {
			if l := &s.lines[i]; l.signal == "quiet" {
				own.due[i] = engine.InstantOf(l.after.after(w.now(), w.zone()))
			}
		}
	case w.f.kind == rings:
		return w.comesDue(own)
	}
	return nil
}
