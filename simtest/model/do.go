package model

import (
	"cmp"
	"slices"

	"nudge/engine"
)

// dos is what a wait takes while it goes on.
type dos struct {
	taken        map[*line]int
	next         []taking // that follow the one under way
	current      *line    // whose steps are under way
	event, reply *happening
	looked       int  // lines of which it is known whether they came before the wait
	armed        bool // all of them are
}

// taking is a line that is taken for its do.
type taking struct {
	line *line
	h    *happening
}

func doing(lines []line) bool { return slices.ContainsFunc(lines, func(l line) bool { return l.does }) }

func (l *line) isTimer() bool { return l.signal == "after" || l.signal == "at" || l.signal == "open" }

// mayTake reports whether a line can still be taken.
func (own *list) mayTake(l *line) bool {
	return !l.does || l.atMost == 0 || own.dos.taken[l] < l.atMost
}

// waitAndDo waits for the first line that ends the wait, and takes the dos of the others
// meanwhile.
func (w *walk) waitAndDo(s *step) *way {
	own := &list{place: s.index, lines: s.lines, due: make([]engine.Instant, len(s.lines)), dos: &dos{taken: map[*line]int{}}}
	depth := len(w.lists)
	w.lists = append(w.lists, own)
	out := w.goesOn(s, own)
	if out.kind != left || out.list != own {
		return out
	}
	w.leaveLists(depth)
	if out.line == nil {
		w.endWait(s.index, out.word, nil, nil)
		return nil
	}
	w.endWait(s.index, out.line.as, out.line, out.h)
	return w.block(out.line.then)
}

