package client

import (
	"context"
	"net/url"
)

// FlowDetail is one version of a flow in full.
type FlowDetail struct {
	Flow     string          `json:"flow"`
	About    string          `json:"about,omitempty"`
	Version  string          `json:"version"`
	Active   bool            `json:"active"`
	Category string          `json:"category,omitempty"`
	Account  string          `json:"account,omitempty"` // that its messages go through where they name none; empty: the default one
	Triggers []string        `json:"triggers"`          // in words
	Starts   []FlowStart     `json:"starts"`            // the same for programs, in the same order; empty: only a call starts it
	Data     []FlowField     `json:"data"`              // what a run starts with
	Exits    []FlowLine      `json:"exits"`             // ways to leave it early
	Steps    []FlowStep      `json:"steps"`             // in the order of the flow; those under an exit are behind the others
	Outcomes []FlowOutcome   `json:"outcomes"`          // how a run can end by the flow itself; any run may also fail or be cancelled
	Events   []FlowEvent     `json:"events"`            // that it names, by type
	Versions []VersionOfFlow `json:"versions"`          // the active one first, then those that were active last
	Files    []FlowFile      `json:"files"`             // that the version was made of
}

// FlowStart is what starts a flow.
type FlowStart struct {
	Kind     string `json:"kind"`               // event, reply or schedule
	Event    string `json:"event,omitempty"`    // its type
	Audience bool   `json:"audience,omitempty"` // one run for each person of an audience; false: for one person
	To       string `json:"to,omitempty"`       // of an event: how it names the person; empty: by its profile
}

// FlowStep is one step of a flow.
type FlowStep struct {
	Step     string     `json:"step"` // its ID
	Verb     string     `json:"verb"`
	Words    string     `json:"words"` // what it does, as drawings say it
	At       FlowPlace  `json:"at"`
	If       string     `json:"if,omitempty"`   // its condition
	Next     string     `json:"next,omitempty"` // the step after it; empty: the run ends
	Template string     `json:"template,omitempty"`
	Category string     `json:"category,omitempty"` // of a send: its own, or else the flow's
	Account  string     `json:"account,omitempty"`  // of a send: its own, or else the flow's
	Lines    []FlowLine `json:"lines,omitempty"`    // of a wait, repeat or collect
	Arms     []FlowArm  `json:"arms,omitempty"`     // of a branch or a split
}

// FlowPlace is where something stands in the files of a flow.
type FlowPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// FlowLine is a line of a step, or an exit.
type FlowLine struct {
	On    string    `json:"on"` // the signal, as counts name it
	As    string    `json:"as"` // the outcome
	Words string    `json:"words"`
	Then  string    `json:"then,omitempty"` // the step to go on with; empty: the run ends
	Goal  bool      `json:"goal,omitempty"` // of an exit: leaving this way is what the flow is for
	At    FlowPlace `json:"at"`
}

// FlowArm is an arm of a branch or a split.
type FlowArm struct {
	As     string `json:"as"`
	If     string `json:"if,omitempty"`     // of a branch; empty: what is left
	Weight int    `json:"weight,omitempty"` // of a split: its part of the sum of all weights
	Then   string `json:"then,omitempty"`   // the step to go on with; empty: the run ends
}

// FlowOutcome is how a run can end.
type FlowOutcome struct {
	Name string `json:"name"`
	Goal bool   `json:"goal,omitempty"`
}

// FlowEvent is a type of events that a flow names.
type FlowEvent struct {
	Type   string      `json:"type"`
	Uses   []string    `json:"uses"`   // trigger, exit, wait, until, collect or emit
	Fields []FlowField `json:"fields"` // that are known of its data
}

// FlowField is a field of data.
type FlowField struct {
	Path     string `json:"path"`
	Type     string `json:"type"` // as the language writes it
	Optional bool   `json:"optional,omitempty"`
	Private  bool   `json:"private,omitempty"` // its values are masked for those who may only read
}

// VersionOfFlow is a version of a flow among the others.
type VersionOfFlow struct {
	Version string `json:"version"`
	Active  bool   `json:"active"`
	Since   Time   `json:"since,omitzero"` // when it became active, the last time
	By      string `json:"by,omitempty"`   // who deployed it then
	Until   Time   `json:"until,omitzero"` // when another one, or none, took its place
	Started uint64 `json:"started"`        // runs started on it or moved to it, without those that moved on
	Live    uint64 `json:"live"`
}

// FlowFile is a file that a version was made of.
type FlowFile struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
	Text  string `json:"text,omitempty"` // not of what messages carry. Of nudge.yaml there is only what the flow uses
}

// Flow shows one version of a flow in full: its steps, events, files and versions. An empty version is the
// active one.
func (c *Client) Flow(ctx context.Context, name, version string) (*FlowDetail, error) {
	values := url.Values{}
	if version != "" {
		values.Set("version", version)
	}
	f := &FlowDetail{}
	return f, c.get(ctx, "/v1/flows/"+segment(name), values, f)
}
