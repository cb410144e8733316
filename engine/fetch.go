package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"nudge/flows"
	"nudge/lang/shape"
	"nudge/lang/trace"
)

// FetchPost is the engine's request to ask an HTTP service for a run. Carry it out only
// after the commit, and return its outcome as a FetchResult. After a crash the service is
// asked again, so it may be asked more than once.
type FetchPost struct {
	Run     RunID
	Step    int
	Attempt int
	Request flows.FetchRequest
	Timeout time.Duration
	Trace   trace.Context // of the run
}

// FetchResult is how one attempt of a fetch ended.
type FetchResult struct {
	Run     RunID           `json:"run,omitzero"`
	Step    int             `json:"step,omitempty"`
	Attempt int             `json:"attempt,omitempty"`
	Status  int             `json:"status,omitempty"` // of the HTTP answer; 0 for no answer
	JSON    json.RawMessage `json:"json,omitempty"`   // its body; nil when it is not JSON
	Error   string          `json:"error,omitempty"`  // why there was no answer; no secrets
	Busy    bool            `json:"busy,omitempty"`   // it was not tried, because too many fetches were under way
	Held    bool            `json:"held,omitempty"`   // it was not tried, because nothing may go out of a restored store yet
	Final   bool            `json:"final,omitempty"`  // a retry cannot succeed
}

// Fetched is the answer that a fetch step got.
type Fetched struct {
	Step   int
	Status int
	JSON   json.RawMessage
}

// fetchGrace is how long after its timeout an attempt of a fetch may still bring a result; then
// it counts as lost, because the process that made it died.
const fetchGrace = 30 * time.Second

// fetch begins a fetch step.
func (a *applier) fetch(r pinned, s *flows.Step) (next int, parked bool) {
	r.Status, r.FetchFirst = Fetching, r.FetchAttempt+1
	return 0, a.tryFetch(r, s)
}

// tryFetch makes the next attempt of the run's fetch. It always parks or ends the run.
func (a *applier) tryFetch(r pinned, s *flows.Step) (parked bool) {
	request, err := s.Fetch.Request.Request(a.scope(r))
	if err != nil {
		a.fail(r.Run, r.At, err.Error())
		return true
	}
	r.FetchAttempt++
	anew := r.FetchPaused && r.putOff()
	r.FetchPaused = false
	r.setAlarm(Alarm{At: a.now.Add(s.Fetch.Timeout + fetchGrace), Place: AtMessage})
	a.out.Fetches = append(a.out.Fetches, FetchPost{Run: r.ID, Step: r.At, Attempt: r.FetchAttempt, Request: request, Timeout: s.Fetch.Timeout, Trace: r.Trace})
	if !anew {
		r.log(Entry{At: a.now, Kind: KindFetch, Step: r.At, Attempt: r.fetchTry(), Detail: request.Method + " " + hostOf(request.URL)})
	}
	return true
}

// fetchTry returns which attempt of its fetch is the run's latest, from 1.
func (r *Run) fetchTry() int { return r.FetchAttempt - r.FetchFirst + 1 }

// hostOf returns the part of a URL that a timeline may show: paths and queries can hold
// secrets.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "?"
	}
	return u.Host
}

// Kind is InputFetched.
func (res *FetchResult) Kind() InputKind { return InputFetched }

func (res *FetchResult) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, res.Run)
}

// apply applies the outcome of a fetch attempt.
func (res *FetchResult) apply(a *applier) {
	asking := a.ws.Run(res.Run)
	if asking == nil || asking.Status != Fetching || asking.At != res.Step || asking.FetchAttempt != res.Attempt || asking.FetchPaused {
		a.ignore("the run no longer waits for this answer")
		return
	}
	r := a.e.pin(a.edit(res.Run))
	s := r.step()
	detail := fmt.Sprintf("answered with status %d", res.Status)
	if res.Status == 0 {
		detail = "not answered: " + cut(res.Error, MaxReasonBytes)
	}
	putOff := res.Busy || res.Held
	if !putOff || !r.putOff() {
		r.log(Entry{At: a.now, Kind: KindFetched, Step: r.At, Attempt: r.fetchTry(), Detail: detail})
	}
	if putOff {
		a.putOffFetch(r.Run, res.Held)
		return
	}
	if misfit := misfitOf(s.Fetch, res); misfit != nil && res.good() {
		r.Timeline[len(r.Timeline)-1].Detail = cut(detail+", but "+misfit.Error(), MaxReasonBytes)
	}
	if res.mayChange() && r.fetchTry() <= s.Fetch.Retries {
		a.pauseFetch(r.Run)
		return
	}
	a.endFetch(r, s, res)
}

