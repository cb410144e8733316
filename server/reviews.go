package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner/jobs"
	"nudge/store"
	"nudge/whatif/backtest"
	"nudge/whatif/review"
)

// Review is what a job has found out about a proposal, as the API shows it.
type Review struct {
	Kind    string          `json:"kind"`  // plan, backtest or prove
	State   string          `json:"state"` // of its job: waiting, running, stopped, done, failed or interrupted
	Job     string          `json:"job"`   // its ID
	By      engine.Actor    `json:"by"`    // who asked for it
	Asked   engine.Instant  `json:"asked"`
	Done    engine.Instant  `json:"done,omitzero"`
	Old     bool            `json:"old,omitempty"`     // other flows are active now than when it was made
	Verdict string          `json:"verdict,omitempty"` // on one line
	Problem string          `json:"problem,omitempty"` // why the job failed, or was interrupted
	Hint    string          `json:"hint,omitempty"`    // what to do about it
	Result  json.RawMessage `json:"result,omitempty" openapi:"object"`
	Earlier *review.Numbers `json:"earlier,omitempty"` // of a backtest: the numbers of the one before
}

// backtestRequest says what a backtest compares.
type backtestRequest struct {
	Days     int                 `json:"days,omitempty"`     // how far back; 7 without it, 400 at most
	Receipts backtest.Assumption `json:"receipts,omitempty"` // what people do with messages that were never sent: unread, or like-others
}

const (
	usualDays = 7
	// maxDays is how far back a backtest may go; further is refused with 400.
	maxDays = 400
	// maxReviewBytes is how long what a job finds out about a proposal may be; when it is longer, the job fails.
	maxReviewBytes = 1 << 20
)

// reviewing finds something out about a proposal.
type reviewing func(ctx context.Context, t *jobs.Task, p *flows.Project) (found, error)

// found is an answer with a verdict on one line.
type found interface{ Verdict() string }

// planProposal finds out what a proposal does to the people in flows.
func (s *Server) planProposal(w http.ResponseWriter, r *http.Request) {
	s.review(w, r, "plan", func(ctx context.Context, _ *jobs.Task, p *flows.Project) (found, error) {
		return review.MakePlan(ctx, s.config.Store, p.Flows, s.now())
	})
}

