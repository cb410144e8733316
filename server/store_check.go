package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"nudge/store"
)

// ErrChecking is returned by Config.CheckStore while another check runs.
var ErrChecking = errors.New("the store is being checked already; its metrics show the result")

// progressEvery is how often a check of the store says how far it is.
const progressEvery = time.Second

// checkLine is one line of the answer of a check: how far it is, or in the last line what it found.
type checkLine struct {
	Progress *store.CheckProgress `json:"progress,omitempty"`
	Report   *store.Report        `json:"report,omitempty"`
}

// checkStore checks the store while it is in use. It answers with NDJSON as it goes. If the check
// does not come to its end, the answer has no report.
func (s *Server) checkStore(w http.ResponseWriter, r *http.Request) {
	if s.config.CheckStore == nil {
		s.fail(w, r, problemOf(http.StatusNotImplemented, "store-check", "this server cannot check its store"))
		return
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	var shown time.Time
	begun := false
	report, err := s.config.CheckStore(r.Context(), func(p store.CheckProgress) {
		if !begun {
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		if now := time.Now(); !begun || now.Sub(shown) >= progressEvery {
			shown, begun = now, true
			lines.Encode(checkLine{Progress: &p}) // a reader that is gone ends r.Context()
			http.NewResponseController(w).Flush()
		}
	})
	switch {
	case err == nil:
		lines.Encode(checkLine{Report: report})
	case errors.Is(err, ErrChecking):
		s.fail(w, r, problemOf(http.StatusConflict, "under-way", err.Error()))
	case begun:
		panic(http.ErrAbortHandler) // the status is out already, and the report does not come
	default:
		s.fail(w, r, err)
	}
}
