package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/store"
	"nudge/whatif/preview"
)

// Job is a long piece of work that is watched and may be stopped, as the API shows it.
type Job struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`  // what it does, for example "retry runs"
	State    string          `json:"state"` // waiting, running, stopped, done, failed or interrupted
	By       engine.Actor    `json:"by"`    // who asked for it
	Asked    engine.Instant  `json:"asked"`
	Started  engine.Instant  `json:"started,omitzero"`
	Ended    engine.Instant  `json:"ended,omitzero"`
	Stopping bool            `json:"stopping,omitempty"` // somebody has stopped it, and it still works
	Params   json.RawMessage `json:"params,omitempty" openapi:"object"`
	Progress JobProgress     `json:"progress"`
	Result   json.RawMessage `json:"result,omitempty" openapi:"object"`
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

func jobOf(j *store.Job) Job {
	return Job{ID: j.ID, Kind: j.Kind, State: j.State.String(), By: j.By, Asked: j.Asked, Started: j.Started, Ended: j.Ended, Stopping: j.Stop && !j.State.Over(),
		Params: j.Params, Progress: JobProgress(j.Progress), Result: j.Result, Problem: j.Problem, Hint: j.Hint}
}

// shownJob is a job, as far as the sender of a request may see it: the result of a preview has messages and data of people.
func (v *view) shownJob(j *store.Job) (Job, error) {
	shown := jobOf(j)
	if j.Kind != kindPreview || len(j.Result) == 0 || v.all() {
		return shown, nil
	}
	p := new(preview.Preview)
	if err := json.Unmarshal(j.Result, p); err != nil {
		return shown, err
	}
	err := v.preview(p)
	shown.Result = encoded(p)
	return shown, err
}

// replyJob answers with a job.
func (s *Server) replyJob(w http.ResponseWriter, r *http.Request, status int, j *store.Job) {
	v, err := s.viewOf(w)
	var shown Job
	if err == nil {
		shown, err = v.shownJob(j)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, status, shown)
}

// jobPage is a page of jobs.
type jobPage struct {
	Jobs []Job  `json:"jobs"` // newest first
	Next string `json:"next,omitempty"`
}

// jobKinds are the kinds of jobs that a server starts.
var jobKinds = []string{bulk.Retry, bulk.Cancel, kindPlan, kindBacktest, kindProve, kindPreview}

const aJob = "01JD0Q7V6T3M5R8W9X0Y1Z2A3C"

func (s *Server) jobRoutes() []route {
	return []route{
		{"GET /v1/jobs", ScopeRead, s.listJobs, operation{
			id: "listJobs", first: true, topic: "Jobs", does: "List jobs", more: "Newest first. A job is a long piece of work: it goes on by itself, shows its progress, and may be stopped. The newest 1,000 that are over are kept.",
			query: append([]parameter{
				{name: "kind", does: "what they do; all without it", example: bulk.Retry, words: jobKinds},
				{name: "state", does: "how far they are; all without it", example: "running", words: store.JobStates()},
			}, pages(aJob)...),
			gives: ok(jobPage{}, "a page of jobs"), fails: []int{400},
		}},
		{"GET /v1/jobs/{id}", ScopeRead, s.showJob, operation{
			id: "showJob", first: true, topic: "Jobs", does: "Show a job", more: "With its progress of now, and with its result once it is done.", gives: ok(Job{}, "the job"), fails: []int{404},
		}},
		{"POST /v1/jobs/{id}/stop", ScopeOperate, s.stopJob, operation{
			id: "stopJob", first: true, topic: "Jobs", does: "Stop a job", more: "What it has done stays done. A job that works ends soon after the answer.", bare: true,
			takes: body(jobStop{}, maxCommandBody, `{}`), gives: ok(Job{}, "the job as it is now"), fails: []int{400, 404, 409, 429, 501, 503}, keyless: true,
		}},
	}
}

// jobStop is the body of a stop; it may be left out.
type jobStop struct{}

var jobParameters = []string{"kind", "state", "before", "limit"}

func (s *Server) listJobs(w http.ResponseWriter, r *http.Request) {
	q, err := jobQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := s.config.Store.Jobs
	if s.config.Jobs != nil {
		list = s.config.Jobs.Jobs
	}
	all, next, err := list(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	page := jobPage{Jobs: make([]Job, 0, len(all)), Next: next}
	for i := 0; i < len(all) && err == nil; i++ {
		var shown Job
		shown, err = v.shownJob(all[i])
		page.Jobs = append(page.Jobs, shown)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, page)
}

func jobQuery(values url.Values) (q store.JobQuery, err error) {
	if err := onlyParameters(values, jobParameters); err != nil {
		return q, err
	}
	q = store.JobQuery{Kind: values.Get("kind"), State: values.Get("state"), Before: values.Get("before")}
	if q.Kind != "" && !slices.Contains(jobKinds, q.Kind) {
		return q, wrongParameter("kind", "must be "+strings.Join(jobKinds, ", "))
	}
	if q.State != "" && !slices.Contains(store.JobStates(), q.State) {
		return q, wrongParameter("state", "must be "+strings.Join(store.JobStates(), ", "))
	}
	q.Limit, err = limitOf(values)
	return q, err
}

func (s *Server) showJob(w http.ResponseWriter, r *http.Request) {
	show := s.config.Store.Job
	if s.config.Jobs != nil {
		show = s.config.Jobs.Job
	}
	j, err := show(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, jobProblem(err, r.PathValue("id")))
		return
	}
	s.replyJob(w, r, http.StatusOK, j)
}

func (s *Server) stopJob(w http.ResponseWriter, r *http.Request) {
	err := refuseKey(r, "this takes no Idempotency-Key: a job that is stopped twice is stopped once")
	if err == nil && s.config.Jobs == nil {
		err = problemOf(http.StatusNotImplemented, "jobs", "this server does no jobs")
	}
	var request jobStop
	if err == nil {
		err = s.read(w, r, &request)
	}
	id := r.PathValue("id")
	if err == nil {
		_, err = s.config.Store.Job(id)
	}
	if err == nil {
		err = s.note(r.Context(), actorOf(w, r), "stop job", map[string]string{"job": id})
	}
	if err != nil {
		s.fail(w, r, jobProblem(err, id))
		return
	}
	j, err := s.config.Jobs.Stop(id)
	if err != nil {
		s.fail(w, r, jobProblem(err, id))
		return
	}
	s.replyJob(w, r, http.StatusOK, j)
}

// startJob begins a job for who sent a request, and answers with it. A body of nil is that of a kind which goes on after a
// restart. An entry of the audit trail says what was asked for, once.
func (s *Server) startJob(w http.ResponseWriter, r *http.Request, kind string, params any, body jobs.Body) {
	if s.config.Jobs == nil {
		s.fail(w, r, problemOf(http.StatusNotImplemented, "jobs", "this server does no jobs"))
		return
	}
	by := actorOf(w, r)
	err := s.note(r.Context(), by, kind, params)
	var j *store.Job
	if err == nil {
		j, err = s.config.Jobs.Start(*by, kind, params, body)
	}
	if err != nil {
		s.fail(w, r, jobProblem(err, ""))
		return
	}
	s.replyJob(w, r, http.StatusAccepted, j)
}

// jobProblem says why a job cannot be shown, stopped or begun.
func jobProblem(err error, id string) error {
	switch {
	case errors.Is(err, store.ErrNoJob):
		return problemOf(http.StatusNotFound, "not-found", "there is no job "+id+", or not any more: the newest 1,000 that are over are kept")
	case errors.Is(err, jobs.ErrOver):
		return problemOf(http.StatusConflict, "ended", "the job "+id+" is over")
	case errors.Is(err, jobs.ErrBusy):
		return problemOf(http.StatusTooManyRequests, "busy", err.Error())
	case errors.Is(err, jobs.ErrClosed):
		return problemOf(http.StatusServiceUnavailable, "stopped", err.Error())
	case errors.Is(err, jobs.ErrTooLarge):
		return problemOf(http.StatusRequestEntityTooLarge, "limit", err.Error())
	}
	return err
}
