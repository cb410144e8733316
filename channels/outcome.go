package channels

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Channel carries messages to people. Implementations are safe for concurrent
// use and never post a message twice in one call to Send.
type Channel interface {
	// Send posts one message and returns the outcome. It has no error, because everything
	// that can happen is one of the four outcomes. It returns soon after ctx ends. Its requests
	// carry the trace of ctx (trace.From), if there is one.
	Send(ctx context.Context, m Message) Result
}

// Batcher is a channel that takes several messages in one request.
type Batcher interface {
	Channel
	// SendBatch posts messages together and returns the result of each, in their order.
	// None of them is posted twice: a batch is only split if the provider refused the whole.
	SendBatch(ctx context.Context, messages []Message) []Result
	// BatchLimit returns how many messages one call may have, 1 or more.
	BatchLimit() int
}

// Asker is a channel that can be asked for the status of a message.
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

// String returns the word for an outcome in logs, metrics and timelines.
func (o Outcome) String() string { return name(outcomeNames[:], int(o), "outcome") }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word.
func (o *Outcome) UnmarshalText(text []byte) error {
	i, err := number(outcomeNames[:], string(text), "outcome")
	*o = Outcome(i)
	return err
}

// Result is the outcome of one call to Send.
type Result struct {
	Outcome      Outcome       `json:"outcome,omitempty"`
	ProviderID   string        `json:"provider_id,omitempty"`  // the provider's message ID, when Accepted
	Conversation string        `json:"conversation,omitempty"` // as the provider confirmed it, when Accepted; may be empty
	Reason       string        `json:"reason,omitempty"`       // for people: why it was Refused, Deferred or is Unknown; no secrets
	RetryAfter   time.Duration `json:"retry_after,omitempty"`  // when Deferred and the provider said so; 0 otherwise
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
