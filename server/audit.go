package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"nudge/engine"
	"nudge/store"
)

// AuditEntry says who changed what, as the API shows it.
type AuditEntry struct {
	Seq     uint64          `json:"seq"` // number of the command in the journal
	At      engine.Instant  `json:"at"`
	By      engine.Actor    `json:"by"`
	Did     string          `json:"did"`                               // what was done, for example "pause campaign"
	On      string          `json:"on,omitempty"`                      // what it was done to: a run, a campaign, a flow or a person; empty for the whole server
	Profile string          `json:"profile,omitempty"`                 // the person whom it is about
	Erased  string          `json:"erased,omitempty"`                  // in place of the person, once they are forgotten: a keyed hash of their ID
	Reason  string          `json:"reason,omitempty"`                  // that was given with the command
	Before  json.RawMessage `json:"before,omitempty" openapi:"object"` // the fields that changed, as they were
	After   json.RawMessage `json:"after,omitempty" openapi:"object"`  // the same fields, as they were then
}

// auditPage is a page of the audit trail.
type auditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    string       `json:"next,omitempty"`
}

// actorOf is who sent a request.
func actorOf(w http.ResponseWriter, r *http.Request) *engine.Actor {
	return &engine.Actor{Name: recordOf(w).token.Name, Address: r.RemoteAddr, Request: w.Header().Get(requestHeader)}
}

// note leaves an entry in the audit trail of something that no input says.
func (s *Server) note(ctx context.Context, by *engine.Actor, did string, after any) error {
	note := &engine.Note{Did: did}
	if after != nil {
		note.After = encoded(after)
	}
	if _, err := s.config.Runner.Submit(ctx, &engine.Input{By: by, Payload: note}); err != nil {
		return runnerProblem(err)
	}
	return nil
}

// noteOn leaves an entry in the audit trail of something that was done with what is known of a person.
func (s *Server) noteOn(ctx context.Context, by *engine.Actor, did, profile string) error {
	if _, err := s.config.Runner.Submit(ctx, &engine.Input{By: by, Payload: &engine.Note{Did: did, Profile: profile}}); err != nil {
		return runnerProblem(err)
	}
	return nil
}

// imported is what an import came to, in the audit trail.
type imported struct {
	Lines   int `json:"lines"`
	Refused int `json:"refused"`
}

func (s *Server) getAudit(w http.ResponseWriter, r *http.Request) {
	q, err := auditQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	entries, next, err := s.config.Store.Audit(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := auditPage{Entries: make([]AuditEntry, 0, len(entries))}
	for _, e := range entries {
		page.Entries = append(page.Entries, v.audit(e))
	}
	if next != 0 {
		page.Next = strconv.FormatUint(next, 10)
	}
	reply(w, http.StatusOK, page)
}

var auditParameters = []string{"by", "did", "on", "profile", "before", "limit", "look"}

func auditQuery(values url.Values) (q store.AuditQuery, err error) {
	if err := onlyParameters(values, auditParameters); err != nil {
		return q, err
	}
	q = store.AuditQuery{By: values.Get("by"), Did: values.Get("did"), On: values.Get("on"), Profile: values.Get("profile")}
	if q.Limit, err = limitOf(values); err != nil {
		return q, err
	}
	if q.Look, err = lookOf(values); err != nil {
		return q, err
	}
	if before := values.Get("before"); before != "" {
		if q.Before, err = strconv.ParseUint(before, 10, 64); err != nil || q.Before == 0 {
			return q, wrongParameter("before", "must be the number of an entry, as next gives it")
		}
	}
	return q, nil
}

// usualPage is how many items a page of a list has when the request does not say.
const usualPage = 50

// limitOf reads how many items a page may have.
func limitOf(values url.Values) (int, error) {
	return numberOf(values, "limit", usualPage, store.MaxPage)
}

// lookOf reads how many items may be looked at for a page.
func lookOf(values url.Values) (int, error) {
	return numberOf(values, "look", store.MaxLook, store.MaxLook)
}

// numberOf reads a number from 1 on.
func numberOf(values url.Values, name string, usual, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, wrongParameter(name, "must be a number from 1 to "+strconv.Itoa(most))
	}
	return n, nil
}
