package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Deploy is a proposal, or a deploy that nobody proposed.
type Deploy struct {
	ID        string       `json:"id,omitempty"` // of the proposal; empty for a deploy without one
	State     string       `json:"state"`        // open, stale, approved, withdrawn, or deployed without a proposal
	At        Time         `json:"at"`           // when it was proposed, or deployed without a proposal
	By        Actor        `json:"by"`           // who did that
	Note      string       `json:"note,omitempty"`
	Changes   []FlowChange `json:"changes"`              // of flows; what stays as it is has no line
	Overtaken []string     `json:"overtaken,omitempty"`  // of a stale one: the flows that another deploy has changed since
	Decided   Time         `json:"decided,omitzero"`     // when it was approved or withdrawn
	DecidedBy *Actor       `json:"decided_by,omitempty"` // who did that
	Seq       uint64       `json:"seq,omitempty"`        // number of the deploy in the journal
	Verdict   string       `json:"verdict,omitempty"`    // what its reviews have found out, on one line; only of [Client.ProposedDeploy]
	Reviews   []Review     `json:"reviews,omitempty"`    // likewise
	Watch     *Watch       `json:"watch,omitempty"`      // how it is backtested again and again; nil: it is not
	Warnings  []Diagnostic `json:"warnings,omitempty"`   // of the project; only of [Client.ProposeDeploy]
}

// FlowChange is what a deploy does to one flow.
type FlowChange struct {
	Flow   string   `json:"flow"`
	Before string   `json:"before,omitempty"` // the version that was active; empty: the flow is new
	After  string   `json:"after,omitempty"`  // the version in its place; empty: the flow is removed
	Files  []string `json:"files,omitempty"`  // that differ between the two, of a proposal
}

// Review is what a job has found out about a proposal.
type Review struct {
	Kind    string          `json:"kind"`  // plan, backtest or prove
	State   string          `json:"state"` // of its job: waiting, running, stopped, done, failed or interrupted
	Job     string          `json:"job"`   // its ID
	By      Actor           `json:"by"`    // who asked for it
	Asked   Time            `json:"asked"`
	Done    Time            `json:"done,omitzero"`
	Old     bool            `json:"old,omitempty"`     // other flows are active now than when it was made
	Verdict string          `json:"verdict,omitempty"` // on one line
	Problem string          `json:"problem,omitempty"` // why the job failed, or was interrupted
	Hint    string          `json:"hint,omitempty"`    // what to do about it
	Result  json.RawMessage `json:"result,omitempty"`  // an object
	Earlier *Backtested     `json:"earlier,omitempty"` // of a backtest: the numbers of the one before
}

// Backtested are the numbers of a backtest.
type Backtested struct {
	Done    Time           `json:"done"`  // when it was
	From    Time           `json:"from"`  // the first input of its window
	Until   Time           `json:"until"` // the last one
	Before  MessageCount   `json:"before"`
	After   MessageCount   `json:"after"`
	Changes MessageChanges `json:"changes"`
	Differ  int            `json:"differ"` // people for whom something is different
}

// MessageCount is what one set of flows sent.
type MessageCount struct {
	Messages int `json:"messages"`
	People   int `json:"people"` // who got at least one
}

// MessageChanges are messages by what a proposal does to them.
type MessageChanges struct {
	Same     int `json:"same"`     // the same text at the same time
	Reworded int `json:"reworded"` // another text at the same time
	Moved    int `json:"moved"`    // at another time
	Added    int `json:"added"`
	Dropped  int `json:"dropped"`
}

// Watch says how a proposal is backtested again and again.
type Watch struct {
	Days     int    `json:"days"`     // how far back each backtest goes
	Receipts string `json:"receipts"` // what people do with messages that were never sent
	By       Actor  `json:"by"`       // who asked for it
	Since    Time   `json:"since"`
	Until    Time   `json:"until"`             // no backtest begins from then on
	Next     Time   `json:"next,omitzero"`     // when the next one begins; zero: none does any more
	Asked    Time   `json:"asked,omitzero"`    // when the last one began
	Job      string `json:"job,omitempty"`     // of the last one
	State    string `json:"state,omitempty"`   // of that job; failed also where none could begin
	Problem  string `json:"problem,omitempty"` // why the last one failed, or was interrupted
	Hint     string `json:"hint,omitempty"`    // what to do about it
}

// DeployPage is one page of the history, newest first.
type DeployPage struct {
	Deploys []Deploy `json:"deploys"`
	Next    string   `json:"next,omitempty"` // before of the next page; empty on the last one
}

