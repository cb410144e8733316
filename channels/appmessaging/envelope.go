package appmessaging

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nudge/channels"
)

// Names of the events that are not always receipts (Dotdigital, "One API
// messages", "App messaging message events", webhook API).
const (
	inbound          = "message.inbound"
	conversationSent = "conversationMessage.sent" // by the person, or to them
	profileCreate    = "profile.create"
	profileUpdate    = "profile.update"
)

// conversationEvents begins the names of events about a message in a conversation. Their
// payload.profileId is the participant who got or read it, perhaps an agent.
const conversationEvents = "conversationMessage."

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

// envelope holds the fields that we read of every event.
type envelope struct {
	EventID   string
	Name      string
	Timestamp instant
	payload   []byte // its JSON, as it came
}

// decode reads one envelope. With an error the envelope holds what could be read,
// its name above all.
func decode(raw []byte) (e envelope, err error) {
	e.payload = []byte("{}")
	if err := valid(raw); err != nil {
		return e, err
	}
	for name, value := range members(raw) {
		var wrong error
		switch string(name) {
		case "eventId":
			e.EventID, wrong = mustText("eventId", value)
		case "name":
			e.Name, wrong = mustText("name", value)
		case "timestamp":
			e.Timestamp.read(value)
		case "payload":
			e.payload = value
		}
		err = cmp.Or(err, wrong)
	}
	if err == nil && e.Name == "" {
		err = errors.New("has no name")
	}
	return e, err
}

// valid says why something is no envelope at all.
func valid(raw []byte) error {
	if !json.Valid(raw) {
		var nothing any
		return fmt.Errorf("not JSON: %w", json.Unmarshal(raw, &nothing))
	}
	if kind := kindOf(bytes.TrimSpace(raw)); kind != "object" && kind != "null" {
		return fmt.Errorf("is a JSON %s, want an object", kind)
	}
	return nil
}

// fill reads a payload into a struct or a map.
func (e *envelope) fill(into any) error {
	err := json.Unmarshal(e.payload, into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		place := strings.TrimSuffix("payload."+wrong.Field, ".")
		return fmt.Errorf("%s is a JSON %s, want %s", place, wrong.Value, wrong.Type.Kind())
	}
	return err
}

// written is the payload of a reply. The vendor's schema and its samples differ on where
// the conversation stands. Everything that is not needed is left out or lenient, so that
// a surprise in it costs nothing.
type written struct {
	ID             string          `json:"id"`
	MessageID      string          `json:"messageId"`
	From           author          `json:"from"`
	To             place           `json:"to"`
	ConversationID string          `json:"conversationId"`
	Body           json.RawMessage `json:"body"`
	MessageParts   json.RawMessage `json:"messageParts"`
	Metadata       json.RawMessage `json:"metadata"` // of the person's app
	ReceivedOn     instant         `json:"receivedOn"`
	Correlation    json.RawMessage `json:"correlation"` // the message it answers
}

type author struct {
	ProfileID string `json:"profileId"`
}

type place struct {
	ConversationID string `json:"conversationId"`
}

var (
	errNoMessage = errors.New("has neither payload.id nor payload.metadata.nudge, so nothing says which message it is about")
	errNoID      = errors.New("has no payload.messageId, so a copy of it could not be told apart")
)

// receipt reads what is said about a message. It is "id" in a webhook, "messageId"
// elsewhere in the API.
func (in *decoded) receipt(e *envelope, status channels.Status) error {
	r := channels.Receipt{Status: status}
	var id, messageID string
	var updated instant
	var why, statusDetails, details, profile []byte
	for name, value := range members(e.payload) {
		var err error
		switch string(name) {
		case "id":
			id, err = mustText("payload.id", value)
		case "messageId":
			messageID, err = mustText("payload.messageId", value)
		case "metadata":
			r.Ref = refIn(value)
		case "conversationId":
			r.Conversation = text(value)
		case "updatedOn":
			updated.read(value)
		case "failureReason":
			why = value
		case "statusDetails":
			statusDetails = value
		case "details":
			details = value
		case "profileId":
			profile = value
		}
		if err != nil {
			return err
		}
	}
	r.ProviderID, r.At = cmp.Or(id, messageID), e.Timestamp.or(updated)
	if r.ProviderID == "" && r.Ref.IsZero() {
		return errNoMessage
	}
	if strings.HasPrefix(e.Name, conversationEvents) {
		r.Profile = text(profile)
	}
	if status == channels.Failed || status == channels.Expired {
		r.Reason = cmp.Or(text(why), findReason(statusDetails), findReason(details))
	}
	in.Receipts = append(in.Receipts, r)
	return nil
}

func (in *decoded) reply(e *envelope) error {
	var p written
	if err := e.fill(&p); err != nil {
		return err
	}
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
	in.Replies = append(in.Replies, beside(r, p.MessageParts, p.Metadata))
	return nil
}

// words are the text of a reply: its body, or its first part of plain text.
func (p *written) words() string {
	if body := text(p.Body); body != "" {
		return body
	}
	return partWords(p.MessageParts)
}

// partWords is the first plain text of some parts; empty where there is none.
func partWords(raw json.RawMessage) string {
	for part := range elements(raw) {
		var kind, data string
		for name, value := range members(part) {
			switch string(name) {
			case "type":
				kind = text(value)
			case "data":
				data = text(value) // base64 and objects are no words
			}
		}
		if isPlain(kind) {
			return data
		}
	}
	return ""
}

// answers is the message of ours that a reply answers, and the provider's ID of it, when
// the provider says so.
func (p *written) answers() (channels.Ref, string) {
	var c struct {
		MessageID json.RawMessage `json:"messageId"`
		Metadata  echo            `json:"metadata"`
	}
	if len(p.Correlation) == 0 || json.Unmarshal(p.Correlation, &c) != nil {
		return channels.Ref{}, ""
	}
	return c.Metadata.ref, text(c.MessageID)
}

// echo is metadata that may be ours. Whatever else it is, it is no error: a send
// of somebody else with the same account may carry any JSON at all.
type echo struct{ ref channels.Ref }

// UnmarshalJSON takes metadata.nudge, when it is one of our references.
func (m *echo) UnmarshalJSON(raw []byte) error {
	m.ref = refIn(raw)
	return nil
}

// refIn is the reference of ours in metadata; zero where there is none.
func refIn(metadata []byte) (ref channels.Ref) {
	for name, value := range members(metadata) {
		if string(name) == "nudge" {
			ref = readRef(value)
		}
	}
	return ref
}

// readRef reads a reference; one that we cannot have written is zero.
func readRef(raw []byte) (ref channels.Ref) {
	for name, value := range members(raw) {
		var err error
		switch string(name) {
		case "i":
			ref.Installation, err = mustText("i", value)
		case "r":
			ref.Run, err = mustText("r", value)
		case "m":
			ref.Message, err = strconv.Atoi(string(value))
		case "a":
			ref.Attempt, err = strconv.Atoi(string(value))
		}
		if err != nil {
			return channels.Ref{}
		}
	}
	return ref
}
