package story

import (
	"encoding/json"

	"nudge/channels"
	"nudge/lang/node"
)

// reply reads what a person writes, and what they write to.
func (r *reader) reply(move *move, m *node.Map) {
	move.By = r.by(m, true)
	move.Reply = Reply{By: move.By, Text: m.Str("reply"), Parts: r.replyParts(m)}
	if t := m.Text("conversation"); t != nil {
		move.Reply.Conversation = &t.Value
	}
	if m.Has("message") {
		move.Reply.Message, move.Reply.Nth = r.messageName(m.Text("message"), AnyMessage), r.nth(m)
	}
	if v := m.Get("metadata"); v != nil {
		move.Reply.Metadata = encoded(literal(v))
	}
}

// replyParts reads the parts of a reply.
func (r *reader) replyParts(m *node.Map) (parts []channels.ReplyPart) {
	for _, v := range m.List("parts") {
		p := v.Map()
		if p == nil {
			continue
		}
		part := channels.ReplyPart{Type: p.Str("type"), Name: p.Str("name"), URL: p.Str("url")}
		if part.Type == "" {
			p.Errorf("", codeMove, "for example type: image/png", "the part of a reply needs a type")
		}
		if data := p.Get("data"); data != nil {
			part.Data = json.RawMessage(encoded(literal(data)))
		}
		p.Close()
		parts = append(parts, part)
	}
	if v := m.Get("parts"); len(parts) > channels.MaxReplyParts {
		v.Errorf(codeMove, "", "a reply has at most %d parts, not %d", channels.MaxReplyParts, len(parts))
	}
	return parts
}

// nth reads which message of its name is meant.
func (r *reader) nth(m *node.Map) int {
	if !m.Has("nth") {
		return 0
	}
	n := m.Int("nth")
	if n < 1 {
		m.Errorf("nth", codeMove, "nth: 1 is the first message of that name", "nth must be 1 or more")
	}
	return n
}
