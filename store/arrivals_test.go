package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// arrivalsStore is an empty store.
func arrivalsStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		report, err := s.Check()
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("the store after the test: %v %q", err, report.Problems)
		}
	})
	return s
}

var noon = engine.InstantOf(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))

func noted(kind string, at engine.Instant, from string, v engine.Verdict) *engine.Arrivals {
	a := &engine.Arrivals{Type: kind}
	a.Note(at, from, v)
	return a
}

func note(t *testing.T, s *store.Store, refused []*store.Refusal, more uint64, all ...*engine.Arrivals) {
	t.Helper()
	if err := s.NoteArrivals(all, refused, more); err != nil {
		t.Fatal(err)
	}
}

func eventType(t *testing.T, s *store.Store, kind string, now engine.Instant) *store.EventType {
	t.Helper()
	known, err := s.EventType(kind, now)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// TestEventTypeByTime lets events of a type come for 500 days, and compares the counts by hour and by day with those
// that are counted here.
func TestEventTypeByTime(t *testing.T) {
	s := arrivalsStore(t)
	hours, days, total := map[int64]uint64{}, map[int64]uint64{}, uint64(0)
	at := noon
	for n := range 900 {
		at = at.Add(time.Duration(1+n*n%40_000) * time.Second)
		if n%7 == 0 {
			at = at.Add(90 * time.Hour)
		}
		note(t, s, nil, 0, noted("ordered", at, fmt.Sprint("token ", n), engine.VerdictNothing))
		total++
		hours[engine.HourOf(at)]++
		days[engine.HourOf(at)/24]++
	}
	known := eventType(t, s, "ordered", at)
	if known.First <= noon || known.Last != at || known.From != "token 899" || known.Totals[engine.VerdictNothing] != total {
		t.Errorf("it is %+v", known)
	}
	sums := func(spans []store.SpanCounts, want map[int64]uint64, first int64) {
		t.Helper()
		got := map[int64]uint64{}
		for _, x := range spans {
			if x.Span < first {
				t.Errorf("%d is too old", x.Span)
			}
			got[x.Span] = x.VerdictCounts[engine.VerdictNothing]
		}
		for span, n := range want {
			if span >= first && got[span] != n {
				t.Errorf("%d: %d events, want %d", span, got[span], n)
			}
		}
	}
	sums(known.Hours, hours, engine.HourOf(at)-store.KeptHours+1)
	sums(known.Days, days, engine.HourOf(at)/24-store.KeptDays+1)
	if later := eventType(t, s, "ordered", at.Add(500*24*time.Hour)); len(later.Hours)+len(later.Days) > 0 || later.Totals != known.Totals {
		t.Errorf("after 500 days without any it is %+v", later)
	}
	if eventType(t, s, "other", at) != nil {
		t.Error("a type that never came is known")
	}
}

// TestEventTypesAreBounded lets one type too many come: it is counted with all further ones.
func TestEventTypesAreBounded(t *testing.T) {
	s := arrivalsStore(t)
	var all []*engine.Arrivals
	for n := range store.MaxEventTypes - 1 {
		all = append(all, noted(fmt.Sprint("type ", n), noon, "shop", engine.VerdictNothing))
	}
	note(t, s, nil, 0, all...)
	for _, kind := range []string{"", "last", "further", "one more", "last"} {
		note(t, s, nil, 0, noted(kind, noon, "shop", engine.VerdictStarted))
	}
	types, err := s.EventTypes(noon, "", 0)
	if err != nil || len(types) != store.MaxEventTypes+1 {
		t.Fatalf("%d types, %v", len(types), err)
	}
	if rest := types[0]; rest.Type != "" || rest.Totals[engine.VerdictStarted] != 3 {
		t.Errorf("the rest is %+v", rest)
	}
	if last := eventType(t, s, "last", noon); last.Totals[engine.VerdictStarted] != 2 {
		t.Errorf("the last type is %+v", last)
	}
	if eventType(t, s, "further", noon) != nil {
		t.Error("a type beyond the limit has a record")
	}
}

// TestLastPayload shows what is kept of the last event that was taken: not of a duplicate, and not all of a long one.
func TestLastPayload(t *testing.T) {
	s := arrivalsStore(t)
	a := noted("ordered", noon, "shop", engine.VerdictStarted)
	a.Taken, a.TakenAt, a.Verdict = &engine.Event{Type: "ordered", Profile: "ann", Data: []byte(`{"id":"7"}`)}, noon, engine.VerdictStarted
	note(t, s, nil, 0, a, noted("ordered", noon+1, "erp", engine.VerdictDuplicate))
	known := eventType(t, s, "ordered", noon)
	if known.Taken != noon || known.Last != noon+1 || known.From != "erp" || known.Profile != "ann" || string(known.Data) != `{"id":"7"}` || known.Cut() {
		t.Errorf("it is %+v", known)
	}
	long := []byte(`{"text":"` + strings.Repeat("é", 4000) + `"}`)
	a = noted("ordered", noon+2, "shop", engine.VerdictNothing)
	a.Taken, a.TakenAt, a.Verdict = &engine.Event{Type: "ordered", Data: long}, noon+2, engine.VerdictNothing
	note(t, s, nil, 0, a)
	if known = eventType(t, s, "ordered", noon); !known.Cut() || known.Bytes != len(long) || len(known.Data) > 4096 || !bytes.HasPrefix(long, known.Data) {
		t.Errorf("of %d bytes it has %d of %d", len(long), len(known.Data), known.Bytes)
	}
}

// TestRefusalsAreBounded lets more come than are kept, and reads them page by page.
func TestRefusalsAreBounded(t *testing.T) {
	s := arrivalsStore(t)
	for n := range 130 {
		var ten []*store.Refusal
		for i := range 10 {
			ten = append(ten, &store.Refusal{At: noon, Code: "json", Detail: fmt.Sprint(10*n + i)})
		}
		note(t, s, ten, uint64(n%2))
	}
	note(t, s, nil, 5)
	var details []string
	more := uint64(0)
	for before := uint64(0); ; {
		page, next, err := s.Refusals(store.RefusalQuery{Before: before, Limit: 300})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page {
			details = append(details, x.Detail)
			more += x.More
		}
		if before = next; next == 0 {
			break
		}
	}
	if len(details) != store.MaxRefusals || details[0] != "1299" || details[999] != "300" || more != 55 {
		t.Errorf("%d refusals and %d that are only counted, from %s to %s", len(details), more, details[0], details[len(details)-1])
	}
}

// TestArrivalsForgetPeople holds that forgetting a person reaches payloads and refusals that name them or may do so
// behind the place where they were cut, and nothing that came later.
func TestArrivalsForgetPeople(t *testing.T) {
	s := arrivalsStore(t)
	cut := strings.Repeat("x", 5000)
	payload := func(kind, profile, data string, at engine.Instant) *engine.Arrivals {
		a := noted(kind, at, "shop", engine.VerdictNothing)
		a.Taken, a.TakenAt = &engine.Event{Type: kind, Profile: profile, Data: []byte(data)}, at
		return a
	}
	note(t, s, []*store.Refusal{
		{At: noon, Profile: "ann", Detail: "one", Body: []byte("{}")},
		{At: noon, Detail: "two", Body: []byte(`{"customer": "ann"}`)},
		{At: noon, Detail: "three: ann is no number", Body: []byte(`{}`)},
		{At: noon, Detail: "four", Body: []byte(`{"name": "Ann", "customer": "an`), Cut: true},
		{At: noon, Detail: "five", Body: []byte(`{"customer": "annette"}`), Profile: "bob"},
		{At: noon + 9, Detail: "six", Body: []byte(`{}`), Profile: "ann"},
	}, 0,
		payload("named", "ann", `{"name":"Ann"}`, noon), payload("within", "bob", `{"customer":"ann"}`, noon), payload("long", "bob", `{"a":"`+cut+`"}`, noon),
		payload("other", "bob", `{"customer":"annette"}`, noon), payload("later", "ann", `{"name":"Ann"}`, noon+9))
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	state.Stamp = noon
	if err := s.Commit(&engine.Batch{State: state, Forgotten: []string{"ann"}}); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if more, err = s.Erase(); err != nil {
			t.Fatal(err)
		}
	}
	for kind, kept := range map[string]bool{"named": false, "within": false, "long": false, "other": true, "later": true} {
		if known := eventType(t, s, kind, noon); len(known.Data) > 0 != kept || (known.Profile != "") != kept || known.Totals[engine.VerdictNothing] != 1 {
			t.Errorf("%s: %+v", kind, known)
		}
	}
	refused, _, err := s.Refusals(store.RefusalQuery{Limit: 10})
	if err != nil || len(refused) != 6 {
		t.Fatalf("%d refusals, %v", len(refused), err)
	}
	for i, want := range []string{"six ann {}", `five bob {"customer": "annette"}`, "  ", "  ", "  ", "  "} {
		if x := refused[i]; fmt.Sprintf("%s %s %s", x.Detail, x.Profile, x.Body) != want {
			t.Errorf("%d: %+v", i, x)
		}
	}
}

// TestAboutRefusals holds that what the store has about a person includes the events about them that were refused.
func TestAboutRefusals(t *testing.T) {
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.NoteArrivals(nil, []*store.Refusal{{At: 5, Detail: "one", Profile: "ann"}, {At: 6, Detail: "two", Profile: "bob"},
		{At: 7, Detail: "three", Profile: "bob", Body: []byte(`{"customer":"ann"}`)}}, 0); err != nil {
		t.Fatal(err)
	}
	var got []string
	for place := (store.AboutPlace{}); !place.Ended(); {
		found, err := s.About("ann", &place)
		if err != nil {
			t.Fatal(err)
		}
		for _, about := range found {
			got = append(got, about.Refusal.Detail)
		}
	}
	if len(got) != 2 || got[0] != "one" || got[1] != "three" {
		t.Errorf("about ann are %q", got)
	}
}
