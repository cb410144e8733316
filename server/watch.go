package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/whatif/backtest"
)

const (
	// watchEvery is how long after a backtest of a watched proposal the next one is asked for.
	watchEvery = time.Hour
	// watchedFor is how long a proposal is watched; then none is backtested until somebody asks for it again.
	watchedFor = 14 * 24 * time.Hour
)

// Watch says how a proposal is backtested again and again, as the API shows it.
type Watch struct {
	Days     int            `json:"days"`     // how far back each backtest goes
	Receipts string         `json:"receipts"` // what people do with messages that were never sent
	By       engine.Actor   `json:"by"`       // who asked for it
	Since    engine.Instant `json:"since"`
	Until    engine.Instant `json:"until"`             // no backtest begins from then on
	Next     engine.Instant `json:"next,omitzero"`     // when the next one begins; zero: none does any more
	Asked    engine.Instant `json:"asked,omitzero"`    // when the last one began
	Job      string         `json:"job,omitempty"`     // of the last one
	State    string         `json:"state,omitempty"`   // of that job; failed also where none could begin
	Problem  string         `json:"problem,omitempty"` // why the last one failed, or was interrupted
	Hint     string         `json:"hint,omitempty"`    // what to do about it
}

// watchDeploy lets a proposal be backtested each hour.
func (s *Server) watchDeploy(w http.ResponseWriter, r *http.Request) {
	request, err := s.readBacktest(w, r)
	var p *store.Proposal
	if err == nil {
		p, err = s.changeWatch(w, r, "watch deploy", func(by engine.Actor, was *store.Watch) {
			now := engine.InstantOf(s.now())
			next := store.Watch{Days: request.Days, Receipts: string(request.Receipts), By: by, Since: now, Until: now.Add(watchedFor)}
			if was.Days == next.Days && was.Receipts == next.Receipts { // what is known is still right
				next.Asked, next.Job, next.Problem = was.Asked, was.Job, was.Problem
			}
			*was = next
		})
	}
	s.answerWatch(w, r, p, err)
}

// unwatchDeploy ends that.
func (s *Server) unwatchDeploy(w http.ResponseWriter, r *http.Request) {
	p, err := s.changeWatch(w, r, "unwatch deploy", func(_ engine.Actor, was *store.Watch) { *was = store.Watch{} })
	s.answerWatch(w, r, p, err)
}

