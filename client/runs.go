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
	Waits     []Awaited       `json:"waits,omitempty"` // what it looks out for, in the order in which it is asked; only of [Client.Run], of one that lives
	Wakes     *Wake           `json:"wakes,omitempty"` // what else wakes it
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

	Content *Content `json:"content,omitempty"` // of one that went out
}

// Awaited is one line that a live run looks out for.
type Awaited struct {
	Place     string  `json:"place"`               // exits, or the id of the wait, the collect or the repeat
	For       string  `json:"for"`                 // what it looks out for, in words
	At        Time    `json:"at,omitzero"`         // when its timer is due; zero for a line without one, or whose timer is over
	Held      bool    `json:"held,omitempty"`      // its timer is due, and waits until the provider has said how a message stands
	Outcome   string  `json:"outcome,omitempty"`   // of the place, or of the run where the place is exits
	Then      string  `json:"then,omitempty"`      // the step that follows; empty: the run ends
	GoesOn    bool    `json:"goes_on,omitempty"`   // the wait goes on behind the steps that follow
	Condition string  `json:"condition,omitempty"` // that must be true as well
	Holds     *bool   `json:"holds,omitempty"`     // whether it is true at present
	Sees      []Value `json:"sees,omitempty"`      // what it reads, as it is at present
}

// Value is what a condition reads.
type Value struct {
	Path  string `json:"path"`            // as it stands in the condition
	Value string `json:"value,omitempty"` // as JSON, cut to 200 bytes; empty for what is absent
}

// Wake is what wakes a run besides its lines.
type Wake struct {
	What string `json:"what"` // in words
	At   Time   `json:"at,omitzero"`
}

// Condition is one that led to an entry of a timeline, with what it saw.
type Condition struct {
	Text    string   `json:"text"`
	Holds   bool     `json:"holds"`             // whether it was true
	Saw     []Value  `json:"saw,omitempty"`     // what cannot have changed since
	Unknown []string `json:"unknown,omitempty"` // what it read besides: the record does not have the values of then
}

// Content is what a message says, rendered again: it may differ from what went out where the person or the run have changed since.
type Content struct {
	Title    string        `json:"title,omitempty"`
	Body     string        `json:"body,omitempty"`
	Parts    []ContentPart `json:"parts,omitempty"`
	Template string        `json:"template,omitempty"` // ID of a template that the provider keeps
	Version  string        `json:"version"`            // of the flow, of which it was rendered again
	Problem  string        `json:"problem,omitempty"`  // why it cannot be rendered again
}

// ContentPart is one part of a message.
type ContentPart struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Entry is one thing that happened to a run.
type Entry struct {
	At      Time   `json:"at"`
	Kind    string `json:"kind"` // in a word, for programs
	Step    string `json:"step,omitempty"`
	Message int    `json:"message,omitempty"` // its number
	Attempt int    `json:"attempt,omitempty"`
	Text    string `json:"text"` // in words, for people

	Conditions []Condition `json:"conditions,omitempty"` // that led to it, of a branch and of a step that was skipped
}

// RunFilter selects runs. Empty fields select nothing away.
type RunFilter struct {
	Flow          string `json:"flow,omitempty"`
	Version       string `json:"version,omitempty"`
	Profile       string `json:"profile,omitempty"`
	Key           string `json:"key,omitempty"`
	Status        string `json:"status,omitempty"` // live or ended
	Outcome       string `json:"outcome,omitempty"`
	Step          string `json:"step,omitempty"`           // where they stand or ended; with MessageStatus or Reason: of the message
	Line          string `json:"line,omitempty"`           // outcome of a wait, collect, repeat or start; STEP/OUTCOME for one step
	Arm           string `json:"arm,omitempty"`            // of a branch or split; STEP/ARM for one step
	MessageStatus string `json:"message_status,omitempty"` // of one of the messages
	Reason        string `json:"reason,omitempty"`         // of one of the messages, or why the run failed
	Failure       string `json:"failure,omitempty"`        // ID of a [FailureGroup]
	Campaign      string `json:"campaign,omitempty"`
	StartedFrom   Time   `json:"started_from,omitzero"`
	StartedBefore Time   `json:"started_before,omitzero"`
	EndedFrom     Time   `json:"ended_from,omitzero"`
	EndedBefore   Time   `json:"ended_before,omitzero"`
}

// RunQuery selects runs. Empty fields select nothing away.
type RunQuery struct {
	RunFilter
	// Quarantined selects the runs whose records were damaged. Only Before and Limit go with
	// it; of such a run little more is known than its ID, and the flow and the person may be
	// empty.
	Quarantined bool
	Before      string // a run: only those that started before it; Next of a page
	Limit       int    // runs on a page, at most 500; 0: 50
	Look        int    // runs to look at for them, at most 20,000; 0: 20,000
}

// RunPage is one page of runs, newest first.
type RunPage struct {
	Runs   []Run  `json:"runs"`
	Next   string `json:"next,omitempty"` // Before of the next page; empty on the last one
	Looked int    `json:"looked"`         // how many runs were looked at
	Until  Time   `json:"until,omitzero"` // when the last of them started; zero on the last page
}

// Runs lists runs, newest first, without their messages and timelines.
func (c *Client) Runs(ctx context.Context, q RunQuery) (*RunPage, error) {
	page := &RunPage{Runs: []Run{}}
	values := parameters(q.Limit, append(q.pairs(), "before", q.Before)...)
	setNumber(values, "look", q.Look)
	if q.Quarantined {
		values.Set("quarantined", "true")
	}
	return page, c.get(ctx, "/v1/runs", values, page)
}

