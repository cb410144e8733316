package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// FlowVersion is one version of a flow and its numbers.
type FlowVersion struct {
	Flow     string            `json:"flow"`
	Version  string            `json:"version"`
	Active   bool              `json:"active"` // new runs start with it
	Started  uint64            `json:"started"`
	Live     uint64            `json:"live"`
	Parked   map[string]uint64 `json:"parked,omitempty"`   // live runs, by their step
	Outcomes map[string]uint64 `json:"outcomes,omitempty"` // ended runs, by their outcome
}

// Flows lists the versions of flows that the server knows.
func (c *Client) Flows(ctx context.Context) ([]FlowVersion, error) {
	var out struct {
		Flows []FlowVersion `json:"flows"`
	}
	err := c.get(ctx, "/v1/flows", nil, &out)
	return out.Flows, err
}

// Call starts a run of a flow for a person.
type Call struct {
	ID      string          `json:"id,omitempty"` // makes it safe to send again
	Profile string          `json:"profile"`
	Key     string          `json:"key,omitempty"`  // of the run: later events find it by this
	Data    json.RawMessage `json:"data,omitempty"` // a JSON object
}

// CallFlow calls a flow for a person, whatever its triggers are. Where its entry lets no run
// start, the answer says why.
func (c *Client) CallFlow(ctx context.Context, flow string, call Call) (*Answer, error) {
	answer := &Answer{}
	return answer, c.sendOnce(ctx, "/v1/flows/"+segment(flow)+"/runs", &call.ID, &call, answer)
}

// File is a file of a project. A file that is neither nudge.yaml nor in flows/ or templates/
// has its Text in base64.
type File struct {
	Name string `json:"name"` // its path below the project's folder, with slashes
	Text string `json:"text"`
}

// Deployed is what a deploy made the active flows.
type Deployed struct {
	Flows    []DeployedFlow `json:"flows"`
	Warnings []Diagnostic   `json:"warnings"`
}

// DeployedFlow is a flow that is active now.
type DeployedFlow struct {
	Flow    string `json:"flow"`
	Version string `json:"version"`
	New     bool   `json:"new"` // another version, or none, was active before
}

type projectRequest struct {
	Files []File `json:"files"`
}

// Deploy makes the flows of a project the active ones, all at once. A project that does not
// load changes nothing and is a [*Problem] of the kind [KindProject].
func (c *Client) Deploy(ctx context.Context, files []File) (*Deployed, error) {
	deployed := &Deployed{}
	return deployed, c.send(ctx, http.MethodPost, "/v1/flows", projectRequest{files}, deployed)
}

// Plan is what a deploy would do.
type Plan struct {
	Flows    []PlannedFlow `json:"flows"`    // of either side, by name
	Affected uint64        `json:"affected"` // runs that the deploy would move or end
	Parked   uint64        `json:"parked"`   // runs on versions that would no longer be active
}

// PlannedFlow is what a deploy would do to one flow.
type PlannedFlow struct {
	Flow    string       `json:"flow"`
	Change  string       `json:"change"`           // new, changed, unchanged or removed
	Active  string       `json:"active,omitempty"` // the version that is active now
	Next    string       `json:"next,omitempty"`   // the version that would be
	Because []string     `json:"because,omitempty"`
	Live    uint64       `json:"live"`             // runs on any version
	Parked  []ParkedRuns `json:"parked,omitempty"` // those that are not on Next
}

// ParkedRuns are the runs of one version that stand at one step.
type ParkedRuns struct {
	Version string   `json:"version"`
	Step    string   `json:"step"`
	Runs    uint64   `json:"runs"`
	InNext  string   `json:"in_next"`          // the step in the next version: same, changed or gone
	Fate    string   `json:"fate"`             // what the deploy does to them: stays, moves or ends
	To      string   `json:"to,omitempty"`     // the step they go on with, or the outcome they end with
	Sample  []string `json:"sample,omitempty"` // some of the runs
	Looked  int      `json:"looked"`           // runs whose future was looked at
	Ahead   []Ahead  `json:"ahead,omitempty"`  // what is ahead of them, the most frequent first
	Then    []Ahead  `json:"then,omitempty"`   // what would be ahead under the next version
	Refused []string `json:"refused,omitempty"`
	// Hypothetical: no migration names these runs; Then is what { from: STEP, to: same } would do.
	Hypothetical bool `json:"hypothetical,omitempty"`
}

// Ahead is what is ahead of some runs.
type Ahead struct {
	Runs     int    `json:"runs"`
	IfUnread Future `json:"if_unread"` // the person reads and answers nothing
	IfRead   Future `json:"if_read"`   // the person reads everything and answers nothing
}

// Future is the rest of a run.
type Future struct {
	Messages []string `json:"messages"`          // their templates, in order
	Outcome  string   `json:"outcome,omitempty"` // empty where no end is in sight
}

// PlanFlows says what a deploy of a project would do, and changes nothing.
func (c *Client) PlanFlows(ctx context.Context, files []File) (*Plan, error) {
	plan := &Plan{}
	return plan, c.send(ctx, http.MethodPost, "/v1/flows/plan", projectRequest{files}, plan)
}

// Upcoming is a campaign that a schedule will start.
type Upcoming struct {
	Flow  string `json:"flow"`
	Words string `json:"words"` // the schedule, as the flow has it
	At    Time   `json:"at"`    // where it is local, when its first people's clocks show the time
	Local bool   `json:"local,omitempty"`

	Last         string `json:"last,omitempty"`          // the last campaign of the flow, among the newest 120 of all flows
	LastAudience int    `json:"last_audience,omitempty"` // rows that it had
}

// Schedule lists the next campaigns of all schedules, soonest first: at most n, which is 1 to
// 1000.
func (c *Client) Schedule(ctx context.Context, n int) ([]Upcoming, error) {
	var out struct {
		Firings []Upcoming `json:"firings"`
	}
	err := c.get(ctx, "/v1/schedule", url.Values{"n": {strconv.Itoa(n)}}, &out)
	return out.Firings, err
}

// Calendar are the starts of a range of time, and the campaigns that were due in it.
type Calendar struct {
	Firings   []Upcoming `json:"firings"`             // to come, soonest first
	Campaigns []Campaign `json:"campaigns,omitempty"` // that were due, oldest first
	More      bool       `json:"more,omitempty"`      // there are further starts
}

// Calendar lists what starts, and what was due, from an instant up to another.
func (c *Client) Calendar(ctx context.Context, from, to time.Time) (*Calendar, error) {
	calendar := &Calendar{}
	return calendar, c.get(ctx, "/v1/schedule", url.Values{"from": {from.UTC().Format(time.RFC3339)}, "to": {to.UTC().Format(time.RFC3339)}}, calendar)
}