// changeWatch changes how the proposal of a path is watched.
func (s *Server) changeWatch(w http.ResponseWriter, r *http.Request, did string, change func(engine.Actor, *store.Watch)) (*store.Proposal, error) {
	if err := refuseKey(r, "this takes no Idempotency-Key: a proposal that is watched, or is not, stays so"); err != nil {
		return nil, err
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	p, err := s.openProposal(r)
	if err != nil {
		return nil, err
	}
	by := actorOf(w, r)
	if err := s.note(r.Context(), by, did, reviewParams{idOf(p)}); err != nil {
		return nil, err
	}
	p, err = s.config.Store.WatchProposal(p.Number, func(was *store.Watch) { change(*by, was) })
	if err == nil && p == nil {
		err = errDecided
	}
	return p, err
}

// answerWatch answers with a proposal, and lets its backtest begin if it is due.
func (s *Server) answerWatch(w http.ResponseWriter, r *http.Request, p *store.Proposal, err error) {
	if err == nil {
		select {
		case s.watched <- struct{}{}:
		default: // it is about to look
		}
	}
	s.answerProposal(w, r, p, err)
}

// nextBacktest is when the next backtest of a watched proposal begins; zero: none does any more.
func nextBacktest(p *store.Proposal, active []engine.FlowVersion, now engine.Instant) engine.Instant {
	watch := &p.Watch
	if watch.Days == 0 || p.State != store.ProposalOpen || len(engine.Overtaken(active, p.Against, p.Next)) > 0 {
		return 0
	}
	next := watch.Since
	if watch.Asked != 0 {
		next = max(next, watch.Asked.Add(watchEvery))
	}
	if max(next, now) >= watch.Until {
		return 0
	}
	return next
}

// shownWatch is how a proposal is watched; nil if it is not.
func (s *Server) shownWatch(p *store.Proposal, active []engine.FlowVersion) (*Watch, error) {
	watch := &p.Watch
	if watch.Days == 0 || p.State != store.ProposalOpen {
		return nil, nil
	}
	shown := &Watch{Days: watch.Days, Receipts: watch.Receipts, By: watch.By, Since: watch.Since, Until: watch.Until, Next: nextBacktest(p, active, engine.InstantOf(s.now())), Asked: watch.Asked, Job: watch.Job}
	var err error
	switch {
	case watch.Job != "":
		shown.State, shown.Problem, shown.Hint, err = s.jobState(watch.Job)
	case watch.Problem != "":
		shown.State, shown.Problem = store.JobFailed.String(), watch.Problem
	}
	return shown, err
}

// WatchProposals backtests the proposals that are watched, each hour and one after the other, until ctx ends.
func (s *Server) WatchProposals(ctx context.Context, clock runner.Clock) {
	for {
		job, next, err := s.backtestDue()
		if err != nil {
			s.config.Log.Error("the watched proposals could not be backtested", "error", err)
			next = engine.InstantOf(clock.Now()).Add(watchEvery)
		}
		var over <-chan struct{} // closed when the backtest that has begun is over
		if job != "" {
			over = s.config.Jobs.Ended(job)
		}
		if !s.awaitWatch(ctx, clock, over, next) {
			return
		}
	}
}

// awaitWatch waits until a backtest is over, and otherwise until an instant comes or somebody changes what is watched. A zero instant
// never comes. It reports whether there is more to do.
func (s *Server) awaitWatch(ctx context.Context, clock runner.Clock, over <-chan struct{}, next engine.Instant) bool {
	changed := s.watched
	if over != nil {
		changed, next = nil, 0
	}
	for {
		var wake <-chan time.Time
		if next != 0 {
			wake = clock.Wake(next.Time()).C // it fires within a second of real time
		}
		select {
		case <-over:
			return true
		case <-changed:
			return true
		case <-ctx.Done():
			return false
		case <-wake: // which may be early
			if !clock.Now().Before(next.Time()) {
				return true
			}
		}
	}
}

// backtestDue begins the backtest of the watched proposal that has waited longest, if its hour has come, and returns its job. Next is
// when it is to be called again; zero: not before somebody changes what is watched.
func (s *Server) backtestDue() (job string, next engine.Instant, err error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	open, err := s.config.Store.OpenProposals()
	open = slices.DeleteFunc(open, func(p *store.Proposal) bool { return p.Watch.Days == 0 })
	if err != nil || len(open) == 0 {
		return "", 0, err
	}
	state, err := s.config.Store.State()
	if err != nil {
		return "", 0, err
	}
	now := engine.InstantOf(s.now())
	next = now.Add(watchEvery) // another deploy may let a stale one be open again by then
	var due *store.Proposal
	for _, p := range open {
		if at := nextBacktest(p, state.Active, now); at != 0 && at < next {
			due, next = p, at
		}
	}
	if next > now {
		return "", next, nil
	}
	job, err = s.backtestWatched(due, now)
	return job, now, err // there may be others
}

// backtestWatched begins the backtest of a proposal. That it was asked for is durable before it begins: if it takes all memory of the
// process, the next process waits for the next hour. Why it cannot begin is kept, and shown.
func (s *Server) backtestWatched(p *store.Proposal, now engine.Instant) (string, error) {
	p, err := s.config.Store.WatchProposal(p.Number, func(w *store.Watch) { w.Asked, w.Job, w.Problem = now, "", "" })
	if err != nil || p == nil {
		return "", err
	}
	job, err := s.underWay(p, "backtest")
	if job == nil && err == nil {
		job, _, err = s.startReview(p, p.Watch.By, "backtest", s.backtested(backtestRequest{Days: p.Watch.Days, Receipts: cmp.Or(backtest.Assumption(p.Watch.Receipts), backtest.Unread)}))
	}
	id := ""
	_, wrong := s.config.Store.WatchProposal(p.Number, func(w *store.Watch) {
		if err != nil {
			w.Problem = err.Error()
			return
		}
		id, w.Job = job.ID, job.ID
	})
	return id, wrong
}
