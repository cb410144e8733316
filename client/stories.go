package client

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// Story is a story of a flow: a test of the project folder, or one that a proof found.
type Story struct {
	Name string `json:"name"`
	Kind string `json:"kind"`           // test, counterexample or ending
	File string `json:"file,omitempty"` // of a test
	Line int    `json:"line,omitempty"` // in the file
	Why  string `json:"why,omitempty"`  // of another: why it has no frames
}

// StoryList are the stories of a flow.
type StoryList struct {
	Flow     string       `json:"flow"`
	Version  string       `json:"version"`  // of the flow in the project folder, whose stories these are
	Deployed bool         `json:"deployed"` // it is the active version, too
	Stories  []Story      `json:"stories"`
	Mistakes []Diagnostic `json:"mistakes"` // of files of tests, whose stories are left out
}

// PlayedStory is a story that was played.
type PlayedStory struct {
	Story
	Flow     string        `json:"flow"`
	Version  string        `json:"version"`
	Deployed bool          `json:"deployed"`
	Text     string        `json:"text,omitempty"` // of one that a proof found: the test that it would be
	Passed   bool          `json:"passed"`
	Failure  *StoryFailure `json:"failure,omitempty"`
	Total    int           `json:"total"`              // frames of the story
	LeftOut  int           `json:"left_out,omitempty"` // frames beyond the most that are kept
	At       int           `json:"at"`                 // number of the first frame here, from 1
	Frames   []StoryFrame  `json:"frames"`
}

// StoryFailure is where and why a test fails.
type StoryFailure struct {
	Line    int      `json:"line"`
	Message string   `json:"message"`
	Diff    []string `json:"diff,omitempty"` // "- " expected, "+ " got
}

// StoryFrame is one thing that happens in a story, with all that follows from it at that instant.
type StoryFrame struct {
	At         time.Time      `json:"at"`
	Input      string         `json:"input,omitempty"` // the move of the story; empty before the first
	Entries    []StoryEntry   `json:"entries"`         // what runs did, and what did not happen
	Steps      []StoryStep    `json:"steps"`           // that runs took, in order
	Messages   []StoryMessage `json:"messages"`        // that went out
	Conditions []StoryEntry   `json:"conditions"`      // that were looked at, with the values they saw
	Runs       []StoryRun     `json:"runs"`            // where the runs of the story are then
}

// StoryEntry is a line of the timeline of a story.
type StoryEntry struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`          // run, skip or condition
	Run     int       `json:"run,omitempty"` // number of the run in the story
	Flow    string    `json:"flow,omitempty"`
	Profile string    `json:"profile,omitempty"`
	Text    string    `json:"text"`
}

// StoryStep is a step that a run took.
type StoryStep struct {
	Run  int    `json:"run"`
	Flow string `json:"flow"`
	Step string `json:"step"`
}

// StoryMessage is a message that went out, as its person reads it.
type StoryMessage struct {
	Run  int    `json:"run"`
	Flow string `json:"flow"`
	Step string `json:"step"`
	To   string `json:"to"`
	Text string `json:"text"`
}

// StoryRun is where a run is after a frame.
type StoryRun struct {
	Run     int    `json:"run"`
	Flow    string `json:"flow"`
	Profile string `json:"profile"`
	Step    string `json:"step,omitempty"`    // where it waits
	Outcome string `json:"outcome,omitempty"` // how it ended
	Goal    bool   `json:"goal,omitempty"`
}

// Stories lists the stories of a flow; with proof, also those that a proof finds, which can take
// seconds.
func (c *Client) Stories(ctx context.Context, flow string, proof bool) (*StoryList, error) {
	query := url.Values{}
	if proof {
		query.Set("proof", "true")
	}
	list := &StoryList{}
	return list, c.get(ctx, "/v1/flows/"+segment(flow)+"/stories", query, list)
}

// Story plays a story in virtual time, and returns the frame with a number from 1, or all frames
// for 0.
func (c *Client) Story(ctx context.Context, flow, name string, at int) (*PlayedStory, error) {
	query := url.Values{}
	if at > 0 {
		query.Set("at", strconv.Itoa(at))
	}
	played := &PlayedStory{}
	return played, c.get(ctx, "/v1/flows/"+segment(flow)+"/stories/"+segment(name), query, played)
}
