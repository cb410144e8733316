package sandbox

import (
	"encoding/json"
	"time"

	"nudge/sandbox/people"
)

// Message is one message as the service keeps it. Its JSON is that of the local
// view. Metadata and Request are shared and must not be changed.
type Message struct {
	ID           string          `json:"messageId"`
	Profile      string          `json:"profileId"` // the person, on either side
	Conversation string          `json:"conversationId"`
	Inbound      bool            `json:"inbound"`        // written by the person
	From         string          `json:"from,omitempty"` // the sender's name, else profile ID
	Text         string          `json:"text"`           // body, else the first part
	Status       string          `json:"status"`
	Reason       string          `json:"reason,omitempty"`
	At           time.Time       `json:"at"`
	Answers      string          `json:"answers,omitempty"`  // ID of the message a reply answers
	Metadata     json.RawMessage `json:"metadata,omitempty"` // echoed on webhooks
	Request      json.RawMessage `json:"request,omitempty"`  // the send, its merge fields filled in
}

// direction is the API's word for the direction of a message. Like the methods below it reads
// only fields that never change, so it needs no lock and no copy.
func (m *Message) direction() string {
	if m.Inbound {
		return "inbound"
	}
	return "outbound"
}

// metadata is the metadata of the message, an empty object for none.
func (m *Message) metadata() json.RawMessage {
	if len(m.Metadata) == 0 {
		return json.RawMessage("{}")
	}
	return m.Metadata
}

// shownMetadata is the metadata that the person's app sees: that of the app's own message,
// otherwise that of the request.
func (m *Message) shownMetadata(request []byte) json.RawMessage {
	var q struct {
		CustomBody struct {
			App struct {
				Metadata json.RawMessage `json:"metadata"`
			} `json:"appMessaging"`
		} `json:"customBody"`
	}
	if json.Unmarshal(request, &q) == nil && q.CustomBody.App.Metadata != nil {
		return q.CustomBody.App.Metadata
	}
	return m.metadata()
}

// Statuses of a message, in the words of the API, by how much they prove. A
// status never gives way to one before it, as the provider's own SDK has it: a
// delivered that comes after a read undoes nothing.
var rank = map[string]int{
	"processing": 0, "sent": 1, "filtered": 2, "expired": 2, "failed": 2, "delivered": 3, "read": 4,
}

// record is a message with the state needed to act on it. The fields above the line "Under the
// sandbox's lock" never change, and neither does the rest of Message. The sandbox's lock
// guards the fields below it and Text, Request, Status and Reason of the Message.
type record struct {
	Message
	space     string   // API space it was sent in; empty on the newer hosts
	sender    string   // profile ID it was sent from
	assigned  bool     // the conversation was not the request's
	dead      bool     // failed at once: nothing will happen to it
	late      bool     // expired before it was sent: no app gets it
	alerted   []string // recipients of the alert of a posted message
	posted    bool     // put into a conversation, and not sent: it has no receipts
	script    people.Script
	fault     Fault
	announced chan struct{} // closed once message.sent was attempted; nil: nobody waits

	// Under the sandbox's lock.
	number   uint64   // its place in the order of all messages, from 1
	thread   *thread  // the conversation it is part of
	revision int      // counts its events
	log      []logged // events of its conversation about it, the first is sent
	acted    int      // acts of the script that are done
	gone     bool     // deleted: nothing more happens to it
}
