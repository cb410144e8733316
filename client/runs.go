package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Run is one execution of a flow for one person.
type Run struct {
	ID        string          `json:"id"`
	Flow      string          `json:"flow"`
	Version   string          `json:"version"`
	Profile   string          `json:"profile"`
	Key       string          `json:"key,omitempty"`
	StartedBy string          `json:"started_by"`
	Status    string          `json:"status"`              // sending, held, waiting, fetching, ended or quarantined
	Step      string          `json:"step,omitempty"`      // where it stands; empty once it has ended
	Deadline  Time            `json:"deadline,omitzero"`   // when its wait ends at the latest
	HeldUntil Time            `json:"held_until,omitzero"` // when a held message is looked at again
	Started   Time            `json:"started"`
	Ended     Time            `json:"ended,omitzero"`
	Outcome   string          `json:"outcome,omitempty"` // empty while it is live
	Goal      bool            `json:"goal,omitempty"`    // the outcome is the flow's goal
	Data      json.RawMessage `json:"data,omitempty"`    // only of [Client.Run]
	Messages  []Message       `json:"messages,omitempty"`
	Timeline  []Entry         `json:"timeline,omitempty"`
	Trace     string          `json:"trace,omitempty"` // the ID of the trace of what started it; empty for none

	Quarantined Time   `json:"quarantined,omitzero"` // when it was set apart, because its record was damaged
	Reason      string `json:"reason,omitempty"`     // what was wrong with the record
	Record      []byte `json:"record,omitempty"`     // as it was found; only of [Client.Run]
}

// Message is a message of a run.
type Message struct {
	Number       int    `json:"number"` // from 1
	Step         string `json:"step"`
	Status       string `json:"status"`
	Reason       string `json:"reason,omitempty"`
	Attempt      int    `json:"attempt"`
	Posted       Time   `json:"posted,omitzero"`
	ProviderID   string `json:"provider_id,omitempty"`
	Conversation string `json:"conversation,omitempty"`
}

// Entry is one thing that happened to a run.
type Entry struct {
	At      Time   `json:"at"`
	Kind    string `json:"kind"` // in a word, for programs
	Step    string `json:"step,omitempty"`
	Message int    `json:"message,omitempty"` // its number
	Attempt int    `json:"attempt,omitempty"`
	Text    string `json:"text"` // in words, for people
}

// RunQuery selects runs. Empty fields select nothing away.
type RunQuery struct {
	Flow    string
	Profile string
	Status  string // live or ended
	Outcome string
	// Quarantined selects the runs whose records were damaged. Only Before and Limit go with
	// it; of such a run little more is known than its ID, and the flow and the person may be
	// empty.
	Quarantined bool
	Before      string // a run: only those that started before it; Next of a page
	Limit       int    // runs on a page, at most 1000; 0: 50
}

// RunPage is one page of runs, newest first.
type RunPage struct {
	Runs []Run  `json:"runs"`
	Next string `json:"next,omitempty"` // Before of the next page; empty on the last one
}

// Runs lists runs, newest first, without their messages and timelines.
func (c *Client) Runs(ctx context.Context, q RunQuery) (*RunPage, error) {
	page := &RunPage{Runs: []Run{}}
	values := parameters(q.Limit, "flow", q.Flow, "profile", q.Profile, "status", q.Status, "outcome", q.Outcome, "before", q.Before)
	if q.Quarantined {
		values.Set("quarantined", "true")
	}
	return page, c.get(ctx, "/v1/runs", values, page)
}

// parameters are the parameters of a list that are not empty.
func parameters(limit int, pairs ...string) url.Values {
	values := url.Values{}
	if limit != 0 {
		values.Set("limit", strconv.Itoa(limit))
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	return values
}

func runPath(id string) string { return "/v1/runs/" + segment(id) }

// Run returns a run with its messages and its timeline.
func (c *Client) Run(ctx context.Context, id string) (*Run, error) {
	run := &Run{}
	return run, c.get(ctx, runPath(id), nil, run)
}

// CancelRun ends a run now. The reason goes to its timeline and may be empty.
func (c *Client) CancelRun(ctx context.Context, id, reason string) (*Answer, error) {
	answer := &Answer{}
	return answer, c.send(ctx, http.MethodPost, runPath(id)+"/cancel", map[string]string{"reason": reason}, answer)
}
