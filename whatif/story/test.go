package story

import (
	"encoding/json"
	"io/fs"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/sandbox/people"
)

// File is one file of tests.
type File struct {
	Name   string
	Folder fs.FS         // of the project, for audiences; may be nil
	Flows  []*flows.Flow // those under test, and those that they start; sorted by name
	People []Person      // in the order of the file
	Tests  []*Test
}

// Person is somebody in a story.
type Person struct {
	Name       string
	Attributes json.RawMessage // what is known of them; nil for nothing
	Script     people.Script   // what they do with every message by themselves; nil for nothing
}

// Test is one story with where and when it plays.
type Test struct {
	Name    string
	Span    diag.Span
	File    *File
	Start   time.Time // in the zone in which the story tells time
	Answers Answers
	Arms    Arms
	person  *Person // the only one, of a test for each person; nil: those of the file
	story   []move
}

// People returns the people of the story.
func (t *Test) People() []Person {
	if t.person != nil {
		return []Person{*t.person}
	}
	return t.File.People
}

// Arms are the names of the arms that splits deal, by the id of the split.
type Arms map[string]string

// Opening returns the events with which the story begins, before time passes or anything
// else happens.
func (t *Test) Opening() (events []*engine.Event) {
	for _, m := range t.story {
		if m.Kind != moveEvent {
			break
		}
		events = append(events, &engine.Event{Type: m.Name, Profile: m.By, Data: m.Data})
	}
	return events
}

// Answers are what HTTP services answer, by the id of the fetch step.
type Answers map[string]Answer

// Answer is what an HTTP service answers.
type Answer struct {
	Status int             // 0 for no answer
	JSON   json.RawMessage // nil if the body is not JSON
	Error  string          // the reason, if there is no answer
	After  time.Duration   // it takes so long; beyond the step's timeout there is none
}

// moveKind is what a move is.
type moveKind uint8

const (
	moveEvent   moveKind = iota + 1 // something happens in the product
	moveCall                        // a flow is called
	moveReply                       // somebody writes
	moveReceipt                     // something becomes of a message
	moveProfile                     // what is known of somebody changes
	moveArms                        // splits deal other arms from here on
	moveAnswers                     // services give other answers from here on
	moveAfter                       // time passes
	moveAt                          // time passes until a moment
	moveExpect                      // what the moves before it must have led to
)

// move is one line of a story.
type move struct {
	Span    diag.Span
	Kind    moveKind
	Name    string // event type, flow, or message
	By      string // who; empty for nobody
	Key     string // of a call
	Times   int    // how often an event happens, from 1
	Data    json.RawMessage
	ID      string // of an event; the same again is a redelivery
	Text    string // the reason of a receipt
	Nth     int    // which message of its name a receipt is about, from 1; 0 for the newest
	Reply   Reply
	Status  channels.Status
	After   flows.Duration
	At      *clock
	Answers Answers
	Arms    Arms
	Expect  []expectation
}

// topic is what an expectation is about.
type topic uint8

const (
	aboutMessage topic = iota + 1
	aboutNothing       // no message
	aboutUnsent
	aboutEnd
	aboutEvent
	aboutWait
	aboutSkipped
	aboutFetch
	aboutAnyOrder
)

// expectation is one thing that must have happened. Empty fields say nothing.
type expectation struct {
	Span     diag.Span
	About    topic
	Name     string   // message, outcome, event type, step or flow
	Who      string   // to whom, or of whose run
	At       *clock   // when, by the clock of the person; of a wait: until when
	Text     *string  // the whole text
	Contains []string // each stands in the text
	Matches  string   // a regular expression that the text matches
	From     string   // the sender's name or id
	Thread   string   // the conversation
	Alert    *alert
	Parts    []part
	Metadata any // with what it names
	Rules    []string
	Snapshot string // name of a file with the whole message
	Reason   string // of what was unsent or skipped, or a part of it
	Flow     string
	Goal     *bool
	Outcome  string        // of a wait that has ended
	Data     any           // of an event, with what it names
	Any      []expectation // of these, in any order
}

// alert is the push notification of an expected message. Empty fields say nothing.
type alert struct{ Title, Body string }

// part is a part of an expected message. Empty fields say nothing.
type part struct{ Name, Type, Data, URL string }
