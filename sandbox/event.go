package sandbox

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// timeLayout is how the API writes instants: ISO 8601 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// channelID is the one channel there is.
const channelID = "appMessaging"

// at formats an instant as the API does.
func at(t time.Time) string { return t.UTC().Format(timeLayout) }

// event is something that happened to a message or a conversation, on its way to the webhooks.
// It is a snapshot: later changes of its record do not change it.
type event struct {
	id        string
	topic     topic
	of        *record // only fields that never change are read
	answers   *record // the message an inbound one answers; nil for none
	revision  int     // of the message; of the conversation, its event number
	scope     string  // of the conversation; empty: a2p
	tag       string  // entity tag of a conversation or profile; empty: none
	reason    string
	text      string // of the message, for topics that show it
	request   []byte // as text
	actedBy   string // actor, as the provider writes it; empty: that of the record
	by        string // profile ID of the actor, when the record does not have it
	payload   any    // of the events of conversations and profiles
	at        time.Time
	on        time.Time // when it happened by the clock of the person's app
	duplicate bool
	bare      bool // without the metadata of messages

	attempted chan struct{} // closed after the first attempt to post it; nil: nobody waits
}

// wasAttempted releases a request that waits for the first attempt. It is called once.
func (e *event) wasAttempted() {
	if e.attempted != nil {
		close(e.attempted)
	}
}

// The JSON of events. Dotdigital publishes the envelope, one receipt (of another
// channel) and the events of conversations; the rest is put together from its schemas
// and samples.
type (
	envelope struct {
		EventID    string `json:"eventId"`
		AccountID  int    `json:"accountId"`
		APISpaceID string `json:"apiSpaceId,omitempty"`
		Name       string `json:"name"`
		Payload    any    `json:"payload"`
		Revision   *int   `json:"revision,omitempty"`
		ETag       string `json:"etag,omitempty"`
		Timestamp  string `json:"timestamp"`
	}
	receipt struct {
		ID             string          `json:"id"`
		ConversationID string          `json:"conversationId"`
		Details        details         `json:"details"`
		Metadata       json.RawMessage `json:"metadata,omitempty"`
		FailureReason  string          `json:"failureReason,omitempty"`
		UpdatedOn      string          `json:"updatedOn"`
	}
	details struct {
		Channel        string        `json:"channel"`
		AdditionalInfo struct{}      `json:"additionalInfo"`
		ChannelStatus  channelStatus `json:"channelStatus"`
	}
	channelStatus struct {
		AppMessaging appStatus `json:"appMessaging"`
	}
	appStatus struct {
		Status    string   `json:"status"`
		Details   struct{} `json:"details"`
		UpdatedOn string   `json:"updatedOn"`
	}
	inboundMessage struct {
		MessageID      string          `json:"messageId"`
		ReceivedOn     string          `json:"receivedOn"`
		Status         string          `json:"status,omitempty"` // in answers only
		Channel        string          `json:"channel"`
		From           map[string]any  `json:"from"`
		To             map[string]any  `json:"to"`
		Title          string          `json:"title,omitempty"`
		Body           string          `json:"body,omitempty"`
		MessageParts   json.RawMessage `json:"messageParts,omitempty"`
		ConversationID string          `json:"conversationId"`
		Metadata       json.RawMessage `json:"metadata"`
		ChannelData    json.RawMessage `json:"channelData,omitempty"`
		Correlation    *correlation    `json:"correlation,omitempty"`
		CreatedOn      string          `json:"_createdOn,omitempty"` // this and the rest: as Status
		CreatedBy      string          `json:"_createdBy,omitempty"`
		UpdatedOn      string          `json:"_updatedOn,omitempty"`
		UpdatedBy      string          `json:"_updatedBy,omitempty"`
	}
	correlation struct {
		MessageID string          `json:"messageId"`
		Metadata  json.RawMessage `json:"metadata,omitempty"`
	}
)

// envelope is the event as it is posted, always the same.
func (e *event) envelope() envelope {
	out := envelope{
		EventID:    e.id,
		AccountID:  1,
		APISpaceID: e.of.space,
		Name:       e.topic.String(),
		Timestamp:  at(e.at),
	}
	if !e.topic.ofParticipant() {
		out.Revision = &e.revision
	}
	switch {
	case e.topic.ofMessage():
		out.ETag = etag(e.revision, e.id)
	case e.tag != "":
		out.ETag = e.tag
	}
	switch e.topic {
	case messageInbound:
		out.Payload = e.inbound()
	case conversationMessageSent:
		out.Payload = e.said()
	case conversationMessageDelivered, conversationMessageRead:
		out.Payload = e.seen()
	case messageSent, messageDelivered, messageRead, messageExpired, messageFailed:
		out.Payload = e.receipt()
	default:
		out.Payload = e.payload
	}
	return out
}

func (e *event) receipt() *receipt {
	on := at(e.at)
	_, status, _ := strings.Cut(e.topic.String(), ".")
	return &receipt{
		ID:             e.of.ID,
		ConversationID: e.of.Conversation,
		Details: details{
			Channel:       channelID,
			ChannelStatus: channelStatus{appStatus{Status: status, UpdatedOn: on}},
		},
		Metadata:      e.echoed(e.of),
		FailureReason: e.reason,
		UpdatedOn:     on,
	}
}

// echoed is the metadata of a message that the event carries.
func (e *event) echoed(of *record) json.RawMessage {
	if e.bare {
		return nil
	}
	return of.Metadata
}

// inbound is the payload of message.inbound. Fields that the owner of a custom channel gave
// stay as they are.
func (e *event) inbound() *inboundMessage {
	var given struct {
		From        map[string]any  `json:"from"`
		To          map[string]any  `json:"to"`
		Channel     string          `json:"channel"`
		Title       string          `json:"title"`
		Body        string          `json:"body"`
		ChannelData json.RawMessage `json:"channelData"`
	}
	if len(e.request) > 0 && json.Unmarshal(e.request, &given) != nil {
		panic("sandbox: a stored request is not JSON")
	}
	m := &inboundMessage{
		MessageID: e.of.ID, ReceivedOn: at(e.at), Channel: cmp.Or(given.Channel, channelID),
		From: with(given.From, "profileId", e.of.Profile), To: with(given.To, "conversationId", e.of.Conversation),
		Title: given.Title, Body: given.Body, MessageParts: partsOf(e.request), ConversationID: e.of.Conversation,
		Metadata: e.of.metadata(), ChannelData: given.ChannelData,
	}
	if m.MessageParts == nil || e.of.posted && arePlain(m.MessageParts) {
		m.Body, m.MessageParts = e.text, nil
	}
	if e.answers != nil {
		m.Correlation = &correlation{MessageID: e.answers.ID, Metadata: e.echoed(e.answers)}
	}
	return m
}

// with sets a key of an object, unless the value is empty.
func with(object map[string]any, key, value string) map[string]any {
	if object == nil {
		object = map[string]any{}
	}
	if value != "" {
		object[key] = value
	}
	return object
}

// encode is the body of a webhook: one object, or an array when batched.
func encode(events []*event, batched bool) ([]byte, error) {
	if !batched {
		return json.Marshal(events[0].envelope())
	}
	envelopes := make([]envelope, len(events))
	for i, e := range events {
		envelopes[i] = e.envelope()
	}
	return json.Marshal(envelopes)
}
