package appmessaging

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nudge/channels"
)

// Names of the events that we understand (Dotdigital, "One API messages").
const inbound = "message.inbound"

var statuses = map[string]channels.Status{
	"message.sent":      channels.Sent,
	"message.delivered": channels.Delivered,
	"message.read":      channels.Read,
	"message.failed":    channels.Failed,
	"message.expired":   channels.Expired,
}

// envelope holds the fields that we read of an event. Everything that is not
// needed is left out or lenient, so that a surprise in it costs nothing.
type envelope struct {
	EventID   string  `json:"eventId"`
	Name      string  `json:"name"`
	Timestamp instant `json:"timestamp"`
	Payload   payload `json:"payload"`
}

type payload struct {
	// Of receipts. A message is "id" in a webhook, "messageId" elsewhere in the API.
	ID            string          `json:"id"`
	Metadata      echo            `json:"metadata"`
	Details       json.RawMessage `json:"details"`
	StatusDetails json.RawMessage `json:"statusDetails"`
	FailureReason json.RawMessage `json:"failureReason"`
	UpdatedOn     instant         `json:"updatedOn"`

	// Of replies. The vendor's schema and its samples differ on where the
	// conversation stands.
	MessageID      string          `json:"messageId"`
	From           author          `json:"from"`
	To             place           `json:"to"`
	ConversationID string          `json:"conversationId"`
	Body           json.RawMessage `json:"body"`
	MessageParts   json.RawMessage `json:"messageParts"`
	ReceivedOn     instant         `json:"receivedOn"`
	Correlation    json.RawMessage `json:"correlation"` // the message it answers
}

type author struct {
	ProfileID string `json:"profileId"`
}

type place struct {
	ConversationID string `json:"conversationId"`
}

// decode reads one envelope. With an error the envelope holds what could be read,
// its name above all.
func decode(raw []byte) (envelope, error) {
	var e envelope
	err := json.Unmarshal(raw, &e)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return e, fmt.Errorf("is a JSON %s, want an object", wrong.Value)
		}
		return e, fmt.Errorf("%s is a JSON %s, want %s", wrong.Field, wrong.Value, wrong.Type.Kind())
	}
	if err != nil {
		return e, fmt.Errorf("not JSON: %w", err)
	}
	if e.Name == "" {
		return e, errors.New("has no name")
	}
	return e, nil
}

func (e *envelope) receipt(status channels.Status) (channels.Receipt, error) {
	p := &e.Payload
	r := channels.Receipt{
		Ref:        p.Metadata.ref,
		ProviderID: cmp.Or(p.ID, p.MessageID),
		Status:     status,
		At:         e.Timestamp.or(p.UpdatedOn),
	}
	if r.ProviderID == "" && r.Ref.IsZero() {
		return r, errors.New("has neither payload.id nor payload.metadata.nudge, " +
			"so nothing says which message it is about")
	}
	if status == channels.Failed || status == channels.Expired {
		r.Reason = cmp.Or(text(p.FailureReason), findReason(p.StatusDetails), findReason(p.Details))
	}
	return r, nil
}

func (e *envelope) reply() (channels.Reply, error) {
	p := &e.Payload
	r := channels.Reply{
		ID:           cmp.Or(p.MessageID, p.ID, e.EventID),
		Profile:      p.From.ProfileID,
		Conversation: cmp.Or(p.To.ConversationID, p.ConversationID),
		Text:         p.words(),
		Answers:      p.answers(),
		At:           p.ReceivedOn.or(e.Timestamp),
	}
	switch {
	case r.Profile == "":
		return r, errors.New("has no payload.from.profileId, so nobody wrote it")
	case r.ID == "":
		return r, errors.New("has no payload.messageId, so a copy of it could not be told apart")
	}
	return r, nil
}

// words are the text of a reply: its body, or its first part of plain text.
func (p *payload) words() string {
	if body := text(p.Body); body != "" {
		return body
	}
	var parts []struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"` // text, base64 or an object
	}
	if len(p.MessageParts) == 0 || json.Unmarshal(p.MessageParts, &parts) != nil {
		return ""
	}
	for _, part := range parts {
		kind, _, _ := strings.Cut(part.Type, ";")
		if strings.EqualFold(strings.TrimSpace(kind), "text/plain") {
			return text(part.Data)
		}
	}
	return ""
}

// answers is the message of ours that a reply answers, when the provider says so.
func (p *payload) answers() channels.Ref {
	var c struct {
		Metadata echo `json:"metadata"`
	}
	if len(p.Correlation) == 0 || json.Unmarshal(p.Correlation, &c) != nil {
		return channels.Ref{}
	}
	return c.Metadata.ref
}

// text is a JSON string, or empty for anything else.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// echo is metadata that may be ours. Whatever else it is, it is no error: a send
// of somebody else with the same account may carry any JSON at all.
type echo struct{ ref channels.Ref }

// UnmarshalJSON takes metadata.nudge, when it is one of our references.
func (m *echo) UnmarshalJSON(raw []byte) error {
	var ours struct {
		Nudge channels.Ref `json:"nudge"`
	}
	if json.Unmarshal(raw, &ours) == nil {
		m.ref = ours.Nudge
	}
	return nil
}
