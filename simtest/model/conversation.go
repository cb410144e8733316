package model

import (
	"strings"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

// place notes where the newest message goes.
func (w *walk) place(s *step) {
	m := w.current()
	f := w.conversation(s)
	m.conv, m.borrowed = f.text, !f.known
}

// conversation is the one of a message: its own, else that of its sender and the person.
func (w *walk) conversation(s *step) filled {
	said := func(key string) *yaml.Node {
		if n := get(s.node, key); n != nil {
			return n
		}
		return get(w.message(s), key)
	}
	n := said("conversation")
	if n == nil {
		n = w.flow.thread
	}
	switch {
	case text(n) == "new":
		return filled{known: true} // the provider will say
	case n != nil:
		return w.fill(text(n))
	}
	from := said("from")
	if from == nil {
		from = w.flow.from
	}
	sender := filled{text: w.flow.project, known: true}
	switch {
	case text(from) != "":
		sender = w.fill(text(from))
		sender.text = withoutTeam(sender.text)
	case from != nil:
		id := w.fill(text(get(from, "id")))
		if sender.text = withoutTeam(id.text); sender.text == id.text {
			own := strings.ReplaceAll(strings.ReplaceAll(id.text, "~", "~0"), "_", "~1")
			return filled{text: strings.ReplaceAll(w.flow.project, " ", "_") + "." + own + "_" + w.run.profile, known: id.known}
		}
		sender.known = id.known
	}
	sender.text = strings.ReplaceAll(sender.text+"_"+w.run.profile, " ", "_")
	return sender
}

// withoutTeam is the name of a Chat team without what marks it as one.
func withoutTeam(id string) string {
	if len(id) > 5 && strings.EqualFold(id[:5], `team\`) {
		return id[5:]
	}
	return id
}

// convOf is the conversation of a message, empty where it is not known.
func (w *walk) convOf(i int) string {
	if m := &w.messages[i]; !m.borrowed || m.posted == 0 {
		return m.conv
	}
	if conv := w.run.convs[i]; conv != "" {
		return conv
	}
	if after := w.run.world.after[w.run.id]; after != nil && after.Message(i+1) != nil {
		return after.Message(i + 1).Conversation
	}
	return ""
}

// adrift reports whether a message went out, and nobody has said yet to where.
func (w *walk) adrift(i int) bool {
	m := &w.messages[i]
	return !m.gone && m.posted != 0 && w.convOf(i) == "" && !lost(m.status)
}

// wroteIn reports whether the run has written in a conversation, and lastIn when it last did.
func (w *walk) wroteIn(conversation string) bool { return w.lastIn(conversation) != 0 }

func (w *walk) lastIn(conversation string) (last engine.Instant) {
	for i := range w.messages {
		if !w.messages[i].gone && w.convOf(i) == conversation {
			last = max(last, w.messages[i].posted)
		}
	}
	return last
}
