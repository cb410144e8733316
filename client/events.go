package client

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
)

// Event is something that happened in your product.
type Event struct {
	ID      string          `json:"id,omitempty"`      // makes it safe to send again
	Type    string          `json:"type"`              // for example order.shipped
	Profile string          `json:"profile,omitempty"` // the person it names; empty where the flows take them from the data
	Data    json.RawMessage `json:"data,omitempty"`    // a JSON object

	// ProfileData is a JSON object with what is now known of the person. It is merged as
	// [Client.SetProfile] does, before any flow starts.
	ProfileData json.RawMessage `json:"profile_data,omitempty"`
}

// Answer is what a change led to.
type Answer struct {
	ID        string     `json:"id,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"` // empty: it concerned nobody
	Repeated  bool       `json:"repeated,omitempty"`  // the ID was known; this is the first answer
	Refused   *Refusal   `json:"refused,omitempty"`   // only in an array to a server with partitions, which took other events of it
	Ignored   string     `json:"ignored,omitempty"`   // why the change concerns nobody

	// DidYouMean is a type of event that flows use, if the event's own type is used by none
	// and differs from it by a letter or two.
	DidYouMean string `json:"did_you_mean,omitempty"`
}

// Refusal is why an event of an array was not taken. Send it again once that is mended.
type Refusal struct {
	Why    string `json:"why"`             // a word of the list of reasons in docs/api.md
	Field  string `json:"field,omitempty"` // where in the event
	Detail string `json:"detail"`
}

// Decision is what a change did to one flow or one run.
type Decision struct {
	Flow   string `json:"flow"`
	Run    string `json:"run,omitempty"`
	Did    Did    `json:"did"`
	Reason string `json:"reason,omitempty"`
}

// Did is what was done, in a word.
type Did string

// What a change can do.
const (
	DidStart   Did = "started"
	DidSkip    Did = "skipped"  // no run was started or found; Reason says why
	DidExit    Did = "exited"   // the run left by its exit list
	DidAdvance Did = "advanced" // a wait of the run ended
	DidHold    Did = "held"     // kept for the run's next wait
	DidPass    Did = "passed"   // the run waits for a reply, but in another conversation; nobody took this one
	DidCancel  Did = "cancelled"
	DidDeploy  Did = "deployed"
	DidQueue   Did = "queued"    // a run starts once the live one has ended
	DidGoOn    Did = "goes on"   // more runs are concerned than one step handles; the rest follows
	DidCollect Did = "collected" // an item of the run's collect
	DidFire    Did = "fired"     // a campaign; Reason is its ID
	DidPause   Did = "paused"
	DidResume  Did = "resumed"
	DidMove    Did = "moved" // to the active version of its flow
	DidStay    Did = "stays" // the run could not be moved; Reason says why
	DidRetry   Did = "retried"
)

// SendEvent sends one event.
func (c *Client) SendEvent(ctx context.Context, e Event) (*Answer, error) {
	answer := &Answer{}
	if err := c.sendOnce(ctx, "/v1/events", &e.ID, &e, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// SendEvents sends up to 1000 events, of which all or none are taken. The answers are in the
// order of the events.
func (c *Client) SendEvents(ctx context.Context, events []Event) ([]Answer, error) {
	var out struct {
		Answers []Answer `json:"answers"`
	}
	err := c.send(ctx, http.MethodPost, "/v1/events", append([]Event{}, events...), &out)
	return out.Answers, err
}

// StreamEvents sends events, one JSON object a line, and yields the answers in order. See
// [Lines] for values instead of text.
func (c *Client) StreamEvents(ctx context.Context, lines io.Reader) iter.Seq2[LineAnswer, error] {
	return c.stream(ctx, "/v1/events", lines)
}
