package engine

import (
	"cmp"
	"encoding/json"
	"slices"

	"nudge/engine/watch"
	"nudge/lang/trace"
)

// Run is one execution of a flow for one person, with everything the engine needs to
// continue it. A stored run is never changed in place; apply works on a clone.
type Run struct {
	ID        RunID
	Flow      string
	Version   string // of the flow: the run is pinned to it
	Profile   string // the person
	Key       string // empty when the trigger has no key
	StartedBy string // type of the event that started it
	Data      json.RawMessage
	Vars      []Var // sorted by name

	// What is small stands together, so that a run has fewer bytes.
	Status      RunStatus
	Goal        bool // the outcome is the flow's goal
	Freed       bool // the next event may start a run with its key: its last collect has closed
	FetchPaused bool // the next attempt of the fetch waits for its alarm
	Replied     bool // the person has replied to this run

	At            int           // index of the step the run is parked on
	Alarms        []Alarm       // the timers now in effect
	Deadline      Instant       // the earliest of the alarms: when a timer fires; 0 for no timer
	StatusCheck   StatusCheck   // the provider's answers it waits for before its timers fire
	StatusChecked Instant       // when the last status check ended; 0 for never
	Repeats       []RepeatState // the repeats it is in, the innermost last
	Outcome       string        // how it ended; empty while it is live
	Leaving       int           // number of the exit whose steps it takes, from 1; 0 for none
	Ended         Instant

	Depth      int    // of the input that started it
	Campaign   uint64 // number of the campaign that started it; 0 for none
	OwnTime    int    // the time of day that its person has in the campaign: minutes after midnight, and one; 0 for none, or not read yet
	Parent     RunID  // the run whose start step waits for this one; zero for none
	ParentCall int    // number of that run's call, from 1

	Messages     []Message  // in order; a loop without times lets go of old ones
	Meanwhile    *Meanwhile // the wait it is in, if lines of it have a do; nil for none
	Waits        []WaitEnd  // how its steps with an outcome have ended, in order
	FetchAttempt int        // number of its latest attempt of any fetch, from 1: a late answer is not taken for another's
	FetchFirst   int        // number of the first attempt of the fetch it is parked on
	Fetched      []Fetched  // answers to fetches, in order

	Collected []Collection // what collects have gathered, in order
	Signals   []Signal     // events and replies that ended waits, for later steps
	Event     int          // number in Signals of the event in hand, from 1; 0 for none
	Reply     int          // number in Signals of the reply in hand, from 1; 0 for none
	Mailbox   []Signal     // signals that arrived while the run was held, oldest first
	Timeline  []Entry      // what happened, oldest first
	Dropped   Dropped      // what a loop without times has let go
	Arms      []ArmTaken   // the arms that splits have dealt, each split's first

	Retries []Retried // in order

	Trace trace.Context // of what started it; its posts and fetches are part of it. Nothing is decided by it

	Ways *Way // the last one since it was loaded: the commit counts them, and no record has them
}

// Dropped counts what is no longer there of a run that was in a loop without times.
type Dropped struct {
	Entries int // of its timeline, after the first KeptFirst
	Calls   int // of those, the calls of start steps

	Sends []DroppedSends // what became of the messages
}

// RunStatus says whether a run is live and what it is parked on.
type RunStatus uint8

const (
	Sending  RunStatus = iota + 1 // its newest message is still pending
	Waiting                       // it is parked on a wait, collect, repeat or start step
	Fetching                      // it waits for the answer of an HTTP service
	Ended
	Parked  // it has not begun: it waits for its person's own time
	LeftOut // it was parked, and its person was left out of the campaign: the store drops it
)

var runStatusNames = [...]string{Sending: "sending", Waiting: "waiting", Fetching: "fetching", Ended: "ended", Parked: "parked", LeftOut: "left out"}

// String is the word for a status in the API and in lists.
func (s RunStatus) String() string { return word(runStatusNames[:], int(s), "status") }

// Var is a variable that a set step has set.
type Var struct {
	Name  string
	Value json.RawMessage // as shape.Encode writes it, so that it keeps its type
}

// Collection is the events that one collect has gathered.
type Collection struct {
	Step    int
	Signals []int // numbers in Signals, from 1
}

// Alarm is an instant at which something happens to a run, unless something else happens
// before.
type Alarm struct {
	At    Instant
	Place int // index of the wait, collect or repeat of its line; or AtExits, AtMessage
	Line  int // index of the line there
}

// The places of alarms that are not steps.
const (
	AtExits   = watch.Exits // a line of the flow's exits
	AtMessage = -2          // the pending message: its next attempt, or the end of its hold
	AtBegin   = -3          // the beginning of a parked run
	AtAsk     = -4          // the end of the time for a status check
)

// RepeatState is a repeat that a run is in.
type RepeatState struct {
	Step  int
	Round int     // from 1
	Began Instant // of the round

	Endless bool // it has no times: the run lets go of what is old
}