// mayChange reports whether another attempt may have a better answer.
func (res *FetchResult) mayChange() bool {
	return !res.Final && (res.Status == 0 || res.Status == 429 || res.Status >= 500)
}

// HeldPause is how long a fetch waits that a restored store does not let out yet; then it is tried again.
const HeldPause = 5 * time.Minute

// putOff reports whether the present attempt was put off before. It is made anew then, and leaves nothing in the timeline until it is
// answered: with one each few minutes, for as long as a restored store is held, timelines would grow for ever.
func (r *Run) putOff() bool {
	for _, e := range slices.Backward(r.Timeline) {
		if e.Kind == KindFetch || e.Kind == KindFetched {
			return e.Kind == KindFetched && e.Step == r.At && e.Attempt == r.fetchTry()
		}
	}
	return false
}

// putOffFetch sets the alarm for an attempt in the place of one that was not made.
func (a *applier) putOffFetch(r *Run, held bool) {
	r.FetchAttempt--
	a.pauseFetch(r)
	if held {
		r.setAlarm(Alarm{At: a.now.Add(HeldPause), Place: AtMessage})
	}
}

// pauseFetch sets the alarm for the next attempt.
func (a *applier) pauseFetch(r *Run) {
	r.FetchPaused = true
	r.setAlarm(Alarm{At: a.now.Add(pause(r.ID, r.fetchTry()+1, 0)), Place: AtMessage})
}

// endFetch continues with the answer, or by on_error without a good one.
func (a *applier) endFetch(r pinned, s *flows.Step, res *FetchResult) {
	r.clearAlarms(AtMessage)
	answer := Fetched{Step: r.At, Status: res.Status}
	if len(res.JSON) <= MaxFetchBytes && json.Valid(res.JSON) {
		answer.JSON = res.JSON
	}
	r.Fetched = append(r.Fetched, answer)
	if !res.good() || misfitOf(s.Fetch, res) != nil {
		r.pass(Way{Kind: CountOver, Step: r.At, Word: CountsError})
		a.advance(r, s.Fetch.OnError)
		return
	}
	a.advance(r, s.Next)
}

// good reports whether the service answered that all is well.
func (res *FetchResult) good() bool { return res.Status >= 200 && res.Status < 400 }

var errNoJSON = fmt.Errorf("it is not JSON of at most %d bytes", MaxFetchBytes)

// misfitOf returns where an answer does not have the shape that the fetch declares, or nil.
func misfitOf(f *flows.Fetch, res *FetchResult) error {
	if f.Shape == nil {
		return nil
	}
	if len(res.JSON) == 0 || len(res.JSON) > MaxFetchBytes {
		return errNoJSON
	}
	_, err := f.Shape.Decode(res.JSON)
	if m := new(shape.Mismatch); errors.As(err, &m) {
		return m.At("json")
	}
	return err
}

// fireFetchAlarm continues when a pause is over, or when an attempt was lost because its process
// died.
func (a *applier) fireFetchAlarm(r pinned) {
	s := r.step()
	if r.FetchPaused || r.fetchTry() <= s.Fetch.Retries {
		a.tryFetch(r, s)
		return
	}
	r.log(Entry{At: a.now, Kind: KindFetched, Step: r.At, Attempt: r.fetchTry(), Detail: "not answered in time"})
	a.endFetch(r, s, &FetchResult{})
}

// fetchView returns what expressions and templates see of a fetch. An answer without its
// shape is absent.
func fetchView(r pinned, step int) map[string]any {
	for i := len(r.Fetched) - 1; i >= 0; i-- {
		if r.Fetched[i].Step != step {
			continue
		}
		var body any
		if len(r.Fetched[i].JSON) > 0 {
			body, _ = cmp.Or(r.flow.Steps[step].Fetch.Shape, shape.Any).Decode(r.Fetched[i].JSON)
		}
		return map[string]any{"status": r.Fetched[i].Status, "json": body}
	}
	return map[string]any{"status": 0, "json": nil}
}
