package engine

import (
	"encoding/json"
	"slices"
)

// Run is one execution of a flow for one person: everything the engine needs to
// go on with it. A stored run is never changed in place; apply works on a clone.
type Run struct {
	ID        RunID
	Flow      string
	Version   string // of the flow: the run is pinned to it
	Profile   string // the person
	Key       string // empty when the trigger has no key
	StartedBy string // type of the event that started it
	Data      json.RawMessage
	Vars      []Var // sorted by name

	Status   RunStatus
	At       int     // index of the step the run is parked on
	Deadline Instant // when a timer wakes it; 0 for no timer
	Outcome  string  // how it ended; empty while it is live
	Goal     bool    // it ended in the way the flow is for
	Ended    Instant

	Messages []Message   // message number n is Messages[n-1]
	Waits    []WaitEnd   // waits that have ended, in order
	Hands    []Happening // events and replies that ended waits, for later steps
	Event    int         // number in Hands of the event in hand, from 1; 0 for none
	Reply    int         // number in Hands of the reply in hand, from 1; 0 for none
	Mailbox  []Happening // what came while the run was held, oldest first
	Timeline []Entry     // what happened, oldest first
}

// RunStatus says whether a run lives and what it is parked on.
type RunStatus uint8

const (
	Sending RunStatus = iota + 1 // its newest message is not yet accepted or otherwise ended
	Waiting                      // a wait step
	Ended
)

var runStatusNames = [...]string{Sending: "sending", Waiting: "waiting", Ended: "ended"}

// String is the word for a status in the API and in lists.
func (s RunStatus) String() string { return word(runStatusNames[:], int(s), "status") }

// Var is a variable that a set step has set.
type Var struct {
	Name  string
	Value json.RawMessage
}

// WaitEnd is how one wait of a run ended.
type WaitEnd struct {
	Step    int
	Outcome string
	Event   int // number in Hands, from 1; 0 for none
	Reply   int
}

// Happening is an event or a reply that came for a run.
type Happening struct {
	At    Instant
	Event string // the event's type; empty for a reply
	Who   string // the person the event names, or who replied
	Data  json.RawMessage
	Text  string // of a reply
	Conv  string // conversation of a reply
}

// Live reports whether the run has not ended.
func (r *Run) Live() bool { return r.Status != Ended }

// Started is when the run began.
func (r *Run) Started() Instant {
	if len(r.Timeline) == 0 {
		return 0
	}
	return r.Timeline[0].At
}

// Message returns message number n, or nil when the run has none of that number.
func (r *Run) Message(n int) *Message {
	if n < 1 || n > len(r.Messages) {
		return nil
	}
	return &r.Messages[n-1]
}

// current is the message a sending run is parked on.
func (r *Run) current() *Message { return r.Message(len(r.Messages)) }

// sentBy returns the newest message of the given step, or nil.
func (r *Run) sentBy(step int) *Message {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Step == step {
			return &r.Messages[i]
		}
	}
	return nil
}

// lastPosted is when the run last wrote to its person; 0 when it never has.
func (r *Run) lastPosted() Instant {
	var last Instant
	for i := range r.Messages {
		last = max(last, r.Messages[i].Posted)
	}
	return last
}

func (r *Run) log(e Entry) { r.Timeline = append(r.Timeline, e) }

// clone returns a copy whose changes never show in r.
func (r *Run) clone() *Run {
	c := *r
	c.Vars = slices.Clone(r.Vars)
	c.Messages = slices.Clone(r.Messages)
	c.Waits = slices.Clip(r.Waits)
	c.Hands = slices.Clip(r.Hands)
	c.Mailbox = slices.Clone(r.Mailbox)
	c.Timeline = slices.Clip(r.Timeline)
	return &c
}

func word(names []string, i int, what string) string {
	if i <= 0 || i >= len(names) {
		return "unknown " + what
	}
	return names[i]
}
