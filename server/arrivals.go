package server

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/store"
)

// EventCounts are events by what became of them, as the API shows them.
type EventCounts struct {
	Started   uint64 `json:"started"`   // started a run or a campaign
	Matched   uint64 `json:"matched"`   // a run went on by it, left by it or keeps it, or a start waits in a queue
	Nothing   uint64 `json:"nothing"`   // were taken, and nothing followed
	Duplicate uint64 `json:"duplicate"` // had an id that was known
	Refused   uint64 `json:"refused"`   // were not taken; an array that is refused counts once, as the event that was wrong
	Emitted   uint64 `json:"emitted"`   // a flow emitted, so they are among none of the others
}

// EventSpan are the events of an hour or of a day.
type EventSpan struct {
	At engine.Instant `json:"at"` // when it began, in UTC
	EventCounts
}

// EventType is a type of events that arrived, as the API shows it in a list.
type EventType struct {
	Type        string         `json:"type"`
	Used        bool           `json:"used"`                   // an active flow uses it
	DidYouMean  string         `json:"did_you_mean,omitempty"` // a type that an active flow uses, nearly this one that none uses
	First       engine.Instant `json:"first,omitzero"`         // when one arrived first; absent if all were emitted by flows
	Last        engine.Instant `json:"last,omitzero"`
	From        string         `json:"from,omitempty"`        // name of the token that sent the last one
	LastEmitted engine.Instant `json:"last_emitted,omitzero"` // when a flow emitted one last
	Totals      EventCounts    `json:"totals"`
	Day         EventCounts    `json:"day"`     // those of by_hour
	ByHour      []uint64       `json:"by_hour"` // that arrived in each of the last 24 hours, the present one last
}

// EventTypeShown is one type of events, with its counts by time.
type EventTypeShown struct {
	EventType
	Hours   []EventSpan   `json:"hours"`             // of the last 48, those in which one came, oldest first
	Days    []EventSpan   `json:"days"`              // of the last 400, likewise
	Payload *EventPayload `json:"payload,omitempty"` // absent: none was taken yet, or the person was forgotten
}

// EventPayload is the last event of a type that was taken.
type EventPayload struct {
	At      engine.Instant  `json:"at"`
	Verdict string          `json:"verdict"`                         // started, matched or nothing
	Profile string          `json:"profile,omitempty"`               // whom it names
	Data    json.RawMessage `json:"data,omitempty" openapi:"object"` // absent if it had none, or was too long; private fields are masked for those who may only read
	Text    string          `json:"text,omitempty"`                  // the beginning of data that is longer than 4 KiB; absent for those who may only read if anything in it may be private
	Bytes   int             `json:"bytes"`                           // of the data
}

// eventTypeList are the types of events.
type eventTypeList struct {
	Types []EventType  `json:"types"`          // sorted
	Next  string       `json:"next,omitempty"` // after of the next page; absent on the last
	Rest  *EventCounts `json:"rest,omitempty"` // on the first page: events of further types than the 1,000 that are counted by themselves, and refused ones whose type is not known
}

// pastHours is for how many hours a list of types has its counts.
const pastHours = 24

