package story

import (
	"encoding/json"
	"io/fs"
	"time"

	"nudge/channels"
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
	Story   []Move
}

// Answers are what HTTP services answer, by the id of the fetch step.
type Answers map[string]Answer

// Answer is what an HTTP service answers.
type Answer struct {
	Status int             // 0: there is no answer
	JSON   json.RawMessage // nil for a body that is no JSON
	Error  string          // why there is no answer
}

// Kind is what a move is.
type Kind uint8

const (
	MoveEvent   Kind = iota + 1 // something happens in the product
	MoveCall                    // a flow is called
	MoveReply                   // somebody writes
	MoveReceipt                 // something becomes of a message
	MoveProfile                 // what is known of somebody changes
	MoveAnswers                 // services answer otherwise from here on
	MoveAfter                   // time passes
	MoveAt                      // time passes until a moment
	MoveExpect                  // what must have come of it
)

// Move is one line of a story.
type Move struct {
	Span    diag.Span
	Kind    Kind
	Name    string // event type, flow, or message
	By      string // who; empty for nobody
	Key     string // of a call
	Times   int    // how often an event happens, from 1
	Data    json.RawMessage
	Text    string // of a reply, or the reason of a receipt
	Status  channels.Status
	After   flows.Duration
	At      *flows.Moment
	Answers Answers
	Expect  []Expectation
}

// Expected is what an expectation is about.
type Expected uint8

const (
	ExpectMessage Expected = iota + 1
	ExpectNothing          // no message
	ExpectUnsent
	ExpectEnd
	ExpectEvent
	ExpectWait
	ExpectSkipped
)

// Expectation is one thing that must have happened. Empty fields say nothing.
type Expectation struct {
	Span     diag.Span
	About    Expected
	Name     string        // message, outcome, event type, step or flow
	Who      string        // to whom, or of whose run
	At       *flows.Moment // when, by the clock of whoever it concerns; of a wait: until when
	Text     *string       // the whole text
	Contains []string      // each stands in the text
	Matches  string        // a regular expression that the text matches
	From     string        // the sender's name or id
	Alert    *Alert
	Parts    []Part
	Metadata any // with what it names
	Rules    []string
	Snapshot string // name of a file with the whole message
	Reason   string // of what was unsent or skipped, or a part of it
	Flow     string
	Goal     *bool
	Outcome  string // of a wait that has ended
	Data     any    // of an event, with what it names
}

// Alert is the push notification of an expected message. Empty fields say nothing.
type Alert struct{ Title, Body string }

// Part is a part of an expected message. Empty fields say nothing.
type Part struct{ Name, Type, Data, URL string }
