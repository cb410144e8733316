package sandbox

import (
	"encoding/json"
	"time"
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
	Request      json.RawMessage `json:"request,omitempty"`  // the send as it was posted
}

// Conversation is a summary of the messages kept of one conversation.
type Conversation struct {
	ID       string    `json:"conversationId"`
	Profile  string    `json:"profileId"` // the person of its newest message
	Messages int       `json:"messages"`
	Last     string    `json:"last"` // text of the newest message
	Updated  time.Time `json:"updated"`
}

// Statuses of a message, in the words of the API, by how much they prove. A
// status never gives way to one before it, as the provider's own SDK has it: a
// delivered that comes after a read undoes nothing.
var rank = map[string]int{
	"processing": 0, "sent": 1, "expired": 2, "failed": 2, "delivered": 3, "read": 4,
}

// record is a message with what is needed to act on it. Everything but status,
// reason and revision stays as it was when the record was made; those three are
// guarded by the sandbox's lock.
type record struct {
	Message
	space     string // API space it was sent in; empty on the newer hosts
	sender    string // profile ID it was sent from
	assigned  bool   // the conversation was not the request's
	dead      bool   // failed at once: nothing will happen to it
	script    Script
	fault     Fault
	announced chan struct{} // closed once message.sent was attempted; nil: nobody waits
	revision  int           // counts its events
}
