package server

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/store"
)

// FailedNotice is a notice that an endpoint did not take, as the API shows it.
type FailedNotice struct {
	ID       string            `json:"id"`
	Endpoint string            `json:"endpoint"`
	Type     engine.NoticeType `json:"type"`
	At       engine.Instant    `json:"at"`       // when it happened
	Attempts int               `json:"attempts"` // that have failed
	Error    string            `json:"error"`    // of the last attempt
	Failed   engine.Instant    `json:"failed"`   // when it was given up
	Data     json.RawMessage   `json:"data" openapi:"object"`
}

// failedPage is a page of notices that were given up.
type failedPage struct {
	Notices []FailedNotice `json:"notices"`
	Next    string         `json:"next,omitempty"`
}

var failedParameters = []string{"before", "limit"}

func (s *Server) listFailedNotices(w http.ResponseWriter, r *http.Request) {
	before, limit, err := failedQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	failed, next, err := s.config.Store.FailedNotices(before, limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := failedPage{Notices: make([]FailedNotice, 0, len(failed)), Next: hex.EncodeToString(next)}
	for _, n := range failed {
		page.Notices = append(page.Notices, FailedNotice{n.ID, n.Endpoint, n.Type, n.At, n.Attempts, n.Error, n.Failed, n.Data})
	}
	reply(w, http.StatusOK, page)
}

func failedQuery(values url.Values) (before []byte, limit int, err error) {
	if err := onlyParameters(values, failedParameters); err != nil {
		return nil, 0, err
	}
	if limit, err = limitOf(values); err != nil {
		return nil, 0, err
	}
	if text := values.Get("before"); text != "" {
		if before, err = hex.DecodeString(text); err != nil || len(before) < 9 {
			return nil, 0, wrongParameter("before", "must be the place of a page, as next gives it")
		}
	}
	return before, limit, nil
}

// retryRequest names notices that are to be tried again.
type retryRequest struct {
	IDs      []string `json:"ids,omitempty"`      // of notices
	Endpoint string   `json:"endpoint,omitempty"` // all that this one did not take
}

// retried is how many notices are tried again.
type retried struct {
	Notices int `json:"notices"`
}

// maxRetried is how many notices one request has tried again; the rest are for the next one.
const maxRetried = 10_000

// retryPage is how many notices are read at a time to find those that must be tried again.
const retryPage = 500

// retryNotices makes notices due now that were given up or, of an endpoint, still wait.
func (s *Server) retryNotices(w http.ResponseWriter, r *http.Request) {
	var request retryRequest
	err := refuseKey(r, "this takes no Idempotency-Key: what is sent twice is tried again once")
	if err == nil {
		err = s.read(w, r, &request)
	}
	switch {
	case err != nil:
		s.fail(w, r, err)
		return
	case (len(request.IDs) > 0) == (request.Endpoint != ""):
		s.fail(w, r, problemOf(http.StatusBadRequest, "invalid", "say which notices: either ids, or the endpoint that did not take them", fieldProblem{"ids", "or endpoint"}))
		return
	}
	if e := request.Endpoint; e != "" && !slices.Contains(s.config.Endpoints, e) {
		s.fail(w, r, wrongField("endpoint", "there is no endpoint "+e+"; "+diag.DidYouMean(e, s.config.Endpoints, "nudge.yaml has")))
		return
	}
	results, err := s.toRetry(&request)
	if err == nil && len(results) > 0 {
		if r.Context().Value(forwardedMark{}) == nil { // else the node that got the request has noted it
			err = s.note(r.Context(), actorOf(w, r), "retry notices", request)
		}
		if err == nil {
			err = s.settleNotices(r, results, encoded(request))
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, retried{len(results)})
}

// settleNotices notes results of notices. Each node does that for its own partitions, and has the same request.
func (s *Server) settleNotices(r *http.Request, results []store.NoticeResult, body []byte) error {
	if err := s.config.Runner.Settle(r.Context(), results); err != nil {
		return runnerProblem(err)
	}
	if s.config.Cluster == nil || r.Context().Value(forwardedMark{}) != nil {
		return nil
	}
	if err := s.config.Cluster.AskOthers(r, body); err != nil {
		return problemOf(http.StatusServiceUnavailable, "moving", "not every node could be asked; send it again: "+err.Error())
	}
	return nil
}

// toRetry reads the notices that a request means. Those that are not there, or not any more, are passed over.
func (s *Server) toRetry(request *retryRequest) (results []store.NoticeResult, err error) {
	now := engine.InstantOf(s.now())
	if request.Endpoint != "" { // what it did not take yet, and would be tried later
		waiting, _, err := s.config.Store.DueNotices(request.Endpoint, math.MaxInt64, maxRetried)
		if err != nil {
			return nil, err
		}
		for _, n := range waiting {
			if n.Due > now {
				results = append(results, store.NoticeResult{Notice: n, Again: now})
			}
		}
	}
	for before := []byte(nil); ; {
		page, next, err := s.config.Store.FailedNotices(before, retryPage)
		if err != nil {
			return nil, err
		}
		for _, n := range page {
			if len(results) < maxRetried && (n.Endpoint == request.Endpoint || slices.Contains(request.IDs, n.ID)) && slices.Contains(s.config.Endpoints, n.Endpoint) {
				results = append(results, store.NoticeResult{Notice: n, Again: now})
			}
		}
		if next == nil || len(results) == maxRetried {
			return results, nil
		}
		before = next
	}
}