// Deploys lists proposals, and deploys without one, newest first: at most limit, which is 500 or less; 0: 50.
func (c *Client) Deploys(ctx context.Context, before string, limit int) (*DeployPage, error) {
	page := &DeployPage{Deploys: []Deploy{}}
	return page, c.get(ctx, "/v1/deploys", parameters(limit, "before", before), page)
}

// ProposeDeploy proposes a project with a note for the person who approves it. A project that does not load is a [*Problem] of the kind
// [KindProject].
func (c *Client) ProposeDeploy(ctx context.Context, files []File, note string) (*Deploy, error) {
	return c.onDeploy(ctx, "", struct {
		Files []File `json:"files"`
		Note  string `json:"note,omitempty"`
	}{files, note})
}

// ProposedDeploy returns a proposal with what jobs have found out about it.
func (c *Client) ProposedDeploy(ctx context.Context, id string) (*Deploy, error) {
	d := &Deploy{}
	return d, c.get(ctx, "/v1/deploys/"+segment(id), nil, d)
}

// ProposedFiles returns the files of an open proposal.
func (c *Client) ProposedFiles(ctx context.Context, id string) ([]File, error) {
	return c.filesOf(ctx, id, "proposed")
}

// FilesBefore returns the files of the flows that were active when a proposal was made, without nudge.yaml.
func (c *Client) FilesBefore(ctx context.Context, id string) ([]File, error) {
	return c.filesOf(ctx, id, "active")
}

func (c *Client) filesOf(ctx context.Context, id, of string) ([]File, error) {
	var files struct {
		Files []File `json:"files"`
	}
	err := c.get(ctx, "/v1/deploys/"+segment(id)+"/files", url.Values{"of": {of}}, &files)
	return files.Files, err
}

// Approval says what somebody who approves a proposal has been told.
type Approval struct {
	Expect *uint64 `json:"expect,omitempty"` // how many runs it moves or ends; a tenth more are refused with 409. Nil: any number
}

// ApproveDeploy makes the flows of a proposal the active ones.
func (c *Client) ApproveDeploy(ctx context.Context, id string, told Approval) (*Deploy, error) {
	return c.onDeploy(ctx, "/"+segment(id)+"/approve", told)
}

// WithdrawDeploy takes a proposal back.
func (c *Client) WithdrawDeploy(ctx context.Context, id string) (*Deploy, error) {
	return c.onDeploy(ctx, "/"+segment(id)+"/withdraw", nil)
}

// onDeploy posts what is the same however often it is sent, and takes no Idempotency-Key.
func (c *Client) onDeploy(ctx context.Context, path string, body any) (*Deploy, error) {
	d := &Deploy{}
	return d, c.sendAgain(ctx, "/v1/deploys"+path, body, d)
}

// WatchDeploy lets a proposal be backtested at once and then each hour, for 14 days, or until it is decided or stale.
func (c *Client) WatchDeploy(ctx context.Context, id string, of BacktestOf) (*Deploy, error) {
	return c.onDeploy(ctx, "/"+segment(id)+"/watch", of)
}

// UnwatchDeploy ends that.
func (c *Client) UnwatchDeploy(ctx context.Context, id string) (*Deploy, error) {
	return c.onDeploy(ctx, "/"+segment(id)+"/unwatch", nil)
}

// PlanProposal starts a job that finds out what a proposal does to the people in flows. While one is under way, it returns that one.
func (c *Client) PlanProposal(ctx context.Context, id string) (*Job, error) {
	job := &Job{}
	return job, c.sendAgain(ctx, "/v1/deploys/"+segment(id)+"/plan", nil, job)
}

// BacktestOf says what the backtest of a proposal compares.
type BacktestOf struct {
	Days     int    `json:"days,omitempty"`     // how far back; 0: 7
	Receipts string `json:"receipts,omitempty"` // what people do with messages that were never sent: unread, or like-others; empty: unread
}

// BacktestProposal starts a job that finds out what a proposal would have sent. While one is under way, it returns that one.
func (c *Client) BacktestProposal(ctx context.Context, id string, of BacktestOf) (*Job, error) {
	job := &Job{}
	return job, c.sendAgain(ctx, "/v1/deploys/"+segment(id)+"/backtest", of, job)
}

// ProveProposal starts a job that finds out which promises a proposal can break. While one is under way, it returns that one.
func (c *Client) ProveProposal(ctx context.Context, id string) (*Job, error) {
	job := &Job{}
	return job, c.sendAgain(ctx, "/v1/deploys/"+segment(id)+"/prove", nil, job)
}

// sendAgain posts a value, or nothing, that the server takes once however often it is sent, without an ID or a key.
func (c *Client) sendAgain(ctx context.Context, path string, body, into any) error {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return c.attempts(ctx, true, call{method: http.MethodPost, path: path, body: raw}, into)
}