// backtestProposal finds out what a proposal would have sent.
func (s *Server) backtestProposal(w http.ResponseWriter, r *http.Request) {
	request, err := s.readBacktest(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.review(w, r, "backtest", s.backtested(request))
}

// readBacktest reads what a backtest is to compare.
func (s *Server) readBacktest(w http.ResponseWriter, r *http.Request) (backtestRequest, error) {
	request := backtestRequest{Days: usualDays, Receipts: backtest.Unread}
	err := s.read(w, r, &request)
	switch {
	case err != nil:
	case request.Days < 1 || request.Days > maxDays:
		err = wrongField("days", fmt.Sprintf("must be a number from 1 to %d", maxDays))
	case request.Receipts != backtest.Unread && request.Receipts != backtest.LikeOthers:
		err = wrongField("receipts", "must be unread or like-others")
	}
	return request, err
}

// backtested is the work of a backtest.
func (s *Server) backtested(request backtestRequest) reviewing {
	return func(ctx context.Context, t *jobs.Task, p *flows.Project) (found, error) {
		var last atomic.Uint64
		o := backtest.Options{Zone: p.Zone, Assume: request.Receipts, Progress: func(done uint64) {
			t.Done(int(done - last.Swap(done)))
		}}
		var edited []flows.Bundle
		for _, f := range p.Flows {
			edited = append(edited, f.Bundle)
		}
		select {
		case s.backtesting <- struct{}{}: // one at a time, because of the memory that it takes
			defer func() { <-s.backtesting }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return review.RunBacktest(ctx, s.config.Store, edited, o, request.Days)
	}
}

// proveProposal finds out which promises a proposal can break, and which bounds it changes.
func (s *Server) proveProposal(w http.ResponseWriter, r *http.Request) {
	s.review(w, r, "prove", func(ctx context.Context, _ *jobs.Task, p *flows.Project) (found, error) {
		state, err := s.config.Store.State()
		if err != nil {
			return nil, err
		}
		var active []flows.Bundle
		for _, v := range state.Active {
			f, err := s.config.Store.Version(v)
			if err != nil {
				return nil, err
			}
			active = append(active, f.Bundle)
		}
		return review.Prove(ctx, active, p)
	})
}

// review begins a job that finds something out about the proposal of a path. While one does, it answers with that one.
func (s *Server) review(w http.ResponseWriter, r *http.Request, kind string, find reviewing) {
	job, err := s.beginReview(w, r, kind, find)
	if err != nil {
		s.fail(w, r, jobProblem(err, ""))
		return
	}
	s.replyJob(w, r, http.StatusAccepted, job)
}

// openProposal returns the proposal of a path, about which jobs may find something out. The caller holds deciding.
func (s *Server) openProposal(r *http.Request) (*store.Proposal, error) {
	if s.config.Jobs == nil {
		return nil, problemOf(http.StatusNotImplemented, "jobs", "this server does no jobs")
	}
	p, err := s.proposalOf(r)
	if err == nil && p.State != store.ProposalOpen {
		err = errDecided
	}
	return p, err
}

func (s *Server) beginReview(w http.ResponseWriter, r *http.Request, kind string, find reviewing) (*store.Job, error) {
	if err := refuseKey(r, "this takes no Idempotency-Key: what is asked for again while it is under way is done once"); err != nil {
		return nil, err
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	p, err := s.openProposal(r)
	if err != nil {
		return nil, err
	}
	if under, err := s.underWay(p, kind); under != nil || err != nil {
		return under, err
	}
	by := actorOf(w, r)
	if err := s.note(r.Context(), by, kindsOfReviews[kind], reviewParams{idOf(p)}); err != nil {
		return nil, err
	}
	job, v, err := s.startReview(p, *by, kind, find)
	if err != nil {
		return nil, err
	}
	v.Job = job.ID
	return job, s.config.Store.BeginReview(p.Number, v)
}

// startReview starts the job of a review. It returns the review as it is before the job has found out anything.
func (s *Server) startReview(p *store.Proposal, by engine.Actor, kind string, find reviewing) (*store.Job, *store.Review, error) {
	v := store.Review{Kind: kind, By: by, Asked: engine.InstantOf(s.now())}
	if kind == "backtest" {
		var err error
		if v.Earlier, err = s.earlier(p); err != nil {
			return nil, nil, err
		}
	}
	job, err := s.config.Jobs.Start(by, kindsOfReviews[kind], reviewParams{idOf(p)}, func(ctx context.Context, t *jobs.Task) (any, error) {
		return s.findOut(ctx, t, p, v, find)
	})
	begun := v
	return job, &begun, err
}

// earlier are the numbers of the last backtest of a proposal that is done; nil if there is none.
func (s *Server) earlier(p *store.Proposal) (json.RawMessage, error) {
	last, err := s.lastReview(p, "backtest")
	switch {
	case err != nil || last == nil:
		return nil, err
	case last.Done == 0:
		return last.Earlier, nil
	}
	b := new(review.Backtest)
	if err := json.Unmarshal(last.Result, b); err != nil {
		return nil, err
	}
	return encoded(b.Numbers(last.Done)), nil
}

// lastReview returns the last review of a kind, or nil.
func (s *Server) lastReview(p *store.Proposal, kind string) (*store.Review, error) {
	all, err := s.config.Store.Reviews(p.Number)
	i := slices.IndexFunc(all, func(v *store.Review) bool { return v.Kind == kind })
	if err != nil || i < 0 {
		return nil, err
	}
	return all[i], nil
}

// reviewParams are those of a job, and of its entry in the audit trail.
type reviewParams struct {
	Proposal string `json:"proposal"`
}

// reviewed is the result of a job. The whole answer is kept with the proposal.
type reviewed struct {
	Proposal string `json:"proposal"`
	Verdict  string `json:"verdict"`
}

// underWay returns the job that finds out something about a proposal, if there is one.
func (s *Server) underWay(p *store.Proposal, kind string) (*store.Job, error) {
	last, err := s.lastReview(p, kind)
	if err != nil {
		return nil, err
	}
	var ids []string
	if last != nil {
		ids = append(ids, last.Job)
	}
	if kind == "backtest" && p.Watch.Job != "" {
		ids = append(ids, p.Watch.Job)
	}
	for _, id := range ids {
		job, err := s.config.Jobs.Job(id)
		switch {
		case errors.Is(err, store.ErrNoJob):
		case err != nil:
			return nil, err
		case !job.State.Over():
			return job, nil
		}
	}
	return nil, nil
}

// The kinds of jobs about a proposal.
const (
	kindPlan     = "plan deploy"
	kindBacktest = "backtest deploy"
	kindProve    = "prove deploy"
)

// kindsOfReviews are they by what is found out.
var kindsOfReviews = map[string]string{"plan": kindPlan, "backtest": kindBacktest, "prove": kindProve}

// findOut is the work of a job about a proposal.
func (s *Server) findOut(ctx context.Context, t *jobs.Task, p *store.Proposal, v store.Review, find reviewing) (any, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	files, err := s.filesOf(p) // a job that waits holds none
	if err != nil {
		return nil, err
	}
	project, _, err := loadProject(files.Files)
	if err != nil {
		return nil, err
	}
	answer, err := find(ctx, t, project)
	if unable := (*review.Unable)(nil); errors.As(err, &unable) {
		return nil, &jobs.Problem{Detail: unable.Detail, Hint: unable.Hint}
	}
	if err != nil {
		return nil, err
	}
	if v.Result = encoded(answer); len(v.Result) > maxReviewBytes {
		return nil, &jobs.Problem{Detail: fmt.Sprintf("the answer has %d bytes, and at most %d are kept", len(v.Result), maxReviewBytes), Hint: "ask nudge " + v.Kind + " instead, in the folder of the project"}
	}
	v.Job, v.Done, v.Active, v.Verdict = t.ID(), engine.InstantOf(s.now()), state.Active, answer.Verdict()
	return reviewed{idOf(p), v.Verdict}, s.config.Store.EndReview(p.Number, &v)
}

// addReviews adds to a proposal what jobs have found out about it.
func (s *Server) addReviews(p *store.Proposal, shown *Deploy) error {
	state, err := s.config.Store.State()
	if err != nil {
		return err
	}
	all, err := s.config.Store.Reviews(p.Number)
	if err != nil {
		return err
	}
	var verdicts []string
	for _, v := range all {
		one := Review{Kind: v.Kind, State: store.JobDone.String(), Job: v.Job, By: v.By, Asked: v.Asked, Done: v.Done, Old: v.OvertakenSince(state.Active), Verdict: v.Verdict, Result: v.Result}
		if len(v.Earlier) > 0 {
			one.Earlier = new(review.Numbers)
			if err := json.Unmarshal(v.Earlier, one.Earlier); err != nil {
				return err
			}
		}
		if v.Done == 0 {
			if one.State, one.Problem, one.Hint, err = s.jobState(v.Job); err != nil {
				return err
			}
		}
		switch {
		case one.Verdict != "":
			verdicts = append(verdicts, one.Verdict)
		case one.State == store.JobFailed.String(), one.State == store.JobInterrupted.String():
			verdicts = append(verdicts, "the "+one.Kind+" "+one.State)
		}
		shown.Reviews = append(shown.Reviews, one)
	}
	shown.Verdict = strings.Join(verdicts, "; ")
	return nil
}

// jobState is how far the job of a review is.
func (s *Server) jobState(id string) (state, problem, hint string, err error) {
	show := s.config.Store.Job
	if s.config.Jobs != nil {
		show = s.config.Jobs.Job
	}
	job, err := show(id)
	if errors.Is(err, store.ErrNoJob) {
		return store.JobInterrupted.String(), "its job is not known any more", "start it again", nil
	}
	if err != nil {
		return "", "", "", err
	}
	return job.State.String(), job.Problem, job.Hint, nil
}
