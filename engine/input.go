package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"nudge/channels"
	"nudge/flows"
	"nudge/lang/trace"
)

// Input is one thing that happened outside the engine, or one that follows from an earlier
// input.
type Input struct {
	ID string // idempotency id of an event, reply or command; empty for none
	Payload
	Depth   int    // how many inputs in a row led to this one; 0 for one from outside
	Derived uint64 // its number among the derived inputs; 0 for one from outside
	By      *Actor // who gave the command; nil for anything else

	// The rest is of a divided installation.
	Origin *Origin // its place among those of its sender; nil for one that came to this partition first
	// Elsewhere are the other partitions in which, when it was taken, a live run had a key of the event, or a run had sent the
	// message of the receipt. The loop looks that up, since the engine sees only its own partition.
	Elsewhere []int
}

// Payload is the content of an input. Each kind of input has its own payload type. The
// journal stores it, and its apply method defines its effect.
type Payload interface {
	// Kind names the type in metrics, in the journal and in its export.
	Kind() InputKind
	// needs adds everything that applying the payload may read or change.
	needs(e *Engine, n *Needs)
	// apply changes the working set and the engine's state.
	apply(a *applier)
	// route says who takes the input if there are n partitions, more than one; see [RouteOf].
	route(in *Input, n int) Route
}

// InputKind is the kind of an input. The journal stores its number, so the number never
// changes.
type InputKind uint8

const (
	InputEvent           InputKind = iota + 1 // something happened in the user's product
	InputReceipt                              // the provider reports the status of a message
	InputReply                                // a person wrote to us
	InputResult                               // a post ended
	InputTimer                                // a run's deadline is due
	InputClaim                                // a slot is free for a planned message
	InputCancel                               // an operator ends a run
	InputDeploy                               // the set of active flows changes
	InputControl                              // the outbound mode or the kill switch changes
	InputProfile                              // the stored profile of a person changes
	InputCall                                 // a flow is called for a person
	InputChildEnded                           // a run that another run waits for has ended
	InputDequeue                              // the next start of a queue may begin
	InputFetched                              // a fetch has ended, with or without an answer
	InputTick                                 // a schedule is due
	InputSnapshot                             // a snapshot of an audience was taken, or failed
	InputRows                                 // the next rows of a campaign's audience
	InputCampaignControl                      // an operator starts, pauses, resumes or cancels a campaign
	InputSweep                                // the runs of a cancelled or resumed campaign are handled
	InputMove                                 // a run is moved to another version of its flow
	InputAccounts                             // the settings of the accounts change
	InputExpireOrphans                        // receipts waited too long for their message
	InputStatusAnswer                         // the provider answered a status check
	InputRecheckRuns                          // runs check the status of their messages
	InputQuarantine                           // the record of a run cannot be read any more
	InputNote                                 // something outside of the engine was changed
	InputRetry                                // an operator lets a failed run go on

	endOfInputs
)

// InputKinds returns every kind of input, in the order of their numbers.
func InputKinds() []InputKind {
	all := make([]InputKind, 0, endOfInputs-1)
	for k := InputEvent; k < endOfInputs; k++ {
		all = append(all, k)
	}
	return all
}

// inputKinds holds for each kind its word in metrics and logs, the key of its payload in
// JSON, and an empty payload to decode into.
var inputKinds = [endOfInputs]struct {
	word, key string
	empty     func() Payload
}{
	InputEvent:           {"event", "event", func() Payload { return new(Event) }},
	InputReceipt:         {"receipt", "receipt", func() Payload { return new(Receipt) }},
	InputReply:           {"reply", "reply", func() Payload { return new(Reply) }},
	InputResult:          {"result", "result", func() Payload { return new(SendResult) }},
	InputTimer:           {"timer", "timer", func() Payload { return new(Timer) }},
	InputClaim:           {"claim", "claim", func() Payload { return new(Claim) }},
	InputCancel:          {"cancel", "cancel", func() Payload { return new(Cancel) }},
	InputDeploy:          {"deploy", "deploy", func() Payload { return new(Deploy) }},
	InputControl:         {"control", "control", func() Payload { return new(Control) }},
	InputProfile:         {"profile", "profile", func() Payload { return new(ProfileChange) }},
	InputCall:            {"call", "call", func() Payload { return new(Call) }},
	InputChildEnded:      {"child ended", "child_ended", func() Payload { return new(ChildEnded) }},
	InputDequeue:         {"dequeue", "dequeue", func() Payload { return new(Dequeue) }},
	InputFetched:         {"fetched", "fetched", func() Payload { return new(FetchResult) }},
	InputTick:            {"tick", "tick", func() Payload { return new(Tick) }},
	InputSnapshot:        {"frozen", "frozen", func() Payload { return new(Snapshot) }},
	InputRows:            {"rows", "rows", func() Payload { return new(Rows) }},
	InputCampaignControl: {"campaign", "campaign", func() Payload { return new(CampaignControl) }},
	InputSweep:           {"sweep", "sweep", func() Payload { return new(Sweep) }},
	InputMove:            {"move", "move", func() Payload { return new(Move) }},
	InputAccounts:        {"accounts", "accounts", func() Payload { return new(Accounts) }},
	InputExpireOrphans:   {"lapse", "lapse", func() Payload { return new(ExpireOrphans) }},
	InputStatusAnswer:    {"asked", "asked", func() Payload { return new(StatusAnswer) }},
	InputRecheckRuns:     {"ask runs", "ask_runs", func() Payload { return new(RecheckRuns) }},
	InputQuarantine:      {"quarantine", "quarantine", func() Payload { return new(Quarantine) }},
	InputNote:            {"note", "note", func() Payload { return new(Note) }},
	InputRetry:           {"retry", "retry", func() Payload { return new(Retry) }},
}