// pairs are the parameters of a filter.
func (f *RunFilter) pairs() []string {
	at := func(t Time) string {
		if t.IsZero() {
			return ""
		}
		return t.String()
	}
	return []string{"flow", f.Flow, "version", f.Version, "profile", f.Profile, "key", f.Key, "status", f.Status, "outcome", f.Outcome,
		"step", f.Step, "line", f.Line, "arm", f.Arm, "message_status", f.MessageStatus, "reason", f.Reason, "failure", f.Failure, "campaign", f.Campaign,
		"started_from", at(f.StartedFrom), "started_before", at(f.StartedBefore), "ended_from", at(f.EndedFrom), "ended_before", at(f.EndedBefore)}
}

// FailureGroup is the runs with the same failure.
type FailureGroup struct {
	ID      string         `json:"id"`     // for [RunFilter]
	What    string         `json:"what"`   // run or message: what failed
	Status  string         `json:"status"` // of a run its outcome, failed or quarantined; of a message: failed, expired or unsent
	Reason  string         `json:"reason"` // with # in place of numbers
	Flow    string         `json:"flow"`
	Version string         `json:"version"`
	Step    string         `json:"step,omitempty"`
	Runs    int            `json:"runs"`   // that have it, of those that are kept
	Newest  FailureExample `json:"newest"` // the run that started last
}

// FailureExample is one run of a group.
type FailureExample struct {
	Run     string `json:"run"`
	Profile string `json:"profile"`
	At      Time   `json:"at"` // when it failed
}

// FailureQuery selects groups of failures. Empty fields select nothing away.
type FailureQuery struct {
	Flow    string
	Version string
	Status  string // failed, quarantined, expired or unsent
	Limit   int    // groups, at most 500; 0: 100
	Look    int    // groups to look at for them, at most 20,000; 0: 20,000
}

// FailureList is the groups of failures, those whose newest run started last first.
type FailureList struct {
	Groups []FailureGroup `json:"groups"`
	More   bool           `json:"more,omitempty"` // there may be further groups
}

// Failures lists what went wrong with runs and messages.
func (c *Client) Failures(ctx context.Context, q FailureQuery) (*FailureList, error) {
	list := &FailureList{Groups: []FailureGroup{}}
	values := parameters(q.Limit, "flow", q.Flow, "version", q.Version, "status", q.Status)
	setNumber(values, "look", q.Look)
	return list, c.get(ctx, "/v1/runs/failures", values, list)
}

// setNumber sets a parameter unless the number is 0.
func setNumber(values url.Values, name string, n int) {
	if n != 0 {
		values.Set(name, strconv.Itoa(n))
	}
}

// parameters are the parameters of a list that are not empty.
func parameters(limit int, pairs ...string) url.Values {
	values := url.Values{}
	setNumber(values, "limit", limit)
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

// RetryRun lets a run go on that has failed, at the step at which it failed, in the active version of its flow. The reason goes to
// its timeline and may be empty.
func (c *Client) RetryRun(ctx context.Context, id, reason string) (*Answer, error) {
	answer := &Answer{}
	return answer, c.send(ctx, http.MethodPost, runPath(id)+"/retry", map[string]string{"reason": reason}, answer)
}

// CancelRun ends a run now. The reason goes to its timeline and may be empty.
func (c *Client) CancelRun(ctx context.Context, id, reason string) (*Answer, error) {
	answer := &Answer{}
	return answer, c.send(ctx, http.MethodPost, runPath(id)+"/cancel", map[string]string{"reason": reason}, answer)
}

// BulkChange names the runs of a change of many.
type BulkChange struct {
	Filter RunFilter `json:"filter"`            // at least one field
	DryRun bool      `json:"dry_run,omitempty"` // of [Client.CountRetry] and [Client.CountCancel]
	Expect *int      `json:"expect,omitempty"`  // how many runs the count said
	Reason string    `json:"reason,omitempty"`  // is shown in the runs' timelines
}

// BulkCount is how many runs a change of many is about.
type BulkCount struct {
	Runs     int            `json:"runs"`
	At       Time           `json:"at"`                // when they were counted
	Skipped  map[string]int `json:"skipped,omitempty"` // runs that the filter selects and that cannot be changed, by why
	Looked   int            `json:"looked"`            // how many runs were looked at
	Examples []Run          `json:"examples"`          // the first ones
}

// CountRetry counts the runs that a retry of many would try again.
func (c *Client) CountRetry(ctx context.Context, f RunFilter) (*BulkCount, error) {
	count := &BulkCount{}
	return count, c.send(ctx, http.MethodPost, "/v1/runs/retry", BulkChange{Filter: f, DryRun: true}, count)
}

// RetryRuns begins a job that tries failed runs again. Expect is what [Client.CountRetry] said: if there are more than a tenth more by
// now, nothing begins.
func (c *Client) RetryRuns(ctx context.Context, f RunFilter, expect int, reason string) (*Job, error) {
	job := &Job{}
	return job, c.send(ctx, http.MethodPost, "/v1/runs/retry", BulkChange{Filter: f, Expect: &expect, Reason: reason}, job)
}

// CountCancel counts the runs that a cancel of many would end.
func (c *Client) CountCancel(ctx context.Context, f RunFilter) (*BulkCount, error) {
	count := &BulkCount{}
	return count, c.send(ctx, http.MethodPost, "/v1/runs/cancel", BulkChange{Filter: f, DryRun: true}, count)
}

// CancelRuns begins a job that cancels live runs. Expect is what [Client.CountCancel] said: if there are more than a tenth more by
// now, nothing begins.
func (c *Client) CancelRuns(ctx context.Context, f RunFilter, expect int, reason string) (*Job, error) {
	job := &Job{}
	return job, c.send(ctx, http.MethodPost, "/v1/runs/cancel", BulkChange{Filter: f, Expect: &expect, Reason: reason}, job)
}
