package server

import (
	"net/http"

	"nudge/engine"
	"nudge/store"
)

// FailureGroup is the runs with the same failure, as the API shows them.
type FailureGroup struct {
	ID      string         `json:"id"`     // for the filter of runs
	What    string         `json:"what"`   // run or message: what failed
	Status  string         `json:"status"` // of a run its outcome, failed or quarantined; of a message: failed, expired or unsent
	Reason  string         `json:"reason"` // with # in place of numbers
	Flow    string         `json:"flow"`
	Version string         `json:"version"`
	Step    string         `json:"step,omitempty"`
	Runs    uint64         `json:"runs"`   // that have it, of those that are kept
	Newest  FailureExample `json:"newest"` // the run that started last
}

// FailureExample is one of a group.
type FailureExample struct {
	Run     string         `json:"run"`
	Profile string         `json:"profile"`
	At      engine.Instant `json:"at"` // when it failed
}

// failureList is the groups of failures.
type failureList struct {
	Groups []FailureGroup `json:"groups"`         // those whose newest run started last first
	More   bool           `json:"more,omitempty"` // there may be further groups
}

var failureParameters = []string{"flow", "version", "status", "limit", "look"}

// usualFailures is how many groups an answer has when the request does not say.
const usualFailures = 100

func (s *Server) listFailures(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	if err := onlyParameters(values, failureParameters); err != nil {
		s.fail(w, r, err)
		return
	}
	q := store.FailureQuery{Flow: values.Get("flow"), Version: values.Get("version"), Status: values.Get("status")}
	var err error
	if q.Limit, err = numberOf(values, "limit", usualFailures, store.MaxPage); err == nil {
		q.Look, err = lookOf(values)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	groups, more, err := s.config.Store.FailureGroups(q)
	if err != nil {
		s.fail(w, r, s.unreadable(err))
		return
	}
	list := failureList{Groups: make([]FailureGroup, 0, len(groups)), More: more}
	for _, g := range groups {
		f, err := s.flows.of(g.Newest)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		list.Groups = append(list.Groups, failureGroupOf(g, stepName(f, g.Failure.Step)))
	}
	reply(w, http.StatusOK, list)
}

func failureGroupOf(g *store.FailureGroup, step string) FailureGroup {
	what := "run"
	if g.Failure.Message {
		what = "message"
	}
	return FailureGroup{ID: g.ID.String(), What: what, Status: g.Failure.Status, Reason: g.Failure.Reason, Flow: g.Failure.Flow, Version: g.Failure.Version,
		Step: step, Runs: g.Runs, Newest: FailureExample{g.Newest.ID.String(), g.Newest.Profile, g.At}}
}