// String is the word for a kind of input in metrics and logs.
func (k InputKind) String() string {
	if k == 0 || k >= endOfInputs {
		return fmt.Sprintf("unknown input %d", uint8(k))
	}
	return inputKinds[k].word
}

// Redirects reports whether inputs of this kind change what other inputs may touch, so that
// no other input may follow in the same batch.
func (k InputKind) Redirects() bool { return k == InputDeploy || k == InputAccounts }

// MarshalText writes the word.
func (k InputKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the word.
func (k *InputKind) UnmarshalText(text []byte) error {
	for _, known := range InputKinds() {
		if known.String() == string(text) {
			*k = known
			return nil
		}
	}
	return fmt.Errorf("there is no input of kind %q", text)
}

// MarshalJSON writes the payload under the key of its kind.
func (in Input) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the calling encoder escapes if it wants to
	b.WriteByte('{')
	for _, field := range []struct {
		key   string
		value any
		omit  bool
	}{
		{"kind", in.Kind(), false},
		{"id", in.ID, in.ID == ""},
		{inputKinds[in.Kind()].key, in.Payload, false},
		{"depth", in.Depth, in.Depth == 0},
		{"derived", in.Derived, in.Derived == 0},
		{"by", in.By, in.By == nil},
		{"origin", in.Origin, in.Origin == nil},
		{"elsewhere", in.Elsewhere, len(in.Elsewhere) == 0},
	} {
		if field.omit {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", field.key)
		if err := e.Encode(field.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an input. The payload is under the key of its kind.
func (in *Input) UnmarshalJSON(text []byte) error {
	var head struct {
		Kind    InputKind `json:"kind"`
		ID      string    `json:"id"`
		Depth   int       `json:"depth"`
		Derived uint64    `json:"derived"`
		By      *Actor    `json:"by"`

		Origin    *Origin `json:"origin"`
		Elsewhere []int   `json:"elsewhere"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	payload, err := emptyPayload(head.Kind)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	key := inputKinds[head.Kind].key
	if fields[key] == nil {
		return fmt.Errorf("an input of kind %q needs %q", head.Kind, key)
	}
	*in = Input{ID: head.ID, Payload: payload, Depth: head.Depth, Derived: head.Derived, By: head.By, Origin: head.Origin, Elsewhere: head.Elsewhere}
	return json.Unmarshal(fields[key], payload)
}

// emptyPayload returns a payload of a kind to decode into. It fails for an unknown kind.
func emptyPayload(k InputKind) (Payload, error) {
	if k == 0 || k >= endOfInputs {
		return nil, fmt.Errorf("there is no input of kind %d", uint8(k))
	}
	return inputKinds[k].empty(), nil
}

// Receipt is a report of the provider about one of our messages.
type Receipt struct{ channels.Receipt }

// Reply is a message that a person wrote to us.
type Reply struct{ channels.Reply }

// Claim is a free slot for a planned message.
type Claim struct{ OutboxRef }

// Event is something that happened in the user's product.
type Event struct {
	Type    string          `json:"type,omitempty"`
	Profile string          `json:"profile,omitempty"` // the person it names; may be empty
	Data    json.RawMessage `json:"data,omitempty"`    // a JSON object; empty for none
	FanOut  *FanOutCursor   `json:"rest,omitempty"`    // set if the event continues through the runs it concerns; nil from outside
	Trace   trace.Context   `json:"trace,omitzero"`    // of the request that brought it, or of the run that emitted it; kept on the runs that it starts
	Passed  *Passed         `json:"passed,omitempty"`  // what it brings from another partition; nil for one that came here first

	// From is the token that brought it, for those who look what arrives. No journal has it.
	From string `json:"-"`

	readings []reading // the data, decoded once for each shape that reads it
}

// FanOutCursor marks the rest of an event that concerns more runs than one input may touch.
type FanOutCursor struct {
	ID     string `json:"id,omitempty"`    // of the event
	After  RunID  `json:"after,omitzero"`  // the last run that was touched
	Before RunID  `json:"before,omitzero"` // the first run that started with the event or later; it is not included
}

// WithoutID returns the mark without the ID of the event; nil for none.
func (f *FanOutCursor) WithoutID() *FanOutCursor {
	if f == nil {
		return nil
	}
	return &FanOutCursor{After: f.After, Before: f.Before}
}

// SendResult is the outcome of posting one attempt of a message.
type SendResult struct {
	Run     RunID `json:"run,omitzero"`
	Message int   `json:"message,omitempty"`
	Attempt int   `json:"attempt,omitempty"`
	// Returned says that the message was not posted after all; Reason says why: its account
	// accepts nothing at present, or the process stops. There is no outcome then.
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

// Deploy makes a set of flows the active one. Flows outside the set start no new runs; their
// live runs go on.
type Deploy struct {
	Flows []flows.Bundle `json:"flows,omitempty"`
	Marks string         `json:"marks,omitempty"` // of the project's fields, as [flows.Project.Marks] has them; nothing is decided by them
	// Proposal is the ID of the proposal that was approved; empty for a deploy that nobody proposed. Then
	// Against are the versions that were active when it was proposed.
	Proposal string        `json:"proposal,omitempty"`
	Against  []FlowVersion `json:"against,omitempty"`
}

// Control changes what may go out. A field with its zero value changes nothing.
type Control struct {
	Outbound Outbound `json:"outbound,omitempty"`
	Only     []string `json:"only,omitempty"` // profiles, with OutboundOnly
	Kill     *bool    `json:"kill,omitempty"` // true stops every post that is not yet claimed
}

// Outbound says which messages may go to the provider.
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
