package flows

import (
	"time"

	"nudge/channels"
	"nudge/flows/diag"
	"nudge/flows/shape"
)

// Flow is one version of a flow, checked and compiled to a flat program. It is
// immutable and safe for concurrent use.
type Flow struct {
	Name     string
	About    string
	Version  string // content hash of the normalised flow and all it uses: 16 hex digits
	Category string // empty when the flow names none
	Zone     *time.Location
	Triggers []Trigger
	Data     *shape.Type // what the run starts with: always a map
	Entry    Entry
	Exits    []Line // event lines only; Then is not used
	Steps    []Step // Steps[0] is the first; empty flows do not load
	Bundle   Bundle // what Compile needs to make this version again

	Listening map[string]*Heard // by event type: what triggers, exits and waits do with it
}

// Trigger is one way in which an event starts a run.
type Trigger struct {
	Event string
	Key   *Expr // nil: runs of this flow have no key
	To    *Expr // nil: the person the event names; reads only the event
	If    *Expr // nil: always
}

// Entry says when a trigger may start a run beside one that is live.
type Entry struct {
	IfRunning IfRunning
}

// IfRunning is what happens to a trigger while a run of the same flow, person and
// key is live.
type IfRunning uint8

const (
	Parallel IfRunning = iota // start another: the default
	Skip
)

// End is the index after the last step: the run is completed.
const End = -1

// Verb is what a step does.
type Verb uint8

const (
	VerbSend Verb = iota + 1
	VerbWait
	VerbBranch
	VerbSet
	VerbExit
)

// Step is one instruction of the flat program. Exactly the field its Verb names
// is set.
type Step struct {
	ID     string // as written, or derived: the template's name for a send, else verb_n
	Verb   Verb
	Span   diag.Span
	If     *Expr // nil: always; false: go on to Next
	Next   int   // the step after this one, or End
	Send   *Send
	Wait   *Wait
	Branch []Arm
	Set    []Assignment
	Exit   *Exit
}

// Wait parks the run until the first of its lines happens.
type Wait struct {
	Lines []Line // at most one is After; the upper wins where several happen at one instant
}

// Signal is what a line of a wait or of an exit looks out for.
type Signal uint8

const (
	SignalRead Signal = iota + 1
	SignalDelivered
	SignalFailed // the message did not reach the person: unsent or failed
	SignalReply
	SignalEvent
	SignalAfter
)

// Line is one signal with its condition and what follows it.
type Line struct {
	Signal  Signal
	Span    diag.Span
	Step    int      // index of the send it names, for read, delivered, failed, reply; AnyStep for any
	Event   string   // event type, for event
	Key     *Expr    // for event: runs with this key. nil: the runs of the person the event names
	After   Duration // for after
	Never   bool     // after: never
	If      *Expr    // nil: always
	As      string   // the outcome: as written, else the signal's word (read, event, after, …)
	Then    int      // the step to go on with: the Then block's first, or the wait's Next
	HasThen bool     // a then block was written
	Goal    bool     // exits only: leaving this way is a success
}

// AnyStep in Line.Step stands for any message of the run.
const AnyStep = -2

// Arm is one arm of a branch; an Arm without If is the else.
type Arm struct {
	If   *Expr
	Then int
}

// Assignment is one variable of a set step.
type Assignment struct {
	Name  string
	Value Value
}

// Value is a literal, or an expression where the YAML text began with "=".
type Value struct {
	Literal any
	Expr    *Expr
}

// Exit ends the run.
type Exit struct {
	As   string
	Goal bool
}

// OnUnknown is what to do when nobody can say whether a message was accepted.
type OnUnknown uint8

const (
	OnUnknownDefault  OnUnknown = iota // as the project says; Continue when it says nothing
	OnUnknownContinue                  // the run goes on; a later receipt still proves it
	OnUnknownResend                    // same message number, next attempt
	OnUnknownFail                      // the message counts as failed
)

// Renderer makes a message for a person. The scope has every name that the flow
// may use (see Scope). An error names the template's file, line and column.
type Renderer interface {
	Render(to string, scope map[string]any) (channels.Message, error)
}

// Send is a step that sends one message.
type Send struct {
	Template  string // the template's name; the step's ID for an inline one
	Message   Renderer
	OnUnknown OnUnknown // never OnUnknownDefault in a loaded flow: the project's word stands here
	Category  string    // its own, else the flow's; empty when neither names one
}
