package channels

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Channel carries messages to people. Implementations are safe for concurrent
// use and never post a message twice in one call to Send.
type Channel interface {
	// Send posts one message and reports how that ended. It has no error: whatever
	// happens is one of the four outcomes. It returns soon after ctx ends.
	Send(ctx context.Context, m Message) Result
}

// Batcher is a channel that takes several messages in one request.
type Batcher interface {
	Channel
	// SendBatch posts messages together and returns the result of each, in their order.
	// None of them is posted twice: what is split because the provider refused the whole
	// was surely not accepted.
	SendBatch(ctx context.Context, messages []Message) []Result
	// BatchLimit is how many messages one call may have, 1 or more.
	BatchLimit() int
}

// Asker is a channel that can be asked how a message stands.
type Asker interface {
	Channel
	// Ask returns what the provider says of a message by its own ID. A receipt without
	// a status means that it knows no more than that it took the message, or knows no
	// such message; Reason says which. An error means that it could not be asked now.
	Ask(ctx context.Context, providerID string) (Receipt, error)
}

// Outcome is how an attempt to send ended.
type Outcome uint8

const (
	Accepted Outcome = iota + 1 // the provider has it
	Refused                     // the provider will never take it; Reason says why
	Deferred                    // surely not accepted; it may be tried again after RetryAfter
	Unknown                     // it may or may not have been accepted: timed out, connection lost
)

var outcomeNames = [...]string{Accepted: "accepted", Refused: "refused", Deferred: "deferred", Unknown: "unknown"}

// String is the word for an outcome in logs, metrics and timelines.
func (o Outcome) String() string { return name(outcomeNames[:], int(o), "outcome") }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word.
func (o *Outcome) UnmarshalText(text []byte) error {
	i, err := number(outcomeNames[:], string(text), "outcome")
	*o = Outcome(i)
	return err
}

// Result is how one call to Send ended.
type Result struct {
	Outcome      Outcome       `json:"outcome,omitempty"`
	ProviderID   string        `json:"provider_id,omitempty"`  // the provider's message ID, when Accepted
	Conversation string        `json:"conversation,omitempty"` // as the provider confirmed it, when Accepted; may be empty
	Reason       string        `json:"reason,omitempty"`       // for people: why it was Refused, Deferred or is Unknown; no secrets
	RetryAfter   time.Duration `json:"retry_after,omitempty"`  // when Deferred and the provider said so; 0 otherwise
}

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

// String is the word for a status in logs, metrics and timelines.
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
}

// Reply is a message a person sent us.
type Reply struct {
	ID           string    `json:"id,omitempty"`      // the provider's message ID: the same reply delivered twice has the same
	Profile      string    `json:"profile,omitempty"` // who wrote it
	Conversation string    `json:"conversation,omitempty"`
	Text         string    `json:"text,omitempty"`
	Answers      Ref       `json:"answers,omitzero"`     // the message it answers, when the provider says so; zero otherwise
	AnswersID    string    `json:"answers_id,omitempty"` // the provider's ID of that message, when it says so
	At           time.Time `json:"at,omitzero"`          // the provider's instant
}

// ProfileChange is what the provider says it knows of a person since something of it
// changed.
type ProfileChange struct {
	ID      string          // the provider's ID of the event: the same one delivered twice has the same
	Profile string          // the person
	Fields  json.RawMessage // a JSON object of what it knows, without the provider's own fields
	At      time.Time       // the provider's instant
}

func name(names []string, i int, what string) string {
	if i <= 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", what, i)
	}
	return names[i]
}

func number(names []string, word, what string) (int, error) {
	i := slices.Index(names, word)
	if i <= 0 {
		return 0, fmt.Errorf("%q is no %s: want one of %s", word, what, strings.Join(names[1:], ", "))
	}
	return i, nil
}
