package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// Run is a run as the API shows it.
type Run struct {
	ID        string          `json:"id"`
	Flow      string          `json:"flow"`
	Version   string          `json:"version"`
	Profile   string          `json:"profile"`
	Key       string          `json:"key,omitempty"`
	StartedBy string          `json:"started_by"`
	Status    string          `json:"status"` // sending, held, waiting, fetching, ended or quarantined
	Step      string          `json:"step,omitempty"`
	Deadline  engine.Instant  `json:"deadline,omitzero"`
	HeldUntil engine.Instant  `json:"held_until,omitzero"` // when a held message is looked at again
	Started   engine.Instant  `json:"started"`
	Ended     engine.Instant  `json:"ended,omitzero"`
	Outcome   string          `json:"outcome,omitempty"`
	Goal      bool            `json:"goal,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Messages  []Message       `json:"messages,omitempty"`
	Timeline  []Entry         `json:"timeline,omitempty"`
	Waits     []Awaited       `json:"waits,omitempty"` // what it looks out for, in the order in which it is asked; only of one run that lives
	Wakes     *Wake           `json:"wakes,omitempty"` // what else wakes it
	Trace     string          `json:"trace,omitempty"` // the ID of the trace of what started it: 32 hex digits

	Quarantined engine.Instant `json:"quarantined,omitzero"` // when it was set apart, because its record was damaged
	Reason      string         `json:"reason,omitempty"`     // what was wrong with the record
	Record      []byte         `json:"record,omitempty"`     // as it was found; only of one run
}

// runPage is one page of a list of runs.
type runPage struct {
	Runs []Run  `json:"runs"`           // newest first
	Next string `json:"next,omitempty"` // before of the next page; absent on the last
	// A page looks at a limited number of runs. One that found little may have a next page all the same: it goes on there.
	Looked int            `json:"looked"`         // how many runs were looked at
	Until  engine.Instant `json:"until,omitzero"` // when the last run started that was looked at; absent on the last page
}

// Message is a message of a run as the API shows it.
type Message struct {
	Number       int            `json:"number"`
	Step         string         `json:"step"`
	Status       string         `json:"status"`
	Reason       string         `json:"reason,omitempty"`
	Attempt      int            `json:"attempt"`
	Posted       engine.Instant `json:"posted,omitzero"`
	ProviderID   string         `json:"provider_id,omitempty"`
	Conversation string         `json:"conversation,omitempty"`
	Content      *Content       `json:"content,omitempty"` // of one that went out
}

// Entry is one thing that happened to a run, in words.
type Entry struct {
	At      engine.Instant `json:"at"`
	Kind    string         `json:"kind"` // the word for an engine.Kind
	Step    string         `json:"step,omitempty"`
	Message int            `json:"message,omitempty"`
	Attempt int            `json:"attempt,omitempty"`
	Text    string         `json:"text"`

	Conditions []Condition `json:"conditions,omitempty"` // that led to it, of a branch and of a step that was skipped
}

// runOf is a run as the API shows it in a list. The flow may be nil.
func runOf(r *engine.Run, f *flows.Flow) Run {
	run := Run{
		ID: r.ID.String(), Flow: r.Flow, Version: r.Version, Profile: r.Profile, Key: r.Key,
		StartedBy: r.StartedBy, Status: r.Status.String(), Deadline: r.Deadline,
		Started: r.Started(), Ended: r.Ended, Outcome: r.Outcome, Goal: r.Goal, Trace: r.Trace.ID(),
	}
	if r.Live() {
		run.Step = stepName(f, r.At)
	}
	if run.HeldUntil = r.HeldUntil(); run.HeldUntil != 0 {
		run.Status = engine.Held.String()
	}
	return run
}

// detailOf is a run with its messages and its timeline.
func detailOf(r *engine.Run, f *flows.Flow) Run {
	run := runOf(r, f)
	for _, m := range r.Messages {
		run.Messages = append(run.Messages, Message{
			Number: m.Number, Step: stepName(f, m.Step), Status: m.Status.String(), Reason: m.Reason,
			Attempt: m.Attempt, Posted: m.Posted, ProviderID: m.ProviderID, Conversation: m.Conversation,
		})
	}
	for _, e := range r.Timeline {
		run.Timeline = append(run.Timeline, Entry{
			At: e.At, Kind: e.Kind.String(), Step: stepName(f, e.Step), Message: e.Message, Attempt: e.Attempt,
			Text: engine.Describe(f, e),
		})
	}
	return run
}

func stepName(f *flows.Flow, step int) string {
	if f == nil || step < 0 || step >= len(f.Steps) {
		return ""
	}
	return f.Steps[step].ID
}

func (s *Server) listRuns(w http.ResponseWriter, r *http.Request) {
	q, err := s.runQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if quarantined, err := wantsQuarantined(r.URL.Query()); err != nil {
		s.fail(w, r, err)
		return
	} else if quarantined {
		s.listQuarantined(w, r, q)
		return
	}
	page, err := s.config.Store.List(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.config.Runner.Suspect(page.Damaged...)
	out := runPage{Runs: make([]Run, 0, len(page.Runs)), Looked: page.Looked}
	for _, run := range page.Runs {
		f, err := s.flows.of(run)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		out.Runs = append(out.Runs, runOf(run, f))
	}
	if page.Next != (engine.RunID{}) {
		out.Next, out.Until = page.Next.String(), page.Last.Time()
	}
	reply(w, http.StatusOK, out)
}

func (s *Server) showRun(w http.ResponseWriter, r *http.Request) {
	id, err := pathRun(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	run, err := s.config.Store.Run(id)
	if err != nil {
		s.fail(w, r, s.unreadable(err))
		return
	}
	if run == nil {
		s.showLost(w, r, id)
		return
	}
	f, err := s.flows.of(run)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	shown, err := s.detail(run, f)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.replyRun(w, r, shown)
}

// replyRun answers with a run, as far as the sender may see it.
func (s *Server) replyRun(w http.ResponseWriter, r *http.Request, run Run) {
	v, err := s.viewOf(w)
	if err == nil {
		err = v.run(&run)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, run)
}

// showLost answers for a run that is not there: it may be in quarantine.
func (s *Server) showLost(w http.ResponseWriter, r *http.Request, id engine.RunID) {
	lost, err := s.config.Store.QuarantinedRun(id)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case lost == nil:
		s.fail(w, r, s.noRun(id))
	default:
		run := quarantinedRun(lost)
		run.Record = lost.Record
		s.replyRun(w, r, run)
	}
}

// noRun says that there is no run with an ID, or that there may have been one.
func (s *Server) noRun(id engine.RunID) error {
	detail := "there is no run " + id.String()
	gone, err := s.config.Store.Purged()
	if err != nil {
		return err
	}
	if id.Time() < gone.Runs {
		detail += fmt.Sprintf(", or not any more: runs that ended before %s have been dropped (retention in nudge.yaml)", gone.Runs)
	}
	return problemOf(http.StatusNotFound, "not-found", detail)
}

// cancelRequest says more about a cancel or a retry.
type cancelRequest struct {
	Reason string `json:"reason,omitempty"` // is shown in the run's timeline
}

func (s *Server) cancelRun(w http.ResponseWriter, r *http.Request) {
	id, err := pathRun(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body, err := s.readBody(w, r, maxCommandBody)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var request cancelRequest
	if len(strings.TrimSpace(string(body))) > 0 {
		if err := decode(body, &request); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.command(w, r, &engine.Input{Payload: &engine.Cancel{Run: id, Reason: request.Reason}})
}

func (s *Server) retryRun(w http.ResponseWriter, r *http.Request) {
	id, err := pathRun(r)
	var request cancelRequest
	if err == nil {
		err = s.read(w, r, &request)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	in, _, err := s.config.Store.Retry(id, request.Reason)
	switch {
	case err != nil:
		s.fail(w, r, s.unreadable(err))
		return
	case in == nil:
		s.fail(w, r, s.noRetry(id))
		return
	}
	s.command(w, r, &engine.Input{Payload: in})
}

// noRetry says why a run that is not there cannot be tried again.
func (s *Server) noRetry(id engine.RunID) error {
	lost, err := s.config.Store.QuarantinedRun(id)
	if err != nil || lost == nil {
		return errors.Join(err, s.noRun(id))
	}
	return problemOf(http.StatusConflict, string(engine.RefusedRetry), "the record of the run was damaged, so it cannot go on; start a new run for the person")
}

// command submits an input of an operator and replies with the engine's answer.
func (s *Server) command(w http.ResponseWriter, r *http.Request, in *engine.Input) {
	answer, err := s.submit(w, r, in)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, answer)
}

func pathRun(r *http.Request) (engine.RunID, error) {
	id, err := engine.ParseRunID(r.PathValue("id"))
	if err != nil {
		return id, problemOf(http.StatusNotFound, "not-found", err.Error())
	}
	return id, nil
}

// flowCache keeps the versions that pages need. Versions never change, so it is only
// ever too small.
type flowCache struct {
	store *store.Store
	mu    sync.Mutex // guards known
	known map[engine.FlowVersion]*flows.Flow
}

const maxCachedFlows = 256

// of returns the version that a run is pinned to, or nil when it is not stored.
func (c *flowCache) of(r *engine.Run) (*flows.Flow, error) {
	return c.version(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
}

// version returns a version of a flow, or nil when it is not stored.
func (c *flowCache) version(v engine.FlowVersion) (*flows.Flow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.known[v]; ok {
		return f, nil
	}
	f, err := c.store.Version(v)
	if f == nil || err != nil { // it may come, or come back after it was dropped
		return nil, err
	}
	if c.known == nil || len(c.known) >= maxCachedFlows {
		c.known = map[engine.FlowVersion]*flows.Flow{}
	}
	c.known[v] = f
	return f, nil
}