// WaitEnd is how one wait, repeat, collect or start of a run ended, or which arm of a branch or
// split it took.
type WaitEnd struct {
	Step    int
	Outcome string // empty: no arm, or the step was skipped in a later round
	Event   int    // number in Signals, from 1; 0 for none
	Reply   int
}

// Signal is an event or a reply that arrived for a run.
type Signal struct {
	At           Instant
	Event        string          // the event's type; empty for a reply
	Who          string          // the person the event names, or who replied
	Data         json.RawMessage // of an event; of a reply, its parts and metadata, nil for none
	Text         string          // of a reply
	Conversation string          // conversation of a reply
	Unique       string          // of an item: the JSON of its unique value; empty for none
	Offered      bool            // an event that was held for a wait, and that triggers have had too
	Depth        int             // of the input that brought it
}

// Live reports whether the run has not ended.
func (r *Run) Live() bool { return r.Status != Ended && r.Status != LeftOut }

// Started returns when the run began.
func (r *Run) Started() Instant {
	if len(r.Timeline) == 0 {
		return 0
	}
	return r.Timeline[0].At
}

// Message returns message number n, or nil if the run has no such message, or no longer.
func (r *Run) Message(n int) *Message {
	at, ok := slices.BinarySearchFunc(r.Messages, n, func(m Message, n int) int { return cmp.Compare(m.Number, n) })
	if !ok {
		return nil
	}
	return &r.Messages[at]
}

// Newest returns the number of the newest message; 0 if the run has none.
func (r *Run) Newest() int {
	if len(r.Messages) == 0 {
		return 0
	}
	return r.Messages[len(r.Messages)-1].Number
}

// sends returns how many of the run's messages count for MaxMessagesPerRun.
func (r *Run) sends() (n int) {
	for i := range r.Messages {
		if !r.Messages[i].skipped() {
			n++
		}
	}
	return n
}

// current returns the message that a sending run is parked on.
func (r *Run) current() *Message { return r.Message(r.Newest()) }

// HeldUntil returns when the gate checks the run's message again, if its hours or its cap
// hold it; else 0.
func (r *Run) HeldUntil() Instant {
	if r.Status != Sending || r.current().Status != Held {
		return 0
	}
	return r.alarmOf(AtMessage)
}

// sentBy returns the newest message of the given step, or nil.
func (r *Run) sentBy(step int) *Message {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Step == step {
			return &r.Messages[i]
		}
	}
	return nil
}

// lastPosted returns when the run last wrote to its person; 0 for never.
func (r *Run) lastPosted() Instant {
	var last Instant
	for i := range r.Messages {
		last = max(last, r.Messages[i].Posted)
	}
	return last
}

// setAlarm sets the alarm of a line and replaces its old one.
func (r *Run) setAlarm(alarm Alarm) {
	r.Alarms = slices.DeleteFunc(r.Alarms, func(a Alarm) bool { return a.Place == alarm.Place && a.Line == alarm.Line })
	r.Alarms = append(r.Alarms, alarm)
	r.setDeadline()
}

// clearAlarms drops the alarms of a place.
func (r *Run) clearAlarms(place int) {
	r.dropHeld(place)
	r.Alarms = slices.DeleteFunc(r.Alarms, func(a Alarm) bool { return a.Place == place })
	r.setDeadline()
}

func (r *Run) setDeadline() {
	r.Deadline = 0
	for _, a := range r.Alarms {
		if r.Deadline == 0 || a.At < r.Deadline {
			r.Deadline = a.At
		}
	}
}

// clone returns a copy; changing it never changes r.
func (r *Run) clone() *Run {
	c := *r
	c.Vars = slices.Clone(r.Vars)
	c.Messages = slices.Clone(r.Messages)
	c.Alarms = slices.Clone(r.Alarms)
	c.StatusCheck.Messages, c.StatusCheck.Held = slices.Clone(r.StatusCheck.Messages), slices.Clone(r.StatusCheck.Held)
	c.Repeats = slices.Clone(r.Repeats)
	if r.Meanwhile != nil {
		m := *r.Meanwhile
		m.Taken, m.Next = slices.Clone(m.Taken), slices.Clone(m.Next)
		c.Meanwhile = &m
	}
	c.Waits = slices.Clip(r.Waits)
	c.Signals = slices.Clip(r.Signals)
	c.Fetched = slices.Clip(r.Fetched)
	c.Collected = slices.Clone(r.Collected)
	c.Mailbox = slices.Clone(r.Mailbox)
	c.Retries = slices.Clip(r.Retries)
	c.Timeline = slices.Clip(r.Timeline)
	return &c
}

func word(names []string, i int, what string) string {
	if i <= 0 || i >= len(names) {
		return "unknown " + what
	}
	return names[i]
}
