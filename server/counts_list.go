package server

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/store"
)

// FlowSums are where everybody is who started a flow in the last 14 days, on all of its versions. Started is always here, ended and left_out together:
// who went on in another version is counted there.
type FlowSums struct {
	Flow    string  `json:"flow"`
	Version string  `json:"version"` // the active one
	Started int64   `json:"started"`
	LeftOut int64   `json:"left_out,omitempty"`
	Here    int64   `json:"here"`
	Ended   int64   `json:"ended"`
	Goal    int64   `json:"goal"`    // of those ended, and of those here who go on after it
	Failed  int64   `json:"failed"`  // of those ended
	ByHour  []int64 `json:"by_hour"` // who started in each hour from since on, the present one last
}

// flowSumsPage is a page of active flows.
type flowSumsPage struct {
	Since engine.Instant `json:"since"`          // starts from then on, in whole hours
	Flows []FlowSums     `json:"flows"`          // by name
	Next  string         `json:"next,omitempty"` // after of the next page; absent on the last
}

// hourMillis is an hour, as instants are counted.
const hourMillis = engine.Instant(time.Hour / time.Millisecond)

// mostFlowSums is how many flows one page has at most, by `limit`: each takes a few records.
const mostFlowSums = 100

var flowSumsParameters = []string{"after", "limit"}

// listCounts answers where everybody is, for each active flow.
func (s *Server) listCounts(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	err := onlyParameters(values, flowSumsParameters)
	limit := 0
	if err == nil {
		limit, err = numberOf(values, "limit", usualPage, mostFlowSums)
	}
	var state engine.State
	if err == nil {
		state, err = s.config.Store.State()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	now := engine.InstantOf(s.now())
	since, until := wholeSpans(now, now.Add(-countsSpan), now+1)
	page := flowSumsPage{Since: since, Flows: []FlowSums{}}
	active := slices.SortedFunc(slices.Values(state.Active), func(a, b engine.FlowVersion) int { return strings.Compare(a.Flow, b.Flow) })
	for _, v := range active {
		if v.Flow <= values.Get("after") {
			continue
		}
		if len(page.Flows) == limit {
			page.Next = page.Flows[limit-1].Flow
			break
		}
		sums, err := s.flowSums(v, since, until)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		page.Flows = append(page.Flows, *sums)
	}
	reply(w, http.StatusOK, page)
}

// flowSums adds up the hours of all versions.
func (s *Server) flowSums(v engine.FlowVersion, since, until engine.Instant) (*FlowSums, error) {
	hours, err := s.config.Store.FlowHours(v.Flow, since)
	if err != nil {
		return nil, err
	}
	sums := &FlowSums{Flow: v.Flow, Version: v.Version, ByHour: make([]int64, (until-since)/hourMillis)}
	for _, h := range hours {
		if h.Start < until {
			sums.add(&h)
			sums.ByHour[(h.Start-since)/hourMillis] += h.Started
		}
	}
	return sums, nil
}

func (f *FlowSums) add(h *store.HourSums) {
	f.Started, f.LeftOut = f.Started+h.Started, f.LeftOut+h.LeftOut
	f.Here, f.Ended, f.Goal, f.Failed = f.Here+h.Here, f.Ended+h.Ended, f.Goal+h.Goal, f.Failed+h.Failed
}
