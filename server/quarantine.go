package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"nudge/engine"
	"nudge/store"
)

// quarantinedStatus is the status of a run whose record was damaged.
const quarantinedStatus = "quarantined"

// quarantinedRun is a run that was set apart, as the API shows it.
func quarantinedRun(q *store.Quarantined) Run {
	return Run{ID: q.Run.String(), Flow: q.Flow, Profile: q.Person, Status: quarantinedStatus, Started: q.Run.Time(),
		Quarantined: q.At, Reason: q.Reason}
}

// wantsQuarantined reports whether a list is to be of the runs that were set apart. The other
// parameters of such a list are before and limit.
func wantsQuarantined(values url.Values) (bool, error) {
	text := values.Get("quarantined")
	if text == "" {
		return false, nil
	}
	wants, err := strconv.ParseBool(text)
	if err != nil {
		return false, wrongParameter("quarantined", "must be true or false")
	}
	for name := range values {
		if wants && values.Get(name) != "" && !slices.Contains([]string{"quarantined", "before", "limit"}, name) {
			return false, wrongParameter(name, "does not go with quarantined: little is known of those runs")
		}
	}
	return wants, nil
}

// listQuarantined answers with a page of the runs that were set apart.
func (s *Server) listQuarantined(w http.ResponseWriter, r *http.Request, q store.Query) {
	lost, next, err := s.config.Store.ListQuarantined(q.Before, q.Limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := runPage{Runs: make([]Run, 0, len(lost))}
	for _, q := range lost {
		out.Runs = append(out.Runs, quarantinedRun(q))
	}
	if next != (engine.RunID{}) {
		out.Next = next.String()
	}
	reply(w, http.StatusOK, out)
}

// unreadable answers for a run whose record cannot be read, and has it set apart.
func (s *Server) unreadable(err error) error {
	var run *store.DamagedRun
	if !errors.As(err, &run) {
		return err
	}
	s.config.Runner.Suspect(run.Run)
	return problemOf(http.StatusServiceUnavailable, "damaged", fmt.Sprintf("the record of run %s is damaged; it is being quarantined", run.Run))
}
