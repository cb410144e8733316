package model

import (
	"slices"
)

// lookBack finds the upper line that has happened already.
func (w *walk) lookBack(lines []line) (*line, *happening) {
	for i := range lines {
		l := &lines[i]
		switch l.signal {
		case "event", "reply":
			for j := range w.mailbox {
				h := &w.mailbox[j]
				mine := l.signal == "event" && w.matches(l, h) || l.signal == "reply" && h.event == "" && w.answers(l, h)
				if mine && w.truth(l.if_, h) {
					found := *h
					w.mailbox = slices.Delete(slices.Clone(w.mailbox), j, j+1)
					return l, &found
				}
			}
		case "read", "delivered", "failed":
			if w.reached(l) && w.truth(l.if_, nil) {
				return l, nil
			}
		case "if":
			if w.truth(l.if_, nil) {
				return l, nil
			}
		}
	}
	return nil, nil
}

func (w *walk) isEvent(l *line) bool { return l.signal == "event" && w.matches(l, w.f.h) }

// matches reports whether an event line names an event, and it is this run's.
func (w *walk) matches(l *line, h *happening) bool {
	return w.mayMatch(l, h) && w.namesWhom(l.by, h) == "them"
}

// mayMatch is matches where the person whom the line wants may not be known yet.
func (w *walk) mayMatch(l *line, h *happening) bool {
	return l.of == h.event && h.event != "" && w.flow.knows(h) && w.run.owns(l.key, h) && w.namesWhom(l.by, h) != "other"
}

// namesWhom says whether an event names the person whom a line wants it to name.
func (w *walk) namesWhom(by string, h *happening) string {
	if by == "" {
		return "them"
	}
	v, err := evaluate(by, w.names(nil))
	who, ok := textOf(v)
	switch {
	case h.who == "":
		return "other"
	case err != nil || !ok:
		w.mark("nobody is known whom an event must name")
		return "unknown"
	case who != h.who:
		w.mark("event names somebody else")
		return "other"
	}
	w.mark("event names whom it must")
	return "them"
}

// answers reports whether a reply came after a message that the line names, to where that
// message is.
func (w *walk) answers(l *line, h *happening) bool {
	for i := range w.messages {
		m := &w.messages[i]
		if !w.named(l, m) || m.posted == 0 || m.posted > h.at {
			continue
		}
		if l.wide || h.conv == "" || w.convOf(i) == h.conv || w.adrift(i) && !w.wroteIn(h.conv) {
			return true
		}
	}
	return false
}

func (w *walk) named(l *line, m *Message) bool {
	return !m.gone && (l.of == "any" || m.step >= 0 && w.flow.order[m.step] == l.of)
}

// newly reports whether a message has just come to where the line waits for it.
func (w *walk) newly(l *line, before []Message) bool {
	for i := range before {
		if w.named(l, &before[i]) && satisfies(w.messages[i].status, l.signal) && !satisfies(before[i].status, l.signal) {
			return true
		}
	}
	return false
}

// reached reports whether a message is where the line waits for it: any of them, or
// the newest of the step that the line names.
func (w *walk) reached(l *line) bool {
	for i := len(w.messages) - 1; i >= 0; i-- {
		if m := &w.messages[i]; w.named(l, m) {
			if satisfies(m.status, l.signal) {
				return true
			}
			if l.of != "any" {
				return false
			}
		}
	}
	return false
}

// lostCause reports whether all messages that the lines name are known not to have
// arrived, there is one, and no line asked to hear of it.
func (w *walk) lostCause(lines []line) bool {
	any := false
	for i := range lines {
		l := &lines[i]
		if l.signal == "failed" {
			return false
		}
		if l.signal != "read" && l.signal != "delivered" && l.signal != "reply" {
			continue
		}
		for j := len(w.messages) - 1; j >= 0; j-- {
			m := &w.messages[j]
			if !w.named(l, m) {
				continue
			}
			if !lost(m.status) {
				return false
			}
			any = true
			if l.of != "any" {
				break
			}
		}
	}
	return any
}
