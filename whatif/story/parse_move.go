package story

import (
	"maps"
	"slices"

	"nudge/channels"
	"nudge/flows"
	"nudge/lang/node"
)

// moveWords are the words that say what a move is.
var moveWords = []string{
	"event", "call", "reply", "sent", "delivered", "read", "failed", "expired", "profile", "arms", "answers", "after", "at", "expect",
}

var statuses = map[string]channels.Status{
	"sent": channels.Sent, "delivered": channels.Delivered, "read": channels.Read,
	"failed": channels.Failed, "expired": channels.Expired,
}

const moveHint = "for example { event: order.shipped }, { read: welcome }, { after: 3d } or { expect: welcome }"

// move reads one line of a story.
func (r *reader) move(m *node.Map) move {
	move := move{Span: m.Span()}
	m.Allow(moveWords...)
	var said []string
	for _, word := range moveWords {
		if m.Has(word) {
			said = append(said, word)
		}
	}
	switch {
	case len(said) == 0 && len(m.Keys()) > 0:
		m.Close()
		m.Errorf("", codeMove, moveHint, "this line of the story has no move")
		return move
	case len(said) != 1:
		m.Errorf("", codeMove, moveHint, "a line of a story needs exactly one move")
		return move
	}
	r.moveOf(&move, said[0], m)
	m.Close()
	return move
}

func (r *reader) moveOf(move *move, word string, m *node.Map) {
	switch word {
	case "event":
		move.Kind = moveEvent
		r.event(move, m)
	case "call":
		move.Kind, move.Name, move.Key = moveCall, r.flowName(m.Text("call")), m.Str("key")
		move.By, move.Data = r.by(m, true), r.data(m)
	case "reply":
		move.Kind = moveReply
		r.reply(move, m)
	case "profile":
		move.Kind, move.By = moveProfile, r.by(m, true)
		if v := m.Get("profile"); v.Map() != nil {
			move.Data = encoded(literal(v))
		}
	case "arms":
		move.Kind, move.Arms = moveArms, r.arms(m.Get("arms"))
	case "answers":
		move.Kind, move.Answers = moveAnswers, r.answers(m.Get("answers"))
	case "after":
		move.Kind = moveAfter
		r.after(move, m.Text("after"))
	case "at":
		move.Kind, move.At = moveAt, r.clock(m.Text("at"))
	case "expect":
		move.Kind, move.Expect = moveExpect, r.expectations(m.Get("expect"))
	default:
		move.Kind, move.Status, move.Name = moveReceipt, statuses[word], r.messageName(m.Text(word), AnyMessage)
		move.Text, move.By, move.Nth = m.Str("reason"), r.by(m, false), r.nth(m)
	}
}

func (r *reader) event(move *move, m *node.Map) {
	t := m.Text("event")
	if t != nil {
		known := map[string]bool{}
		for name := range r.project.Events {
			known[name] = true
		}
		for _, f := range r.file.Flows {
			for name := range f.Listening {
				known[name] = true
			}
		}
		if move.Name = t.Value; !known[t.Value] {
			r.unknown(t, "event", slices.Sorted(maps.Keys(known)))
		}
	}
	move.ID, move.By, move.Data, move.Times = m.Str("id"), r.eventBy(m), r.data(m), 1
	if m.Has("times") {
		if move.Times = m.Int("times"); move.Times < 1 || move.Times > maxTimes {
			m.Errorf("times", codeMove, "", "times must be from 1 to %d", maxTimes)
			move.Times = 1
		}
	}
}

// nobody is the person of an event that names nobody.
const nobody = "nobody"

// eventBy is whom an event names.
func (r *reader) eventBy(m *node.Map) string {
	if t := m.Text("by"); t != nil && t.Value == nobody && !r.known(nobody) {
		if r.alone {
			r.by(m, false) // which says that by does not belong there
		}
		return ""
	}
	return r.by(m, false)
}

func (r *reader) known(name string) bool {
	return slices.ContainsFunc(r.file.People, func(p Person) bool { return p.Name == name })
}

// by is who acts: the only person of the file where nobody is named.
func (r *reader) by(m *node.Map, must bool) string {
	if t := m.Text("by"); t != nil && r.alone {
		r.list.Errorf(t.Span, codeWho, "leave it out", "each: people plays the story for every person, so by cannot name one")
	} else if t != nil {
		r.someone(t)
		return t.Value
	}
	if len(r.file.People) == 1 || r.alone && len(r.file.People) > 0 {
		return r.file.People[0].Name
	}
	if must {
		m.Errorf("", codeWho, "add by: and their name", "the file does not have exactly one person, so this line must say who")
	}
	return ""
}

// someone checks that somebody is among the people.
func (r *reader) someone(t *node.Text) {
	var known []string
	for _, p := range r.file.People {
		known = append(known, p.Name)
	}
	if !slices.Contains(known, t.Value) {
		r.unknown(t, "person", known)
	}
}

func (r *reader) data(m *node.Map) []byte {
	v := m.Get("data")
	if v == nil || v.Map() == nil {
		return nil
	}
	return encoded(literal(v))
}

func (r *reader) after(move *move, t *node.Text) {
	if t == nil {
		return
	}
	d, err := flows.ParseDuration(t.Value)
	if err != nil {
		r.list.Errorf(t.Span, codeMoment, "for example 90m, 72h or 3d", "%v", err)
	}
	move.After = d
}

func (r *reader) clock(t *node.Text) *clock {
	if t == nil {
		return nil
	}
	m, err := parseClock(t.Value)
	if err != nil {
		r.list.Errorf(t.Span, codeMoment, "for example thu 11:00, 11:00 or 2026-03-05 11:00", "%v", err)
		return nil
	}
	return m
}

func (r *reader) flowName(t *node.Text) string {
	if t == nil {
		return ""
	}
	var known []string
	for _, f := range r.file.Flows {
		known = append(known, f.Name)
	}
	if !slices.Contains(known, t.Value) {
		r.unknown(t, "flow under test", known)
	}
	return t.Value
}

// messageName is the name of a template, or the id of a send.
func (r *reader) messageName(t *node.Text, also ...string) string {
	if t == nil {
		return ""
	}
	known := also
	for _, f := range r.file.Flows {
		for i := range f.Steps {
			if s := &f.Steps[i]; s.Send != nil {
				known = append(known, s.ID, s.Send.Template)
			}
		}
	}
	slices.Sort(known)
	if known = slices.Compact(known); !slices.Contains(known, t.Value) {
		r.unknown(t, "message", known)
	}
	return t.Value
}
