package flows

import (
	"time"

	"nudge/channels"
	"nudge/lang/diag"
	"nudge/lang/shape"
	"nudge/templates"
)

// Flow is one version of a flow, checked and compiled to a flat program. It is immutable
// and safe for concurrent use.
type Flow struct {
	Name     string
	About    string
	Version  string // content hash of the normalised flow and all it uses: 16 hex digits
	Category string // empty when the flow names none
	Account  string // that its messages go through where they name none; empty for the default one
	Zone     *time.Location
	Locale   string // of the project; empty for English
	Triggers []Trigger
	Data     *shape.Type // what the run starts with: always a map
	Profile  *shape.Type // what the project declares of a person; nil for nothing
	Entry    Entry
	Promises *Promises // nil when none are made
	// Migrations say what a deploy does to runs of older versions; see Migrate.
	Migrations []Migration
	Exits      []Line // Then is End without a then block; an after, at or open counts from the start of the run
	Steps      []Step // Steps[0] is the first; empty flows do not load
	Bundle     Bundle // what Compile needs to make this version again

	Categories map[string]*Category // those that it names and the project declares, by name

	Listening map[string]*EventUse // by event type: what the flow does with it

	span diag.Span // of its name
}

// Trigger starts runs: on an event, on a reply that no run waits for, or on a schedule.
// Exactly one of Event, Reply and Schedule is set, or Event and Schedule where an event is
// for an audience. Every flow can also be started by a call.
type Trigger struct {
	Event string
	Key   *Expr // nil: runs of this flow have no key; reads only the event
	To    *Expr // nil: the person the event names; reads only the event
	If    *Expr // nil: always

	Reply       bool // any reply
	BeforeWaits bool // the reply is offered here before any run that waits, and then to nobody else
	Schedule    *Schedule
	IfOnce      bool // with an event and an audience: If reads only the event, so it is asked once, not by row
}

// Entry limits when a trigger may start a run.
type Entry struct {
	IfRunning IfRunning
	AtMost    int      // starts of a run by person and key; 0 for any number
	Per       Duration // the period of AtMost; zero for ever
}

// IfRunning says what a trigger does while a run of the same flow, person and key is live.
type IfRunning uint8

const (
	Parallel IfRunning = iota // start another: the default
	Skip
	Restart // end the live one, begin anew; not a start in the sense of AtMost
	Queue   // start when the live one has ended
)

// End is the index after the last step: the run is completed.
const End = -1

// Verb is the kind of a step.
type Verb uint8

const (
	VerbSend Verb = iota + 1
	VerbWait
	VerbBranch
	VerbSet
	VerbExit
	VerbSplit
	VerbRepeat
	VerbCollect
	VerbEmit
	VerbStart
	VerbFetch
	VerbOpt
)

// String is the word for a verb in the API. Opting out and in are one.
func (v Verb) String() string {
	names := [...]string{VerbSend: "send", VerbWait: "wait", VerbBranch: "branch", VerbSet: "set", VerbExit: "exit", VerbSplit: "split", VerbRepeat: "repeat",
		VerbCollect: "collect", VerbEmit: "emit", VerbStart: "start", VerbFetch: "fetch", VerbOpt: "opt"}
	if int(v) >= len(names) || names[v] == "" {
		return "unknown verb"
	}
	return names[v]
}

// Step is one instruction of the flat program. Exactly the field that belongs to its Verb
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

	Split   []Share
	Repeat  *Repeat
	Collect *Collect
	Emit    *Emit
	Start   *Start
	Fetch   *Fetch
	Opt     *Opt

	Loops  []int  // indexes of the repeats around the step, the innermost last
	Digest uint64 // of what the step says, with what is inside of it: equal where nothing was edited
}

// Lines returns the lines that can end the step: of a wait, a repeat or a collect; nil for others.
func (s *Step) Lines() []Line {
	switch s.Verb {
	case VerbWait:
		return s.Wait.Lines
	case VerbRepeat:
		return s.Repeat.Until
	case VerbCollect:
		return s.Collect.Until
	}
	return nil
}

// Share is one arm of a split.
type Share struct {
	As     string // the outcome of the step for those who get it
	Weight int    // 1 or more; people are dealt by weight
	Then   int
}

// Repeat runs its steps several times. The end of a round leads back to the repeat itself,
// which waits for the rest of Every and then begins the next round or goes on.
type Repeat struct {
	Times int      // 0: until a line ends it, or the run
	Every Duration // of each round, the last one too; zero for at once
	Till  *Moment  // instead of Every: a round lasts until the next such moment of the clock
	Until []Line   // looked out for at every moment of the loop; they end it
	Body  int      // the first step of a round
}

// Collect gathers events until a line of Until happens.
type Collect struct {
	Events         []string // types of what is gathered
	Remove         []string // types that take back the item with the same Unique
	Key            *Expr    // of all types; nil: events that name the run's person
	By             *Expr    // with a key: whom an event must name; reads the run. nil: whoever
	If             *Expr    // of what is gathered
	Unique         *Expr    // an item with the same value takes the earlier one's place; nil: all are kept
	IncludeTrigger bool     // the event that started the run is the first item
	Until          []Line
	Last           bool // no collect can follow it in a run: when it closes, the next event may start a run
}

