package story

import (
	"encoding/json"
	"fmt"
	"strings"

	"nudge/channels"
	"nudge/engine"
)

// Reply is what somebody writes.
type Reply struct {
	By   string
	Text string

	// Message names the message that it answers, and Nth which of that name, from 1; 0 is the
	// newest. Conversation is where it is written; an empty text is nowhere. Without both it
	// answers the newest message to the person in that message's conversation; without such a
	// message they write by themselves.
	Message      string
	Nth          int
	Conversation *string

	Parts    []channels.ReplyPart
	Metadata json.RawMessage
}

// Reply has somebody write to us.
func (w *World) Reply(r Reply) error {
	reply := channels.Reply{Profile: r.By, Text: r.Text, Parts: r.Parts, Metadata: r.Metadata, At: w.virtual.Now()}
	m, err := w.target(&r)
	if err != nil {
		return err
	}
	if m != nil {
		reply.Conversation, reply.Answers = m.Content.Conversation, m.Content.Ref
	}
	if r.Conversation != nil {
		reply.Conversation = *r.Conversation
	}
	w.say(0, LineInput, fmt.Sprintf("reply%s%s: %s", byWhom(r.By), r.where(), r.Text))
	return w.Input(&engine.Input{Payload: &engine.Reply{Reply: reply}})
}

// target returns the message that a reply answers; nil for none.
func (w *World) target(r *Reply) (*Message, error) {
	switch {
	case r.Message != "":
		m, err := w.sent(r.Message, r.By, r.Nth)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be answered: %w", r.Message, err)
		}
		return m, nil
	case r.Conversation != nil:
		return nil, nil
	}
	return w.newest(func(m *Message) bool { return m.Content.To == r.By }), nil
}

// where says on the timeline what a reply is about, as far as its story does.
func (r *Reply) where() (text string) {
	if r.Message != "" {
		text = " to " + r.Message
	}
	if r.Conversation != nil {
		text += " in " + strings.TrimSpace(*r.Conversation)
	}
	if n := len(r.Parts); n > 0 {
		text += fmt.Sprintf(" with %d parts", n)
	}
	return text
}
