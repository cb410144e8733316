package client

import (
	"context"
	"encoding/json"
)

// EventCounts are events by what became of them.
type EventCounts struct {
	Started   uint64 `json:"started"`   // started a run or a campaign
	Matched   uint64 `json:"matched"`   // a run went on by it, left by it or keeps it, or a start waits in a queue
	Nothing   uint64 `json:"nothing"`   // were taken, and nothing followed
	Duplicate uint64 `json:"duplicate"` // had an ID that was known
	Refused   uint64 `json:"refused"`   // were not taken; an array that is refused counts once
	Emitted   uint64 `json:"emitted"`   // a flow emitted, so they are among none of the others
}

// EventSpan are the events of an hour or of a day.
type EventSpan struct {
	At Time `json:"at"` // when it began, in UTC
	EventCounts
}

// EventType is a type of events that arrived.
type EventType struct {
	Type        string      `json:"type"`
	Used        bool        `json:"used"`                   // an active flow uses it
	DidYouMean  string      `json:"did_you_mean,omitempty"` // a type that an active flow uses, nearly this one that none uses
	First       Time        `json:"first,omitzero"`         // when one arrived first; zero if all were emitted by flows
	Last        Time        `json:"last,omitzero"`
	From        string      `json:"from,omitempty"`        // name of the token that sent the last one
	LastEmitted Time        `json:"last_emitted,omitzero"` // when a flow emitted one last
	Totals      EventCounts `json:"totals"`
	Day         EventCounts `json:"day"`     // those of ByHour
	ByHour      []uint64    `json:"by_hour"` // that arrived in each of the last 24 hours, the present one last

	Hours   []EventSpan   `json:"hours,omitempty"`   // of [Client.EventType]: of the last 48, those in which one came, oldest first
	Days    []EventSpan   `json:"days,omitempty"`    // likewise, of the last 400
	Payload *EventPayload `json:"payload,omitempty"` // likewise: the last one that was taken; nil for none
}

// EventPayload is the last event of a type that was taken.
type EventPayload struct {
	At      Time            `json:"at"`
	Verdict string          `json:"verdict"`           // started, matched or nothing
	Profile string          `json:"profile,omitempty"` // whom it names
	Data    json.RawMessage `json:"data,omitempty"`    // an object; nil if it had none, or was too long
	Text    string          `json:"text,omitempty"`    // the beginning of data that is longer than 4 KiB
	Bytes   int             `json:"bytes"`             // of the data
}

// EventTypes are types of events that arrived, sorted.
type EventTypes struct {
	Types []EventType  `json:"types"`
	Next  string       `json:"next,omitempty"` // after of the next page; empty on the last one
	Rest  *EventCounts `json:"rest,omitempty"` // on the first page: events of further types than the 1,000 that are counted by themselves, and refused ones whose type is not known
}

// EventTypes lists the types of events that arrived, whether a flow knows them or not. After is the type behind which the page begins,
// empty for the first ones; limit is how many types it has at most, 0 for all.
func (c *Client) EventTypes(ctx context.Context, after string, limit int) (*EventTypes, error) {
	all := &EventTypes{Types: []EventType{}}
	return all, c.get(ctx, "/v1/events/types", parameters(limit, "after", after), all)
}

// EventType returns one type of events with its counts by time and its last payload.
func (c *Client) EventType(ctx context.Context, kind string) (*EventType, error) {
	known := new(EventType)
	return known, c.get(ctx, "/v1/events/types/"+segment(kind), nil, known)
}

// RefusedEvent is an event, or a request with events, that was refused.
type RefusedEvent struct {
	Number  uint64 `json:"number"` // in order
	At      Time   `json:"at"`
	From    string `json:"from"`              // name of the token that sent it
	Code    string `json:"code"`              // of the problem, without urn:nudge:problem:
	Field   string `json:"field,omitempty"`   // where in the event
	Detail  string `json:"detail,omitempty"`  // empty: it may have named somebody who was forgotten, or has a field that only operators may see
	Type    string `json:"type,omitempty"`    // of the event, if it is known
	Profile string `json:"profile,omitempty"` // whom it names, if it is known
	Body    string `json:"body,omitempty"`    // what was sent: at most its first 512 bytes
	Cut     bool   `json:"cut,omitempty"`     // the body is only the beginning
	More    uint64 `json:"more,omitempty"`    // how many more were refused about then, which are only counted
}

// RefusedQuery selects refused events. Empty fields select nothing away.
type RefusedQuery struct {
	Type   string
	From   string // name of the token
	Code   string // of the problem
	Before string // Next of a page
	Limit  int    // events on a page, at most 500; 0: 50
}

// RefusedPage is one page of refused events, newest first.
type RefusedPage struct {
	Refused []RefusedEvent `json:"refused"`
	Next    string         `json:"next,omitempty"` // Before of the next page; empty on the last one
}

// RefusedEvents lists the events that were refused, newest first.
func (c *Client) RefusedEvents(ctx context.Context, q RefusedQuery) (*RefusedPage, error) {
	page := &RefusedPage{Refused: []RefusedEvent{}}
	return page, c.get(ctx, "/v1/events/refused", parameters(q.Limit, "type", q.Type, "from", q.From, "code", q.Code, "before", q.Before), page)
}
