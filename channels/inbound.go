package channels

import (
	"encoding/json"
	"io"
	"time"
)

// Receiver is the receive side of a channel: it reads the webhooks that the provider
// posts. Implementations are safe for concurrent use.
type Receiver interface {
	// Name is the last element of the path that the provider posts to, which is
	// /webhooks/ and the name: one or more lower-case letters, digits and dashes. It
	// never changes.
	Name() string
	// BodyLimit is how many bytes a request's body may have, 1 or more. A caller refuses
	// larger bodies without decoding them.
	BodyLimit() int
	// Inspect looks at the header of a request before any of its body is read. If the
	// header alone shows that the request is not the provider's, such as by a missing
	// signature, the error is a *Rejection with NotAuthentic.
	Inspect(header map[string][]string) (Proof, error)
	// Decode reads the body of a request whose Proof held. An event that it cannot use is
	// listed in Inbound.Ignored and does not affect the others. The error is a *Rejection;
	// with an error, Inbound is zero. A receiver must not keep or change the body.
	Decode(body []byte) (Inbound, error)
}

// Proof decides whether the body of one request is the provider's. It takes the body as it
// arrives, so that what is not proven never has to be read a second time. It belongs to one
// goroutine.
type Proof interface {
	io.Writer // takes the bytes of the body, in order; its error is always nil
	// Check is nil if the bytes so far are a body of the provider's. Otherwise the error is
	// a *Rejection with NotAuthentic. It is called once, when all bytes are there.
	Check() error
}

// Receive has a receiver inspect, prove and decode a request that is there as a whole. The
// error is a *Rejection.
func Receive(by Receiver, header map[string][]string, body []byte) (Inbound, error) {
	proof, err := by.Inspect(header)
	if err != nil {
		return Inbound{}, err
	}
	proof.Write(body)
	if err := proof.Check(); err != nil {
		return Inbound{}, err
	}
	return by.Decode(body)
}

// Rejection is the error of a request from which nothing can be used.
type Rejection struct {
	Reason RejectionReason
	Detail string // for the sender of the request; shows no secret
}

// Error returns the detail.
func (r *Rejection) Error() string { return r.Detail }

// RejectionReason is why nothing of a request can be used.
type RejectionReason uint8

const (
	// NotAuthentic: nothing proves that the request is the provider's. The answer is 401.
	NotAuthentic RejectionReason = iota + 1
	// Malformed: nothing in it can be decoded, now or later. The answer is 400, and some
	// providers never send again what got one.
	Malformed
)

// Inbound is the content of one webhook. Receipts, Replies and Profiles are in the order
// of the body. It shares no memory with the body.
type Inbound struct {
	Receipts []Receipt
	Replies  []Reply
	Profiles []ProfileChange
	Ignored  []Ignored // the events that are none of these
}

// Ignored is an event in a webhook that the channel cannot use.
type Ignored struct {
	Event  string // its name at the provider, on one line; may be empty
	Reason IgnoreReason
	Detail string // for people; may be empty
}

// IgnoreReason is why an event was ignored. It is a label of metrics.
type IgnoreReason string

const (
	UnknownEvent   IgnoreReason = "unknown"   // the channel does not know events of this name
	MalformedEvent IgnoreReason = "malformed" // it knows them, but this one lacks what it needs
)

// Status is what a receipt says about a message.
type Status uint8

const (
	Sent Status = iota + 1
	Delivered
	Read
	Failed
	Expired
)

var statusNames = [...]string{Sent: "sent", Delivered: "delivered", Read: "read", Failed: "failed", Expired: "expired"}

// String returns the word for a status in logs, metrics and timelines.
func (s Status) String() string { return name(statusNames[:], int(s), "status") }

// MarshalText writes the word.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *Status) UnmarshalText(text []byte) error {
	i, err := number(statusNames[:], string(text), "status")
	*s = Status(i)
	return err
}

// Receipt is what the provider says about a message we sent.
type Receipt struct {
	Ref        Ref       `json:"ref,omitzero"`          // zero when the provider did not echo it
	ProviderID string    `json:"provider_id,omitempty"` // the provider's message ID
	Status     Status    `json:"status,omitempty"`
	Reason     string    `json:"reason,omitempty"` // why it failed, as far as the provider says
	At         time.Time `json:"at,omitzero"`      // the provider's instant

	// Profile is who received or read the message, if the provider says so: an agent can
	// read it too. Empty means the recipient.
	Profile string `json:"profile,omitempty"`

	// Conversation is where the message is, if the provider says so.
	Conversation string `json:"conversation,omitempty"`
}

// ProfileChange is the provider's profile of a person after a change.
type ProfileChange struct {
	ID      string          // the provider's ID of the event: the same one delivered twice has the same
	Profile string          // the person
	Fields  json.RawMessage // a JSON object of what it knows, without the provider's own fields
	At      time.Time       // the provider's instant
}
