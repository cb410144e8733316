package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"nudge/channels"
	"nudge/flows"
)

// Input is one thing that happened outside the engine. Exactly the field its Kind
// names is set, so that an input is journalled and replayed as it was.
type Input struct {
	Kind            InputKind         `json:"kind,omitempty"`
	ID              string            `json:"id,omitempty"` // idempotency id of an event, reply or command; empty for none
	Event           *Event            `json:"event,omitempty"`
	Receipt         *channels.Receipt `json:"receipt,omitempty"`
	Reply           *channels.Reply   `json:"reply,omitempty"`
	Result          *SendResult       `json:"result,omitempty"`
	Timer           *Timer            `json:"timer,omitempty"`
	Claim           *OutboxRef        `json:"claim,omitempty"`
	Cancel          *Cancel           `json:"cancel,omitempty"`
	Deploy          *Deploy           `json:"deploy,omitempty"`
	Control         *Control          `json:"control,omitempty"`
	Profile         *ProfileChange    `json:"profile,omitempty"`
	Call            *Call             `json:"call,omitempty"`
	ChildEnded      *ChildEnded       `json:"child_ended,omitempty"`
	Dequeue         *Dequeue          `json:"dequeue,omitempty"`
	Fetched         *FetchResult      `json:"fetched,omitempty"`
	Tick            *Tick             `json:"tick,omitempty"`
	Snapshot        *Snapshot         `json:"frozen,omitempty"`
	Rows            *Rows             `json:"rows,omitempty"`
	CampaignControl *CampaignControl  `json:"campaign,omitempty"`
	Sweep           *Sweep            `json:"sweep,omitempty"`
	Move            *Move             `json:"move,omitempty"`
	Accounts        *Accounts         `json:"accounts,omitempty"`
	ExpireOrphans   *ExpireOrphans    `json:"lapse,omitempty"`
	StatusAnswer    *StatusAnswer     `json:"asked,omitempty"`
	RecheckRuns     *RecheckRuns      `json:"ask_runs,omitempty"`

	Depth   int    `json:"depth,omitempty"`   // how many inputs in a row led to this one; 0 for one from outside
	Derived uint64 `json:"derived,omitempty"` // its number among the derived inputs; 0 for one from outside
}

// InputKind is the kind of an input.
type InputKind uint8

const (
	InputEvent           InputKind = iota + 1 // something happened in the user's product
	InputReceipt                              // the provider says something about a message
	InputReply                                // a person wrote to us
	InputResult                               // a post ended
	InputTimer                                // a run's deadline has come
	InputClaim                                // a slot is free for a planned message
	InputCancel                               // an operator ends a run
	InputDeploy                               // the set of active flows changes
	InputControl                              // outbound mode or kill switch changes
	InputProfile                              // what is known of a person changes
	InputCall                                 // a flow is called for a person
	InputChildEnded                           // a run that another waits for has ended
	InputDequeue                              // the next of a queue may start
	InputFetched                              // an HTTP service has answered, or not
	InputTick                                 // a schedule is due
	InputSnapshot                             // an audience was frozen, or could not be
	InputRows                                 // the next rows of a firing's audience
	InputCampaignControl                      // an operator starts, pauses, resumes or cancels a firing
	InputSweep                                // the runs of a firing that was cancelled or resumed
	InputMove                                 // a run is taken to another version of its flow
	InputAccounts                             // accounts behave otherwise
	InputExpireOrphans                        // receipts waited too long for their message
	InputStatusAnswer                         // the provider was asked how a message stands
	InputRecheckRuns                          // runs are to ask about their messages
)

var inputNames = [...]string{
	InputEvent: "event", InputReceipt: "receipt", InputReply: "reply", InputResult: "result",
	InputTimer: "timer", InputClaim: "claim", InputCancel: "cancel", InputDeploy: "deploy",
	InputControl: "control", InputProfile: "profile", InputCall: "call", InputChildEnded: "child ended",
	InputDequeue: "dequeue", InputFetched: "fetched", InputTick: "tick", InputSnapshot: "frozen",
	InputRows: "rows", InputCampaignControl: "campaign", InputSweep: "sweep", InputMove: "move",
	InputAccounts: "accounts", InputExpireOrphans: "lapse", InputStatusAnswer: "asked", InputRecheckRuns: "ask runs",
}

// String is the word for a kind of input in metrics and logs.
func (k InputKind) String() string { return word(inputNames[:], int(k), "input") }

// Redirects reports whether inputs of this kind change what others can touch, so that
// none may follow in the same batch.
func (k InputKind) Redirects() bool { return k == InputDeploy || k == InputAccounts }

// MarshalText writes the word.
func (k InputKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the word.
func (k *InputKind) UnmarshalText(text []byte) error {
	i := slices.Index(inputNames[:], string(text))
	if i <= 0 {
		return fmt.Errorf("there is no input of kind %q", text)
	}
	*k = InputKind(i)
	return nil
}

// Event is something that happened in the user's product.
type Event struct {
	Type    string          `json:"type,omitempty"`
	Profile string          `json:"profile,omitempty"` // the person it names; may be empty
	Data    json.RawMessage `json:"data,omitempty"`    // a JSON object; empty for none
	FanOut  *FanOutCursor   `json:"rest,omitempty"`    // set where the event goes on through the runs it concerns; nil from outside

	readings []reading // the data, decoded once for each shape that reads it
}

// FanOutCursor is what is left of an event that concerns more runs than one input touches.
type FanOutCursor struct {
	After  RunID `json:"after,omitzero"`  // the last run that was touched
	Before RunID `json:"before,omitzero"` // runs from here on began with the event or after it
}

// SendResult is how the post of one attempt of a message ended.
type SendResult struct {
	Run     RunID `json:"run,omitzero"`
	Message int   `json:"message,omitempty"`
	Attempt int   `json:"attempt,omitempty"`
	// Returned says that the message was not posted after all, and why in Reason: its
	// account takes nothing at present, or the process stops. There is no outcome then.
	Returned bool `json:"returned,omitempty"`
	channels.Result
}

// Timer is a deadline of a run.
type Timer struct {
	Due Instant `json:"due,omitzero"`
	Run RunID   `json:"run,omitzero"`
}

// OutboxRef names a planned or claimed message. Refs sort in the order in which
// messages were planned.
type OutboxRef struct {
	Order   uint64 `json:"order,omitempty"`
	Run     RunID  `json:"run,omitzero"`
	Message int    `json:"message,omitempty"`
}

// Cancel ends a run.
type Cancel struct {
	Run    RunID  `json:"run,omitzero"`
	Reason string `json:"reason,omitempty"` // for the timeline; may be empty
}

// Deploy makes a set of flows the active one. Flows that are not in it start no new
// runs; their live runs go on.
type Deploy struct {
	Flows []flows.Bundle `json:"flows,omitempty"`
}

// Control changes what may go out. The zero value of each field leaves it as it is.
type Control struct {
	Outbound Outbound `json:"outbound,omitempty"`
	Only     []string `json:"only,omitempty"` // profiles, with OutboundOnly
	Kill     *bool    `json:"kill,omitempty"` // true stops every post that is not yet claimed
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

// MarshalText writes the word.
func (o Outbound) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word.
func (o *Outbound) UnmarshalText(text []byte) (err error) {
	*o, err = ParseOutbound(string(text))
	return err
}

// ParseOutbound reads the word for a mode.
func ParseOutbound(text string) (Outbound, error) {
	for o, word := range outboundNames {
		if word != "" && word == text {
			return Outbound(o), nil
		}
	}
	return 0, fmt.Errorf("must be live, hold or only, not %q", text)
}
