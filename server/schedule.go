package server

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// Upcoming is one future start of a schedule, as the API shows it.
type Upcoming struct {
	Flow  string         `json:"flow"`
	Words string         `json:"words"` // of the schedule
	At    engine.Instant `json:"at"`    // when it begins; where it is local, at the first of its people
	Local bool           `json:"local,omitempty"`

	Last         string `json:"last,omitempty"`          // the last campaign of the flow, among the newest 120 of all flows
	LastAudience int    `json:"last_audience,omitempty"` // rows that it had
}

// upcomingList are the next starts of all schedules.
type upcomingList struct {
	Firings   []Upcoming `json:"firings"`             // soonest first
	Campaigns []Campaign `json:"campaigns,omitempty"` // of a range: those that were due in it, oldest first, among the newest 120
	More      bool       `json:"more,omitempty"`      // there are further starts in the range
}

const (
	usualUpcoming = 10
	maxUpcoming   = 1000 // starts in one answer, by `n` of `GET /v1/schedule`; a larger `n` is refused with 400
)

var scheduleParameters = []string{"n", "from", "to"}

// scheduleQuery reads the parameters of a schedule. Without a range there is none, and the starts from now on
// are asked for.
func scheduleQuery(values url.Values) (n int, span *scheduleRange, err error) {
	if err := onlyParameters(values, scheduleParameters); err != nil {
		return 0, nil, err
	}
	n = usualUpcoming
	if values.Has("from") || values.Has("to") {
		n, span = maxUpcoming, &scheduleRange{to: math.MaxInt64}
	}
	if given := values.Get("n"); given != "" {
		if n, err = strconv.Atoi(given); err != nil || n < 1 || n > maxUpcoming {
			return 0, nil, wrongField("n", "n must be a number from 1 to "+strconv.Itoa(maxUpcoming))
		}
	}
	for name, at := range map[string]func(engine.Instant){"from": func(i engine.Instant) { span.from = i }, "to": func(i engine.Instant) { span.to = i }} {
		if given := values.Get(name); given != "" {
			t, err := time.Parse(time.RFC3339, given)
			if err != nil {
				return 0, nil, wrongParameter(name, "must be an instant such as 2027-03-01T00:00:00Z")
			}
			at(engine.InstantOf(t))
		}
	}
	return n, span, nil
}

// listSchedule lists the next starts of all schedules, soonest first.
func (s *Server) listSchedule(w http.ResponseWriter, r *http.Request) {
	n, span, err := scheduleQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, err := s.schedule(n, span)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, list)
}

// schedule returns at most n starts of all schedules, of a range if there is one.
func (s *Server) schedule(n int, span *scheduleRange) (*upcomingList, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	list := &upcomingList{Firings: []Upcoming{}}
	for _, scheduled := range state.Schedules {
		schedule, err := s.scheduleOf(&state, &scheduled)
		if err != nil {
			return nil, err
		}
		list.Firings = append(list.Firings, next(&scheduled, schedule, n+1, span)...)
	}
	slices.SortStableFunc(list.Firings, func(a, b Upcoming) int { return cmp.Compare(a.At, b.At) })
	list.More = span != nil && len(list.Firings) > n
	list.Firings = list.Firings[:min(n, len(list.Firings))]
	return list, s.calendar(list, span, state.Installation)
}

// next returns at most n starts of one schedule, of a range if there is one.
func next(scheduled *engine.Scheduled, s *flows.Schedule, n int, span *scheduleRange) (all []Upcoming) {
	at := scheduled.Next
	if span != nil && at != 0 && at < span.from {
		at = instantOf(s.Next(span.from.Time().Add(-time.Millisecond)))
	}
	for at != 0 && len(all) < n && (span == nil || at < span.to) {
		all = append(all, Upcoming{Flow: scheduled.Flow, Words: scheduled.Words, At: at, Local: s.Zone == nil})
		at = instantOf(s.Next(at.Time()))
	}
	return all
}

// instantOf is an instant of a schedule; 0 for never.
func instantOf(t time.Time) engine.Instant {
	if t.IsZero() {
		return 0
	}
	return engine.InstantOf(t)
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
