package appmessaging

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nudge/channels"
)

// Names of the events that are no receipts in every case (Dotdigital, "One API
// messages", "App messaging message events", webhook API).
const (
	inbound          = "message.inbound"
	conversationSent = "conversationMessage.sent" // by the person, or to them
	profileCreate    = "profile.create"
	profileUpdate    = "profile.update"
)

// statuses is the names of the events that are receipts. Those of a conversation name
// the message by the ID that it has there, and have no metadata.
var statuses = map[string]channels.Status{
	"message.sent":                  channels.Sent,
	"message.delivered":             channels.Delivered,
	"message.read":                  channels.Read,
	"message.failed":                channels.Failed,
	"message.expired":               channels.Expired,
	"conversationMessage.delivered": channels.Delivered,
	"conversationMessage.read":      channels.Read,
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
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, jsonFault(err)
	}
	if e.Name == "" {
		return e, errors.New("has no name")
	}
	return e, nil
}

// jsonFault is an error of encoding/json in words about the envelope.
func jsonFault(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return fmt.Errorf("not JSON: %w", err)
	case wrong.Field == "":
		return fmt.Errorf("is a JSON %s, want an object", wrong.Value)
	}
	return fmt.Errorf("%s is a JSON %s, want %s", wrong.Field, wrong.Value, wrong.Type.Kind())
}

var (
	errNoMessage = errors.New("has neither payload.id nor payload.metadata.nudge, so nothing says which message it is about")
	errNoID      = errors.New("has no payload.messageId, so a copy of it could not be told apart")
)

func (in *Inbound) receipt(e *envelope, status channels.Status) error {
	p := &e.Payload
	r := channels.Receipt{
		Ref:        p.Metadata.ref,
		ProviderID: cmp.Or(p.ID, p.MessageID),
		Status:     status,
		At:         e.Timestamp.or(p.UpdatedOn),
	}
	if r.ProviderID == "" && r.Ref.IsZero() {
		return errNoMessage
	}
	if status == channels.Failed || status == channels.Expired {
		r.Reason = cmp.Or(text(p.FailureReason), findReason(p.StatusDetails), findReason(p.Details))
	}
	in.Receipts = append(in.Receipts, r)
	return nil
}

func (in *Inbound) reply(e *envelope) error {
	p := &e.Payload
	r := channels.Reply{
		ID:           cmp.Or(p.MessageID, p.ID, e.EventID),
		Profile:      p.From.ProfileID,
		Conversation: cmp.Or(p.To.ConversationID, p.ConversationID),
		Text:         p.words(),
		At:           p.ReceivedOn.or(e.Timestamp),
	}
	r.Answers, r.AnswersID = p.answers()
	switch {
	case r.Profile == "":
		return errors.New("has no payload.from.profileId, so nobody wrote it")
	case r.ID == "":
		return errNoID
	}
	in.Replies = append(in.Replies, r)
	return nil
}

// words are the text of a reply: its body, or its first part of plain text.
func (p *payload) words() string {
	if body := text(p.Body); body != "" {
		return body
	}
	return partWords(p.MessageParts)
}

// partWords is the first plain text of some parts; empty where there is none.
func partWords(raw json.RawMessage) string {
	var parts []struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"` // text, base64 or an object
	}
	if len(raw) == 0 || json.Unmarshal(raw, &parts) != nil {
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

// answers is the message of ours that a reply answers, and the provider's ID of it, when
// the provider says so.
func (p *payload) answers() (channels.Ref, string) {
	var c struct {
		MessageID json.RawMessage `json:"messageId"`
		Metadata  echo            `json:"metadata"`
	}
	if len(p.Correlation) == 0 || json.Unmarshal(p.Correlation, &c) != nil {
		return channels.Ref{}, ""
	}
	return c.Metadata.ref, text(c.MessageID)
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
