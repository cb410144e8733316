package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// These endpoints let the owner of a custom channel report statuses and incoming messages
// (Dotdigital, omnichannel API). Here they work for every message.

var feedbackStatuses = []string{"failed", "delivered", "read", "expired", "sent", "filtered"}

// takeStatus is POST …/messages/{id}/statuses/{status}.
func (s *Sandbox) takeStatus(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var q struct {
		Channel       string          `json:"channel"`
		ChannelStatus json.RawMessage `json:"channelStatus"`
		Timestamp     string          `json:"timestamp"`
		FailureReason string          `json:"failureReason"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		answerInvalid(w, failures{notAsWanted("", err)})
		return
	}
	var f failures
	status := r.PathValue("status")
	f.add(!slices.Contains(feedbackStatuses, status), "status", fmt.Sprintf("want one of %v", feedbackStatuses))
	f.add(q.Channel == "", "channel", "is required")
	f.add(!isObject(q.ChannelStatus), "channelStatus", "want an object")
	on := s.instant(&f, q.Timestamp)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	rec := s.lockMessage(w, r, false)
	if rec == nil {
		return
	}
	dead := rec.dead
	s.mu.Unlock()
	if !dead {
		s.report(rec, status, q.FailureReason, on)
	}
	w.WriteHeader(http.StatusOK)
}

// instant reads a timestamp. A missing one means now.
func (s *Sandbox) instant(f *failures, text string) time.Time {
	if text == "" {
		return s.config.Clock.Now()
	}
	on, err := time.Parse(time.RFC3339, text)
	f.add(err != nil, "timestamp", "is not an ISO 8601 instant, like 2030-01-31T09:00:00.000Z")
	return on
}

// inbound is a message of a person, as the owner of a custom channel posts it.
type inbound struct {
	From struct {
		ProfileID string `json:"profileId"`
	} `json:"from"`
	To struct {
		ConversationID string `json:"conversationId"`
	} `json:"to"`
	ConversationID string          `json:"conversationId"`
	Channel        string          `json:"channel"`
	Body           string          `json:"body"`
	MessageParts   []part          `json:"messageParts"`
	Metadata       json.RawMessage `json:"metadata"`
}

// takeInbound is POST …/messages/inbounds.
func (s *Sandbox) takeInbound(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var q inbound
	if err := json.Unmarshal(body, &q); err != nil {
		answerInvalid(w, failures{notAsWanted("", err)})
		return
	}
	if f := q.check(); len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	conversation := cmp.Or(q.To.ConversationID, q.ConversationID)
	s.mu.Lock()
	newest := s.store.newest(q.From.ProfileID, conversation)
	s.mu.Unlock()
	reply := &record{
		Message: Message{Profile: q.From.ProfileID, Conversation: conversation, Metadata: q.Metadata, Request: body},
		space:   r.PathValue("space"),
	}
	if newest != nil {
		reply.Answers, reply.Conversation = newest.ID, newest.Conversation
	}
	text := q.Body
	if len(q.MessageParts) > 0 {
		text = q.MessageParts[0].text()
	}
	m := s.receive(reply, newest, text, s.config.Clock.Now())
	answerJSON(w, http.StatusCreated, inboundAnswer(m))
}

func (q *inbound) check() failures {
	var f failures
	f.add(q.From.ProfileID == "", "from.profileId", "is required")
	f.add(q.Channel == "", "channel", "is required")
	f.add(q.Body == "" && len(q.MessageParts) == 0, "body", "a body or messageParts is required")
	f.add(q.Body != "" && len(q.MessageParts) > 0, "messageParts", "body and messageParts exclude each other")
	f.add(!isObject(q.Metadata), "metadata", "want an object")
	checkParts(&f, "messageParts", q.MessageParts)
	return f
}

// inboundAnswer is a message of a person as the API shows it.
func inboundAnswer(m Message) *inboundMessage {
	return (&event{of: &record{Message: m}, text: m.Text, request: m.Request, at: m.At}).inbound()
}

// takeInboundStatus is POST …/messages/inbounds/{id}/statuses/{delivered|read}.
func (s *Sandbox) takeInboundStatus(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var q struct {
		Timestamp     string          `json:"timestamp"`
		ChannelStatus json.RawMessage `json:"channelStatus"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		answerInvalid(w, failures{notAsWanted("", err)})
		return
	}
	var f failures
	status := r.PathValue("status")
	f.add(status != "delivered" && status != "read", "status", "want delivered or read")
	f.add(q.Timestamp == "", "timestamp", "is required")
	f.add(!isObject(q.ChannelStatus), "channelStatus", "want an object")
	s.instant(&f, q.Timestamp)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	rec := s.lockMessage(w, r, true)
	if rec == nil {
		return
	}
	if rec.Status != "read" {
		rec.Status = status
		s.store.touch(rec)
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
}
