package engine

import (
	"encoding/json"
	"fmt"

	"nudge/channels"
	"nudge/flows"
)

// Input is one thing that happened outside the engine. Exactly the field its Kind
// names is set, so that an input is journalled and replayed as it was.
type Input struct {
	Kind       InputKind
	ID         string // idempotency id of an event, reply or command; empty for none
	Event      *Event
	Receipt    *channels.Receipt
	Reply      *channels.Reply
	Result     *SendResult
	Timer      *Timer
	Claim      *OutboxRef
	Cancel     *Cancel
	Deploy     *Deploy
	Control    *Control
	Profile    *ProfileChange
	Call       *Call
	ChildEnded *ChildEnded
	Dequeue    *Dequeue
	Fetched    *FetchResult

	Depth   int    // how many inputs in a row led to this one; 0 for one from outside
	Derived uint64 // its number among the derived inputs; 0 for one from outside
}

// InputKind is the kind of an input.
type InputKind uint8

const (
	InputEvent      InputKind = iota + 1 // something happened in the user's product
	InputReceipt                         // the provider says something about a message
	InputReply                           // a person wrote to us
	InputResult                          // a post ended
	InputTimer                           // a run's deadline has come
	InputClaim                           // a slot is free for a planned message
	InputCancel                          // an operator ends a run
	InputDeploy                          // the set of active flows changes
	InputControl                         // outbound mode or kill switch changes
	InputProfile                         // what is known of a person changes
	InputCall                            // a flow is called for a person
	InputChildEnded                      // a run that another waits for has ended
	InputDequeue                         // the next of a queue may start
	InputFetched                         // an HTTP service has answered, or not
)

var inputNames = [...]string{
	InputEvent: "event", InputReceipt: "receipt", InputReply: "reply", InputResult: "result",
	InputTimer: "timer", InputClaim: "claim", InputCancel: "cancel", InputDeploy: "deploy",
	InputControl: "control", InputProfile: "profile", InputCall: "call", InputChildEnded: "child ended",
	InputDequeue: "dequeue", InputFetched: "fetched",
}

// String is the word for a kind of input in metrics and logs.
func (k InputKind) String() string { return word(inputNames[:], int(k), "input") }

// Event is something that happened in the user's product.
type Event struct {
	Type    string
	Profile string          // the person it names; may be empty
	Data    json.RawMessage // a JSON object; empty for none
	Rest    *Rest           // set where the event goes on through the runs it concerns; nil from outside

	readings []reading // the data, decoded once for each shape that reads it
}

// Rest is what is left of an event that concerns more runs than one input touches.
type Rest struct {
	After  RunID // the last run that was touched
	Before RunID // runs from here on began with the event or after it
}

// SendResult is how the post of one attempt of a message ended.
type SendResult struct {
	Run     RunID
	Message int
	Attempt int
	channels.Result
}

// Timer is a deadline of a run.
type Timer struct {
	Due Instant
	Run RunID
}

// OutboxRef names a planned or claimed message. Refs sort in the order in which
// messages were planned.
type OutboxRef struct {
	Order   uint64
	Run     RunID
	Message int
}

// Cancel ends a run.
type Cancel struct {
	Run    RunID
	Reason string // for the timeline; may be empty
}

// Deploy makes a set of flows the active one. Flows that are not in it start no new
// runs; their live runs go on.
type Deploy struct {
	Flows []flows.Bundle
}

// Control changes what may go out. The zero value of each field leaves it as it is.
type Control struct {
	Outbound Outbound
	Only     []string // profiles, with OutboundOnly
	Kill     *bool    // true stops every post that is not yet claimed
}

// Outbound says what may leave for the provider.
type Outbound uint8

const (
	OutboundLive Outbound = iota + 1 // everything
	OutboundHold                     // nothing; planned messages wait
	OutboundOnly                     // only to the listed profiles; the rest is unsent
)

var outboundNames = [...]string{OutboundLive: "live", OutboundHold: "hold", OutboundOnly: "only"}

// String is the word for a mode in nudge.yaml and in the API.
func (o Outbound) String() string { return word(outboundNames[:], int(o), "mode") }

// ParseOutbound reads the word for a mode.
func ParseOutbound(text string) (Outbound, error) {
	for o, word := range outboundNames {
		if word != "" && word == text {
			return Outbound(o), nil
		}
	}
	return 0, fmt.Errorf("must be live, hold or only, not %q", text)
}