func (s *Server) listEventTypes(w http.ResponseWriter, r *http.Request) {
	now := engine.InstantOf(s.now())
	values := r.URL.Query()
	err := onlyParameters(values, []string{"after", "limit"})
	limit := 0
	if err == nil {
		limit, err = numberOf(values, "limit", store.MaxEventTypes+1, store.MaxEventTypes+1)
	}
	var known []*store.EventType
	if err == nil {
		known, err = s.config.Store.EventTypes(now, values.Get("after"), limit)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	used, err := s.usedEvents()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := eventTypeList{Types: make([]EventType, 0, len(known))}
	for _, t := range known {
		if t.Type == "" {
			rest := countsOf(&t.Totals)
			list.Rest = &rest
			continue
		}
		list.Types = append(list.Types, eventTypeOf(t, used, now))
	}
	if len(known) == limit {
		list.Next = known[limit-1].Type
	}
	reply(w, http.StatusOK, list)
}

func (s *Server) showEventType(w http.ResponseWriter, r *http.Request) {
	now := engine.InstantOf(s.now())
	kind := r.PathValue("type")
	known, err := s.config.Store.EventType(kind, now)
	if err == nil && (known == nil || kind == "") {
		err = s.noSuchType(kind, now)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	used, err := s.usedEvents()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	shown := EventTypeShown{EventType: eventTypeOf(known, used, now), Hours: spansOf(known.Hours, time.Hour), Days: spansOf(known.Days, 24*time.Hour)}
	if known.Taken != 0 {
		v, err := s.viewOf(w)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		shown.Payload = payloadOf(known)
		v.lastPayload(kind, shown.Payload)
	}
	reply(w, http.StatusOK, shown)
}

// nearTypes is how many types, by name, are looked at for one that was meant.
const nearTypes = 50

// noSuchType is the problem of a type of which nothing arrived, with the nearest one.
func (s *Server) noSuchType(kind string, now engine.Instant) error {
	all, err := s.config.Store.EventTypes(now, "", nearTypes)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range all {
		if t.Type != "" {
			names = append(names, t.Type)
		}
	}
	detail := "no event of the type " + shortened(kind) + " has arrived"
	if near := diag.Misspelt(kind, names); near != "" {
		detail += "; did you mean " + near + "?"
	}
	return problemOf(http.StatusNotFound, "not-found", detail)
}

// usedEvents returns the types of events that active flows use, sorted.
func (s *Server) usedEvents() ([]string, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, v := range state.Active {
		f, err := s.flows.version(v)
		if err != nil {
			return nil, err
		}
		if f != nil {
			for kind := range f.Listening {
				used[kind] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used)), nil
}

func eventTypeOf(t *store.EventType, used []string, now engine.Instant) EventType {
	shown := EventType{Type: t.Type, Used: slices.Contains(used, t.Type), First: t.First, Last: t.Last, From: t.From, LastEmitted: t.Emitted,
		Totals: countsOf(&t.Totals), ByHour: make([]uint64, pastHours)}
	if !shown.Used {
		shown.DidYouMean = diag.Misspelt(t.Type, used)
	}
	first := engine.HourOf(now) - pastHours + 1
	day := engine.VerdictCounts{}
	for i := range t.Hours {
		if x := &t.Hours[i]; x.Span >= first && x.Span < first+pastHours {
			day.Add(&x.VerdictCounts)
			shown.ByHour[x.Span-first] = x.Arrived()
		}
	}
	shown.Day = countsOf(&day)
	return shown
}

func countsOf(c *engine.VerdictCounts) EventCounts {
	return EventCounts{c[engine.VerdictStarted], c[engine.VerdictMatched], c[engine.VerdictNothing], c[engine.VerdictDuplicate], c[engine.VerdictRefused], c[engine.VerdictEmitted]}
}

func spansOf(spans []store.SpanCounts, length time.Duration) []EventSpan {
	all := make([]EventSpan, 0, len(spans))
	for i := range spans {
		all = append(all, EventSpan{engine.Instant(0).Add(time.Duration(spans[i].Span) * length), countsOf(&spans[i].VerdictCounts)})
	}
	return all
}

// payloadOf is the last event of a type.
func payloadOf(t *store.EventType) *EventPayload {
	shown := &EventPayload{At: t.Taken, Verdict: t.Verdict.String(), Profile: t.Profile, Bytes: t.Bytes}
	if t.Cut() {
		shown.Text = string(t.Data)
	} else if len(t.Data) > 0 {
		shown.Data = t.Data
	}
	return shown
}

// arrivalRoutes are about what arrives.
func (s *Server) arrivalRoutes() []route {
	return []route{
		{"GET /v1/events/types", ScopeRead, s.listEventTypes, operation{
			id: "listEventTypes", topic: "Events", does: "List the types of events that arrived",
			more: "Whether a flow knows them or not: when the last one came and from whom, and how many started a run, matched one, led to nothing, were duplicates or were refused. " +
				"An event that concerns more than a thousand runs counts by the first thousand. Events that a flow emitted are counted by themselves. The counts are exact and survive a restart; " +
				"a kill may lose the refusals, and the duplicates that came without any other input, of the last second.",
			query: []parameter{
				{name: "after", does: "the type behind which the page begins: next of the page before", example: "order.shipped"},
				{name: "limit", does: "how many types at most; all without it", example: 20, least: 1, most: store.MaxEventTypes + 1},
			},
			gives: ok(eventTypeList{}, "the types"), fails: []int{400},
		}},
		{"GET /v1/events/types/{type}", ScopeRead, s.showEventType, operation{
			id: "showEventType", topic: "Events", does: "Show a type of events", more: "With its counts by hour and by day, and the last event that was taken.",
			gives: ok(EventTypeShown{}, "the type"), fails: []int{404},
		}},
		{"GET /v1/events/refused", ScopeRead, s.listRefused, operation{
			id: "listRefusedEvents", topic: "Events", does: "List the events that were refused", more: "Newest first: the last 1,000, of which ten in a second are kept. " +
				"What somebody without a token sends is not among them. They are not in the journal.",
			query: append([]parameter{
				{name: "type", does: "of this type", example: "order.shipped"},
				{name: "from", does: "that the token with this name sent", example: "shop"},
				{name: "code", does: "with this code of the problem", example: "shape"},
			}, pages("1041")...),
			gives: ok(refusedPage{}, "a page of refused events"), fails: []int{400},
		}},
		{liveRoute, ScopeRead, s.getLive, operation{
			id: "followLive", topic: "Operations", does: "Follow what happens", more: "As server-sent events. A topic is an event of its name with the numbers of what changed since the last one, at most once a second: " +
				"events (that arrived, by verdict, and emitted), runs (started, ended, changed), campaigns (changed) and jobs (asked, changed, ended). The topic arrivals is an event named arrival for each event that arrived, with " +
				"at, type, profile, verdict, from and code; its ID goes on behind it, as Last-Event-ID. An event dropped says how many lines a slow reader lost, and an event gap that nobody knows after " +
				"a restart what came before. At most 200 may follow at a time. It ends when the token does, and when the server stops.",
			query: []parameter{
				{name: "topics", does: "which, with a comma between them; all of these without it", example: "events,arrivals"},
				{name: "type", does: "of arrivals, only events of this type", example: "order.shipped"},
				{name: "last", does: "of arrivals, begin with so many that came before, since the server started", example: 10, least: 1, most: maxLastLines},
			},
			gives: []answer{{http.StatusOK, mediaStream, nil, "the events, until the caller leaves"}}, fails: []int{400, 503},
		}},
	}
}
