package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// Job is a long piece of work that is watched and may be stopped.
type Job struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`  // what it does, for example "retry runs"
	State    string          `json:"state"` // waiting, running, stopped, done, failed or interrupted
	By       Actor           `json:"by"`    // who asked for it
	Asked    Time            `json:"asked"`
	Started  Time            `json:"started,omitzero"`
	Ended    Time            `json:"ended,omitzero"`
	Stopping bool            `json:"stopping,omitempty"` // somebody has stopped it, and it still works
	Params   json.RawMessage `json:"params,omitempty"`   // an object
	Progress JobProgress     `json:"progress"`
	Result   json.RawMessage `json:"result,omitempty"`  // an object, once it is done
	Problem  string          `json:"problem,omitempty"` // why it failed, or was interrupted
	Hint     string          `json:"hint,omitempty"`    // what to do about it
}

// JobProgress is how far a job has come.
type JobProgress struct {
	Done    int            `json:"done"`
	Total   int            `json:"total,omitempty"`   // things that there are to do, as far as is known
	Failed  int            `json:"failed,omitempty"`  // things that could not be done
	Skipped map[string]int `json:"skipped,omitempty"` // things that did not need to be done, by reason
}

// Over reports whether nothing more happens to the job.
func (j *Job) Over() bool { return j.State != "waiting" && j.State != "running" }

// JobQuery selects jobs. Empty fields select nothing away.
type JobQuery struct {
	Kind   string
	State  string
	Before string // a job: only older ones; Next of a page
	Limit  int    // jobs on a page, at most 500; 0: 50
}

// JobPage is one page of jobs, newest first.
type JobPage struct {
	Jobs []Job  `json:"jobs"`
	Next string `json:"next,omitempty"` // Before of the next page; empty on the last one
}

// Jobs lists jobs, newest first.
func (c *Client) Jobs(ctx context.Context, q JobQuery) (*JobPage, error) {
	page := &JobPage{Jobs: []Job{}}
	return page, c.get(ctx, "/v1/jobs", parameters(q.Limit, "kind", q.Kind, "state", q.State, "before", q.Before), page)
}

// Job returns a job with its progress of now.
func (c *Client) Job(ctx context.Context, id string) (*Job, error) {
	job := &Job{}
	return job, c.get(ctx, "/v1/jobs/"+segment(id), nil, job)
}

// StopJob stops a job. What it has done stays done.
func (c *Client) StopJob(ctx context.Context, id string) (*Job, error) {
	job := &Job{}
	return job, c.send(ctx, http.MethodPost, "/v1/jobs/"+segment(id)+"/stop", struct{}{}, job)
}
