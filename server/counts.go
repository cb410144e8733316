package server

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/numbers"
)

// countsSpan is the span of starts that is counted without since.
const countsSpan = 14 * 24 * time.Hour

// FlowCounts are the counts of the runs of one version that started in a span.
type FlowCounts struct {
	Flow      string           `json:"flow"`
	Version   string           `json:"version"`
	Active    bool             `json:"active"`
	Since     engine.Instant   `json:"since,omitzero"` // starts from then on: the hour or the day that was asked for is counted whole; absent: from the first
	Until     engine.Instant   `json:"until"`          // to before then, likewise
	Counts    numbers.Flow     `json:"counts"`
	Versions  []CountedVersion `json:"versions"`     // all versions with runs, the active one first
	Elsewhere int64            `json:"here_besides"` // live runs of the version that started outside of the span
	Series    []CountsPoint    `json:"series"`       // by hour or by day, as they are kept, and in a span of more than 120 days by month; those without a run are left out
}

// CountedVersion is a version of which there are counts.
type CountedVersion struct {
	Version string `json:"version"`
	Started uint64 `json:"started"` // runs started on it or moved to it, without those that moved on
	Live    uint64 `json:"live"`
}

// CountsPoint is the starts of one hour, day or month, and what became of them.
type CountsPoint struct {
	Start   engine.Instant `json:"start,omitzero"` // absent: everything before the days
	Span    string         `json:"span"`           // hour, day, month or before
	Started int64          `json:"started"`
	Goal    int64          `json:"goal"`
	Here    int64          `json:"here"`
}

var spanNames = map[store.Span]string{store.SpanHour: "hour", store.SpanDay: "day", store.SpanMonth: "month", store.SpanBefore: "before"}

// countsRequest has the parameters of a request for counts.
type countsRequest struct {
	version      string
	since, until engine.Instant
}

var countsParameters = []string{"version", "since", "until"}

func countsQuery(values url.Values, now engine.Instant) (q countsRequest, err error) {
	if err := onlyParameters(values, countsParameters); err != nil {
		return q, err
	}
	q = countsRequest{version: values.Get("version"), since: now.Add(-countsSpan), until: now + 1}
	if text := values.Get("since"); text != "" {
		if q.since, err = momentOf("since", text, now); err != nil {
			return q, err
		}
	}
	if text := values.Get("until"); text != "" {
		if q.until, err = momentOf("until", text, now); err != nil {
			return q, err
		}
	}
	if q.since >= q.until {
		return q, wrongParameter("since", "must be before until")
	}
	q.since, q.until = wholeSpans(now, q.since, q.until)
	return q, nil
}

// wholeSpans widens a span to whole hours, where starts are counted by hour, and else to whole days: what lies in
// an hour is not known. Everything before the days has no time at all.
func wholeSpans(now, since, until engine.Instant) (from, to engine.Instant) {
	unit := func(at engine.Instant) engine.Instant {
		if at < now.Add(time.Hour-store.CountsHours) { // or soon
			return engine.Instant((24 * time.Hour).Milliseconds())
		}
		return engine.Instant(time.Hour.Milliseconds())
	}
	from = since - since%unit(since)
	if from < now.Add(24*time.Hour-store.CountsDays) {
		from = 0
	}
	to = until
	if rest := until % unit(until); rest != 0 {
		to += unit(until) - rest
	}
	return from, to
}

// momentOf reads an instant of a query: a time, a duration before now, or all for the beginning.
func momentOf(name, text string, now engine.Instant) (engine.Instant, error) {
	if text == "all" {
		return 0, nil
	}
	if d, err := flows.ParseDuration(text); err == nil {
		return max(0, engine.InstantOf(now.Time().AddDate(0, 0, -d.Days).Add(-d.Clock))), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Before(time.UnixMilli(0)) {
		return 0, wrongParameter(name, "must be a time such as 2026-11-01T00:00:00Z, a duration before now such as 14d, or all")
	}
	return engine.InstantOf(t), nil
}

// getCounts answers what became of the runs of a flow.
func (s *Server) getCounts(w http.ResponseWriter, r *http.Request) {
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q, err := countsQuery(r.URL.Query(), engine.InstantOf(s.now()))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, active, err := s.countedVersion(r.PathValue("flow"), q.version, state)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	counts, err := s.countsOf(v, q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	counts.Active = active
	if counts.Versions, err = s.countedVersions(v.Flow, state); err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, counts)
}

// countedVersion is the version that a request asks for; without one it is the active version.
func (s *Server) countedVersion(flow, version string, state engine.State) (v engine.FlowVersion, active bool, err error) {
	i := slices.IndexFunc(state.Active, func(v engine.FlowVersion) bool { return v.Flow == flow })
	switch {
	case version != "":
		v = engine.FlowVersion{Flow: flow, Version: version}
	case i < 0:
		return v, false, problemOf(http.StatusNotFound, "unknown", "no active flow is called "+flow+nearName(flow, activeNames(state))+
			" (of one that was active, name a version)")
	default:
		return state.Active[i], true, nil
	}
	return v, i >= 0 && state.Active[i] == v, nil
}

// activeNames are the names of the active flows.
func activeNames(state engine.State) (names []string) {
	for _, v := range state.Active {
		names = append(names, v.Flow)
	}
	return names
}

// countedVersions are the versions of a flow that have had runs.
func (s *Server) countedVersions(flow string, state engine.State) ([]CountedVersion, error) {
	all, err := s.config.Store.CountsOfFlow(flow)
	versions := []CountedVersion{}
	for _, c := range all {
		versions = append(versions, CountedVersion{c.Version, c.Started, c.Live})
	}
	slices.SortStableFunc(versions, func(a, b CountedVersion) int {
		return cmp.Or(cmp.Compare(rank(state, flow, a), rank(state, flow, b)), cmp.Compare(b.Live, a.Live))
	})
	return versions, err
}

// rank is 0 for the active version, else 1.
func rank(state engine.State, flow string, v CountedVersion) int {
	if slices.Contains(state.Active, engine.FlowVersion{Flow: flow, Version: v.Version}) {
		return 0
	}
	return 1
}

// countsOf adds up the counts of a version.
func (s *Server) countsOf(v engine.FlowVersion, q countsRequest) (*FlowCounts, error) {
	f, err := s.versionOf(v)
	if err != nil {
		return nil, err
	}
	out := &FlowCounts{Flow: v.Flow, Version: v.Version, Since: q.since, Until: q.until, Series: []CountsPoint{}}
	var sum []engine.Count
	if err := s.config.Store.FlowCounts(v, q.since, q.until, func(c *store.FlowCounts) bool {
		sum = store.SumCounts(sum, c.Counts)
		point := CountsPoint{Start: c.Start, Span: spanNames[c.Span]}
		for _, n := range c.Counts {
			switch {
			case n.Arm != "":
			case n.Kind == engine.CountStarted:
				point.Started += n.N
			case n.Kind == engine.CountGoal:
				point.Goal += n.N
			case n.Kind == engine.CountHere:
				point.Here += n.N
			}
		}
		out.Series = append(out.Series, point)
		return true
	}); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out.Series, func(a, b CountsPoint) int { return int(min(1, max(-1, a.Start-b.Start))) })
	out.Counts = *numbers.Of(f, sum)
	all, err := s.config.Store.CountsOf(v)
	if err != nil {
		return nil, err
	}
	out.Elsewhere = max(0, int64(all.Live)-out.Counts.Here)
	return out, nil
}