// Emit sends an event to nudge itself; it names the run's person.
type Emit struct {
	Event string
	Data  []Assignment
}

// Start starts another flow, for the run's person or for somebody else.
type Start struct {
	Flow string
	To   *Expr // one person; nil: the run's person
	Key  *Expr // of the run that is started; nil for none
	Data []Assignment
	Wait bool // park until the run that was started has ended; its outcome is STEP.outcome
}

// Fetch sends an HTTP request. The answer is STEP.status and STEP.json.
type Fetch struct {
	Request Requester
	Timeout time.Duration // of one attempt; 1 s to 60 s
	Shape   *shape.Type   // of a good answer; nil for any
	Retries int           // attempts after the first, on no answer, 429 and 5xx; 0 to 5
	OnError int           // the first step of on_error; the step's Next without one
}

// Requester makes the request of a fetch. An error names the file, line and column.
type Requester interface {
	Request(scope map[string]any) (FetchRequest, error)
}

// FetchRequest is a rendered request, ready to be sent and to be kept.
type FetchRequest struct {
	Method  string // GET, POST, PUT, PATCH or DELETE
	URL     string // http or https
	Headers []Header
	Body    []byte // nil for none; its Content-Type is among the headers
}

// Header is one header of a request.
type Header struct{ Name, Value string }

// Opt changes which messages the person wants to get.
type Opt struct {
	In       bool
	Category string // empty for all
}

// Wait parks the run until the first of its lines happens.
type Wait struct {
	Lines []Line // the first to happen wins; of several at one instant the upper
}

// Signal is the kind of thing that a line of a wait or an exit waits for.
type Signal uint8

const (
	SignalRead Signal = iota + 1
	SignalDelivered
	SignalFailed // the message did not reach the person: unsent or failed
	SignalReply
	SignalEvent
	SignalAfter
	SignalAt    // a moment
	SignalOpen  // the opening of some hours; at once where they are open
	SignalIf    // a condition, looked at whenever the run wakes
	SignalQuiet // in a collect: no item for so long
	SignalItems // in a collect: so many items
)

// Line is one signal with its condition and its steps.
type Line struct {
	Signal  Signal
	Span    diag.Span
	Step    int        // index of the send it names, for read, delivered, failed, reply; AnyStep for any
	Event   string     // event type, for event
	Key     *Expr      // for event: runs with this key. nil: the runs of the person the event names
	By      *Expr      // for event with a key: whom the event must name; reads the run. nil: whoever
	After   Duration   // for after and quiet
	At      *Moment    // for at
	Open    *OpenHours // for open; for an after that counts only the time in these hours
	Items   int        // for items
	Never   bool       // after: never
	If      *Expr      // nil: always
	As      string     // the outcome: as written, else the signal's word (read, event, after, …)
	Then    int        // the step to go on with: the Then block's first, or the wait's Next
	HasThen bool       // a then block was written
	Do      bool       // in a wait: the steps from Then on lead back to the wait, which goes on
	AtMost  int        // for Do: how often its steps are taken; 0 for any number
	Goal    bool       // exits only: leaving this way is what the flow is for

	Gathered bool // in a collect: a lone condition that reads its items or count; asked when they change
	Anywhere bool // for reply: in every conversation, not only that of the message
}

// AnyStep in Line.Step means any message of the run.
const AnyStep = -2

// Arm is one arm of a branch. The else has no If.
type Arm struct {
	As   string // the outcome of the step: as written, else arm_1, arm_2, … or else
	If   *Expr
	Then int
}

// Assignment is one variable of a set step, or one field of data.
type Assignment struct {
	Name    string
	Profile bool // a set of profile.Name
	Value   Value
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

// OnUnknown says what to do if the outcome of a send cannot be determined.
type OnUnknown uint8

const (
	OnUnknownDefault  OnUnknown = iota // as the project says; Continue when it says nothing
	OnUnknownContinue                  // the run goes on; a later receipt still proves it
	OnUnknownResend                    // same message number, next attempt
	OnUnknownFail                      // the message counts as failed
)

// Renderer makes a message for a person. The scope contains every name that the flow may
// use; see the names in scope.go. An error names the template's file, line and column.
type Renderer interface {
	Render(to string, scope map[string]any) (channels.Message, error)
}

// Send is a step that sends one message.
type Send struct {
	Template  string // the template's name; the step's ID for an inline one
	Inline    bool   // the message stands in the flow
	Facts     templates.Facts
	Message   Renderer
	OnUnknown OnUnknown // never OnUnknownDefault in a loaded flow: the project's word stands here
	Category  string    // its own, else the flow's; empty when neither names one
	Account   string    // its own, else the flow's; empty for the default one of the project
	Window    Windows   // its own, which narrow those of its category; nil when it names none
	MaxDelay  Duration  // how late the message is still useful; zero for any time
	Expires   Duration  // how long the provider may try to deliver it; zero for as long as it does

	rules []string // instead of those of the template
}