// goesOn is the wait until something ends it.
func (w *walk) goesOn(s *step, own *list) *way {
	for {
		w.status, w.at = engine.Waiting, s.index
		var out *way
		switch d := own.dos; {
		case len(d.next) > 0:
			out = w.doNext(s, own)
		case !d.armed:
			out = w.lookFurther(own)
		default:
			out = w.await(engine.Waiting, s.index, func() *way {
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
		if out != nil && out.kind == left && out.list == own && out.line != nil && out.line.does {
			w.follows(own, out.line, out.h)
			continue
		}
		if out != nil {
			return out
		}
	}
}

// follows notes that the do of a line follows.
func (w *walk) follows(own *list, l *line, h *happening) {
	d := own.dos
	d.taken[l]++
	w.goes(engine.CountLine, own.place, placeIn(own.lines, l), "")
	if len(d.next) == engine.MaxMailbox {
		w.note(engine.KindDropped, own.place, 0, "")
		d.next = d.next[1:]
	}
	d.next = append(d.next, taking{l, h})
	w.note(engine.KindDo, own.place, 0, "")
	w.mark("took a do")
}

// doNext takes the steps of the next do. What is not handed over is dropped where something
// leads out of them.
func (w *walk) doNext(s *step, own *list) *way {
	d := own.dos
	mine := d.next[0]
	d.next, d.current, d.event, d.reply = d.next[1:], mine.line, w.event, w.reply
	w.repliedTo(mine.h)
	if mine.h != nil && mine.h.event != "" {
		w.event = mine.h
	} else if mine.h != nil {
		w.reply = mine.h
	}
	out := w.block(mine.line.do)
	w.event, w.reply, d.current = d.event, d.reply, nil
	if out != nil && out.kind == left && out.list == own {
		reason := engine.ReasonWaitEnded
		if out.line != nil && out.line.does {
			reason = engine.ReasonWaitWentOn
		}
		if w.status == engine.Sending {
			w.mark("dropped by its wait")
			w.drop(len(w.messages)-1, reason)
		}
		w.alarm, w.status = 0, engine.Waiting
	}
	if out != nil {
		return out
	}
	w.status, w.at = engine.Waiting, s.index
	for i := range s.lines { // the do may have made a condition true
		l := &s.lines[i]
		if l.signal != "if" || !own.mayTake(l) || !w.truth(l.if_, nil) {
			continue
		}
		if !l.does {
			return &way{kind: left, list: own, line: l}
		}
		w.follows(own, l, nil)
	}
	if d.armed && timeless(own) && w.lostCause(s.lines) {
		return &way{kind: left, list: own, word: "failed"}
	}
	if len(d.next) == 0 {
		w.waitsAt(w.at)
	}
	return nil
}

// lookFurther takes what came before the wait, line by line, and then begins to wait.
func (w *walk) lookFurther(own *list) *way {
	d := own.dos
	for d.looked < len(own.lines) {
		l := &own.lines[d.looked]
		var h *happening
		found := false
		if own.mayTake(l) {
			var got *line
			got, h = w.lookBack(own.lines[d.looked : d.looked+1])
			found = got != nil
		}
		if !found {
			d.looked++
			continue
		}
		if !l.does {
			return &way{kind: left, list: own, line: l, h: h}
		}
		if w.follows(own, l, h); d.current == nil {
			return nil
		}
	}
	d.armed = true
	if w.arm(own); w.outOfTime(own) {
		return &way{kind: left, list: own, word: "past"}
	}
	if timeless(own) && w.lostCause(own.lines) {
		return &way{kind: left, list: own, word: "failed"}
	}
	w.note(engine.KindWaiting, own.place, 0, "")
	return nil
}

// lookAround goes on to look at what came before a wait while a do of it is under way.
func (w *walk) lookAround() *way {
	if own := w.goingOn(); own != nil && !own.dos.armed {
		return w.lookFurther(own)
	}
	return nil
}

// goingOn is the wait whose do is under way; nil for none.
func (w *walk) goingOn() *list {
	if n := len(w.lists); n > 0 && w.lists[n-1].dos != nil && w.lists[n-1].dos.current != nil {
		return w.lists[n-1]
	}
	return nil
}

// takeDo takes a line for its do: now, or after the do under way. That of a timer takes the
// place of that of an earlier timer, as long as its message is held.
func (w *walk) takeDo(own *list, l *line, h *happening) *way {
	d := own.dos
	if l.isTimer() {
		for i := range own.lines {
			if &own.lines[i] == l {
				own.due[i] = 0
			}
		}
		for _, t := range d.next {
			if t.line.isTimer() {
				w.note(engine.KindPassedOver, own.place, 0, "")
			}
		}
		d.next = slices.DeleteFunc(d.next, func(t taking) bool { return t.line.isTimer() })
		if d.current != nil && d.current.isTimer() && w.status == engine.Sending && slices.Contains([]engine.MessageStatus{engine.Planned, engine.Held, engine.Retrying}, w.current().status) {
			w.mark("a later reminder in the place of an earlier one")
			return &way{kind: left, list: own, line: l}
		}
	}
	if d.current == nil {
		return &way{kind: left, list: own, line: l, h: h}
	}
	w.mark("a do that follows")
	w.follows(own, l, h)
	return nil
}

// comesDue is the end of a wait or collect by what is due: the earliest that ends it, of one
// instant the upper; else the do of the latest. What is due in vain is passed over.
func (w *walk) comesDue(own *list) *way {
	var due []int
	for i, at := range own.due {
		if at != 0 && at <= w.f.now {
			due = append(due, i)
		}
	}
	slices.SortStableFunc(due, func(a, b int) int { return cmp.Compare(own.due[a], own.due[b]) })
	lost, passed := w.lostCause(own.lines), false
	pass := func(i int) {
		own.due[i], passed = 0, true
		w.note(engine.KindPassedOver, own.place, 0, "")
	}
	for _, i := range due {
		switch l := &own.lines[i]; {
		case l.does:
			continue
		case lost:
			return &way{kind: left, list: own, word: "failed"}
		case w.truth(l.if_, nil):
			return &way{kind: left, list: own, line: l}
		}
		pass(i)
	}
	if passed && w.outOfTime(own) {
		w.mark("no timer left that could end a wait")
		return &way{kind: left, list: own, word: "past"}
	}
	due = slices.DeleteFunc(due, func(i int) bool { return !own.lines[i].does })
	slices.SortStableFunc(due, func(a, b int) int { return cmp.Compare(own.due[b], own.due[a]) })
	var latest *line
	for _, i := range due {
		if l := &own.lines[i]; !lost && latest == nil && w.truth(l.if_, nil) {
			latest = l
			continue
		}
		pass(i)
	}
	if latest == nil {
		return nil
	}
	return w.takeDo(own, latest, nil)
}

// tookDo reports whether the wait that the run is in has taken a do.
func (w *walk) tookDo() bool {
	n := len(w.lists)
	return n > 0 && w.lists[n-1].dos != nil && len(w.lists[n-1].dos.taken) > 0
}
