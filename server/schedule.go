package server

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"nudge/engine"
	"nudge/flows"
)

// Upcoming is one future start of a schedule, as the API shows it.
type Upcoming struct {
	Flow  string         `json:"flow"`
	Words string         `json:"words"` // of the schedule
	At    engine.Instant `json:"at"`    // when it begins; where it is local, at the first of its people
	Local bool           `json:"local,omitempty"`
}

// upcomingList are the next starts of all schedules.
type upcomingList struct {
	Firings []Upcoming `json:"firings"` // soonest first
}

const (
	usualUpcoming = 10
	maxUpcoming   = 1000 // starts in one answer, by `n` of `GET /v1/schedule`; a larger `n` is refused with 400
)

// listSchedule lists the next starts of all schedules, soonest first.
func (s *Server) listSchedule(w http.ResponseWriter, r *http.Request) {
	n := usualUpcoming
	if given := r.URL.Query().Get("n"); given != "" {
		var err error
		if n, err = strconv.Atoi(given); err != nil || n < 1 || n > maxUpcoming {
			s.fail(w, r, wrongField("n", "n must be a number from 1 to "+strconv.Itoa(maxUpcoming)))
			return
		}
	}
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	upcoming := []Upcoming{}
	for _, scheduled := range state.Schedules {
		schedule, err := s.scheduleOf(&state, &scheduled)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		upcoming = append(upcoming, next(&scheduled, schedule, n)...)
	}
	slices.SortStableFunc(upcoming, func(a, b Upcoming) int { return cmp.Compare(a.At, b.At) })
	reply(w, http.StatusOK, upcomingList{upcoming[:min(n, len(upcoming))]})
}

// next returns at most n starts of one schedule.
func next(scheduled *engine.Scheduled, s *flows.Schedule, n int) (all []Upcoming) {
	for at := scheduled.Next; at != 0 && len(all) < n; {
		all = append(all, Upcoming{Flow: scheduled.Flow, Words: scheduled.Words, At: at, Local: s.Zone == nil})
		after := s.Next(at.Time())
		if at = 0; !after.IsZero() {
			at = engine.InstantOf(after)
		}
	}
	return all
}

// scheduleOf is the schedule of an active flow.
func (s *Server) scheduleOf(state *engine.State, scheduled *engine.Scheduled) (*flows.Schedule, error) {
	i := slices.IndexFunc(state.Active, func(v engine.FlowVersion) bool { return v.Flow == scheduled.Flow })
	f, err := s.flows.version(state.Active[i])
	if err != nil {
		return nil, err
	}
	return f.Triggers[scheduled.Trigger].Schedule, nil
}
