package sandbox

import (
	"encoding/json"
	"fmt"
	"time"
)

// timeLayout is how the API writes instants: ISO 8601 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// channelID is the one channel there is.
const channelID = "appMessaging"

// at formats an instant as the API does.
func at(t time.Time) string { return t.UTC().Format(timeLayout) }

// event is something that happened to a message, on its way to the receiver. It
// is a snapshot: what the record holds later does not change it.
type event struct {
	id       string
	status   string  // of an outbound message; empty for an inbound one
	of       *record // only what never changes in it is read
	answers  *record // the message an inbound one answers; nil for none
	revision int
	reason   string
	at       time.Time

	attempted chan struct{} // closed after the first attempt to post it; nil: nobody waits
}

// wasAttempted lets go of who waits for the first attempt. It is called once.
func (e *event) wasAttempted() {
	if e.attempted != nil {
		close(e.attempted)
	}
}

// The JSON of events. Dotdigital publishes the envelope and one receipt, of
// another channel; the rest is put together from its schemas and samples.
type (
	envelope struct {
		EventID    string `json:"eventId"`
		AccountID  int    `json:"accountId"`
		APISpaceID string `json:"apiSpaceId,omitempty"`
		Name       string `json:"name"`
		Payload    any    `json:"payload"`
		Revision   int    `json:"revision"`
		ETag       string `json:"etag"`
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
		MessageID      string       `json:"messageId"`
		ReceivedOn     string       `json:"receivedOn"`
		Channel        string       `json:"channel"`
		From           profile      `json:"from"`
		To             conversation `json:"to"`
		Body           string       `json:"body"`
		ConversationID string       `json:"conversationId"`
		Metadata       struct{}     `json:"metadata"`
		Correlation    *correlation `json:"correlation,omitempty"`
	}
	profile struct {
		ProfileID string `json:"profileId"`
	}
	conversation struct {
		ConversationID string `json:"conversationId"`
	}
	correlation struct {
		MessageID string          `json:"messageId"`
		Metadata  json.RawMessage `json:"metadata,omitempty"`
	}
)

// envelope is the event as it is posted, always the same.
func (e *event) envelope() envelope {
	on := at(e.at)
	out := envelope{
		EventID:    e.id,
		AccountID:  1,
		APISpaceID: e.of.space,
		Name:       "message." + e.status,
		Revision:   e.revision,
		ETag:       fmt.Sprintf("%q", fmt.Sprintf("%x-%s", e.revision, e.id[:8])),
		Timestamp:  on,
	}
	if e.of.Inbound {
		out.Name = "message.inbound"
		out.Payload = e.inbound(on)
		return out
	}
	out.Payload = &receipt{
		ID:             e.of.ID,
		ConversationID: e.of.Conversation,
		Details: details{
			Channel:       channelID,
			ChannelStatus: channelStatus{appStatus{Status: e.status, UpdatedOn: on}},
		},
		Metadata:      e.of.Metadata,
		FailureReason: e.reason,
		UpdatedOn:     on,
	}
	return out
}

func (e *event) inbound(on string) *inboundMessage {
	m := &inboundMessage{
		MessageID:      e.of.ID,
		ReceivedOn:     on,
		Channel:        channelID,
		From:           profile{e.of.Profile},
		To:             conversation{e.of.Conversation},
		Body:           e.of.Text,
		ConversationID: e.of.Conversation,
	}
	if e.answers != nil {
		m.Correlation = &correlation{MessageID: e.answers.ID, Metadata: e.answers.Metadata}
	}
	return m
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
