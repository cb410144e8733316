package console

import (
	"net/url"
	"slices"
	"strings"

	"nudge/client"
)

var eventViews = []view{
	{pattern: Root + "events", file: "events", section: "events", topics: []string{"events"}, load: loadEvents},
	{pattern: Root + "events/{type}", file: "event", section: "events", topics: []string{"events"}, load: loadEvent},
}

// eventPath is the page of a type of events.
func eventPath(kind string) string { return Root + "events/" + url.PathEscape(kind) }

// eventsPage is what arrives.
type eventsPage struct {
	Types   []eventRow
	Rest    *client.EventCounts
	Next    string            // after of the next page of types; empty: it has the last
	Last    *client.EventType // that came last; nil: none did
	Day     uint64            // events of the last 24 hours, of all types
	Curl    string            // a command that sends one
	Refused part[*client.RefusedPage]
	Filter  client.RefusedQuery
}

// eventRow is a type of events in the list.
type eventRow struct {
	client.EventType
	Line    Spark
	Day     uint64 // that arrived within 24 hours
	Matched uint64 // of them, those of which something came
	Strange bool   // no flow uses it
}

func loadEvents(v *visit) (*content, error) {
	types, err := v.api.EventTypes(v.ctx(), v.query("after"), typesShown)
	if err != nil {
		return nil, err
	}
	p := eventsPage{Rest: types.Rest, Next: types.Next, Filter: client.RefusedQuery{
		Type: v.query("type"), From: v.query("from"), Code: v.query("code"), Before: v.query("before"), Limit: shownRefusals,
	}}
	for i := range types.Types {
		row := v.eventRow(types.Types[i])
		p.Types, p.Day = append(p.Types, row), p.Day+row.Day
		if last := &types.Types[i]; p.Last == nil || last.Last.After(p.Last.Last.Time) {
			p.Last = last
		}
	}
	if len(types.Types) == 0 {
		p.Curl = v.curl()
	}
	if p.Last != nil && p.Last.Last.IsZero() { // flows have emitted all of them
		p.Last = nil
	}
	slices.SortStableFunc(p.Types, func(a, b eventRow) int { // what nobody uses first
		if a.Strange != b.Strange {
			return order(a.Strange)
		}
		return strings.Compare(a.Type, b.Type)
	})
	p.Refused = partOf(v.api.RefusedEvents(v.ctx(), p.Filter))
	return &content{Title: "Events", Data: p, Live: []string{"event-last", "event-types", "event-refused"}}, nil
}

const (
	typesShown = 100 // types of events that a page shows, by name
	typesFound = 40  // types that are looked at for a part of a name
)

// shownRefusals is how many refused events a page shows.
const shownRefusals = 20

// order puts what is true first.
func order(first bool) int {
	if first {
		return -1
	}
	return 1
}

func (v *visit) eventRow(t client.EventType) eventRow {
	day := t.Day
	return eventRow{
		EventType: t, Line: v.sparkOf("in this hour", t.ByHour), Day: arrived(&day), Matched: day.Started + day.Matched, Strange: !t.Used && t.Totals.Emitted == 0,
	}
}

// arrived are the events that came from outside.
func arrived(c *client.EventCounts) uint64 {
	return c.Started + c.Matched + c.Nothing + c.Duplicate + c.Refused
}

// curl is a command that sends an event to this server: one that starts a run, if a flow is active.
func (v *visit) curl() string {
	token := ""
	if !v.Local() {
		token = " \\\n  -H 'Authorization: Bearer TOKEN'"
	}
	kind, data := anEvent, someData
	if versions, err := v.api.Flows(v.ctx()); err == nil { // else the example is any event
		active := slices.DeleteFunc(versions, func(f client.FlowVersion) bool { return !f.Active })
		if one, with, ok := v.exampleEvent(active); ok {
			kind, data = one, with
		}
	}
	return "curl '" + v.serverURL() + "/v1/events' \\\n  -H 'Content-Type: application/json'" + token +
		" \\\n  -d '{\"type\": \"" + kind + "\", \"profile\": \"ann\", \"data\": " + data + "}'"
}

// eventPage is one type of events.
type eventPage struct {
	*client.EventType
	Strange bool
	Bar     Bar
	By      []choiceLink // hours or days
	Daily   bool
	Spans   []eventSpan
	Refused part[*client.RefusedPage]
	Private private // of the person of the payload
}

// eventSpan is an hour or a day.
type eventSpan struct {
	client.EventSpan
	Bar   Bar
	Width string // of its bar, in a thousand: the largest span fills it
	Sum   uint64
}

// shownSpans is how many hours or days a page shows.
const shownSpans = 48

func loadEvent(v *visit) (*content, error) {
	kind := v.r.PathValue("type")
	t, err := v.api.EventType(v.ctx(), kind)
	if err != nil {
		return nil, err
	}
	if last := t.Payload; last != nil && v.session.sees(last.Profile) > 0 && v.May("operate") {
		open, err := v.unmasked().EventType(v.ctx(), kind)
		if err == nil && open.Payload != nil && open.Payload.Profile == last.Profile { // else one about somebody else came since
			t = open
		}
	}
	p := eventPage{EventType: t, Strange: !t.Used && t.Totals.Emitted == 0, Daily: v.query("by") == "day", Bar: v.eventBar("of this type came", &t.Totals)}
	p.By = v.links("by", choice{"", "By hour"}, choice{"day", "By day"})
	spans := t.Hours
	if p.Daily {
		spans = t.Days
	}
	p.Spans = v.eventSpans(spans)
	if t.Payload != nil {
		p.Private = v.privateOf(t.Payload.Profile, t.Payload)
	}
	p.Refused = partOf(v.api.RefusedEvents(v.ctx(), client.RefusedQuery{Type: kind, Before: v.query("before"), Limit: shownRefusals}))
	return &content{
		Title: kind, Crumbs: []crumb{{"Events", Root + "events"}}, Data: p, Live: []string{"event-about", "event-counts", "event-payload", "event-refused"},
	}, nil
}

// eventBar are events by what became of them.
func (v *visit) eventBar(of string, c *client.EventCounts) Bar {
	return v.barOf(of, []parcel{
		{name: "started a run", count: c.Started, class: "sent"}, {name: "went to a run", count: c.Matched, class: "good"},
		{name: "matched nothing", count: c.Nothing, class: "left"}, {name: "came again", count: c.Duplicate, class: "unsent"}, {name: "refused", count: c.Refused, class: "bad"},
	})
}

// eventSpans are the newest spans, newest first.
func (v *visit) eventSpans(spans []client.EventSpan) (all []eventSpan) {
	most := uint64(0)
	for i := range spans {
		most = max(most, arrived(&spans[i].EventCounts))
	}
	for i := range slices.Backward(spans) {
		if len(all) == shownSpans {
			break
		}
		sum := arrived(&spans[i].EventCounts)
		all = append(all, eventSpan{EventSpan: spans[i], Sum: sum, Bar: v.eventBar("", &spans[i].EventCounts), Width: thousandth(sum, most)})
	}
	return all
}

// Hour writes the hour of a span, and DayOf its day.
func (v *visit) Hour(t client.Time) string { return t.In(v.zone).Format("Mon 2 Jan, 15:04") }

// DayOf writes a day of UTC, as spans are.
func (v *visit) DayOf(t client.Time) string { return t.UTC().Format("Mon 2 Jan 2006") }

// verdictWord is what became of an event, in the word of the pages.
func verdictWord(verdict string) string {
	if verdict == "nothing" {
		return "matched nothing"
	}
	return verdict
}
