package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
)

// inbound is a message of a person, as the owner of a custom channel posts it (Dotdigital,
// omnichannel API). Its fields go into the webhook as they were given.
type inbound struct {
	From           json.RawMessage `json:"from"`
	To             json.RawMessage `json:"to"`
	ConversationID string          `json:"conversationId"`
	Channel        string          `json:"channel"`
	Title          string          `json:"title"`
	Body           string          `json:"body"`
	MessageParts   []part          `json:"messageParts"`
	Metadata       json.RawMessage `json:"metadata"`
	ChannelData    *struct {
		Body json.RawMessage `json:"body"`
	} `json:"channelData"`
	Correlation *struct {
		MessageID string `json:"messageId"`
	} `json:"correlation"`
}

// check returns the mistakes of an inbound message.
func (q *inbound) check() failures {
	var f failures
	f.add(!isObject(q.From), "from", "want an object")
	f.add(!isObject(q.To), "to", "want an object")
	f.add(q.Channel == "", "channel", "is required")
	f.add(q.Body == "" && len(q.MessageParts) == 0, "body", "a body or messageParts is required")
	f.add(!isObject(q.Metadata), "metadata", "want an object")
	f.add(q.ChannelData != nil && !isObject(q.ChannelData.Body), "channelData.body", "want an object")
	f.add(q.Correlation != nil && q.Correlation.MessageID == "", "correlation.messageId", "is required")
	checkParts(&f, "messageParts", q.MessageParts)
	return f
}

// text is the words of the message: its body, else its first part.
func (q *inbound) text() string {
	if q.Body == "" && len(q.MessageParts) > 0 {
		return q.MessageParts[0].text()
	}
	return q.Body
}

// field is a text of an object, empty when it is missing or something else.
func field(object json.RawMessage, name string) string {
	var all map[string]json.RawMessage
	if len(object) == 0 || json.Unmarshal(object, &all) != nil {
		return ""
	}
	text, _ := asText(all[name])
	return text
}

// takeInbound is POST …/messages/inbounds.
func (s *Sandbox) takeInbound(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var q inbound
	f := decode(body, &q)
	if len(f) == 0 {
		f = q.check()
	}
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	conversation := cmp.Or(field(q.To, "conversationId"), q.ConversationID)
	s.mu.Lock()
	defer s.mu.Unlock()
	profile, answers := s.writerOf(&q, conversation)
	rec := &record{
		Message: Message{Profile: profile, Conversation: conversation, Metadata: q.Metadata, Request: body},
		space:   r.PathValue("space"),
	}
	if answers != nil {
		rec.Answers, rec.Conversation = answers.ID, answers.Conversation
	}
	s.take(rec, answers, q.text(), s.config.Clock.Now())
	answerJSON(w, http.StatusCreated, s.shownInbound(rec))
}

// writerOf finds the author of an inbound message and the message that it answers, nil for
// none. The author is the profile that from names, else the recipient of the message that
// correlation names, else nobody. The caller holds the lock.
func (s *Sandbox) writerOf(q *inbound, conversation string) (profile string, answers *record) {
	profile = field(q.From, "profileId")
	if q.Correlation != nil {
		if r := s.store.byID[q.Correlation.MessageID]; r != nil && !r.Inbound && !r.dead {
			return cmp.Or(profile, r.Profile), r
		}
	}
	if profile == "" {
		return "", nil
	}
	return profile, s.store.newest(profile, conversation)
}

// shownInbound is a message of a person as the API shows it. The caller holds the lock.
func (s *Sandbox) shownInbound(r *record) *inboundMessage {
	e := &event{of: r, text: r.Text, request: r.Request, at: r.At, answers: s.store.byID[r.Answers]}
	m := e.inbound()
	m.Status = r.Status
	m.CreatedOn, m.CreatedBy = at(r.At), apiActor
	m.UpdatedOn, m.UpdatedBy = m.CreatedOn, m.CreatedBy
	return m
}
