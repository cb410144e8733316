package flows

import (
	"testing"
	"time"
)

func TestTriggers(t *testing.T) {
	f := flowOf(t, "profile: { plan: trial | pro }\n", `
trigger:
  - event: order.placed
    key: event.id
  - reply: any
    if: reply.keyword in ["stop", "end"]
    before_waits: true
  - cron: 0 9 * * mon
    timezone: local
    max_delay: 6h
    audience: { if: profile.plan == "pro" }
    rate: 200/s
    on_bad_row: skip
  - cron: "@daily"
    timezone: Europe/London
    max_delay: 1d
    audience: { fetch: { url: "https://people.example/v1", items: people, cursor: next }, profile: id }
    on_bad_row: stop
  - at: 2026-12-24 09:00
    audience: people.csv
data: { id: string }
entry: { if_running: restart, at_most: 3 per 90d }
steps: [ { wait: 1h } ]
`)
	if len(f.Triggers) != 5 {
		t.Fatalf("%d triggers", len(f.Triggers))
	}
	if r := f.Triggers[1]; !r.Reply || !r.BeforeWaits || r.If == nil || r.Event != "" {
		t.Errorf("a reply is %+v", r)
	}
	s := f.Triggers[2].Schedule
	if s == nil || s.Cron.Spec != "0 9 * * mon" || s.Zone != nil || s.MaxDelay != (Duration{Clock: 6 * time.Hour}) {
		t.Errorf("a schedule is %+v", s)
	}
	if s.Audience.If == nil || s.Rate != (Rate{200, time.Second}) || s.StopOnBadRow {
		t.Errorf("its audience is %+v at %+v", s.Audience, s.Rate)
	}
	if s := f.Triggers[3].Schedule; s == nil || s.Zone.String() != "Europe/London" || s.MaxDelay.Days != 1 ||
		s.Audience.Pages == nil || s.Audience.Profile != "id" || !s.StopOnBadRow {
		t.Errorf("a schedule is %+v", s)
	}
	if s := f.Triggers[4].Schedule; s == nil || s.At.Date != (Date{2026, time.December, 24}) || s.At.Hour != 9 || s.Audience.File != "people.csv" {
		t.Errorf("a campaign is %+v", s)
	}
	if want := (Entry{IfRunning: Restart, AtMost: 3, Per: Duration{Days: 90}}); f.Entry != want {
		t.Errorf("entry is %+v, want %+v", f.Entry, want)
	}
	if got := f.Data.String(); got != "{ id: optional string }" {
		t.Errorf("data is %s", got)
	}
	if len(f.Listening) != 1 {
		t.Errorf("%d types of events are heard", len(f.Listening))
	}
}

// TestSchedules holds which specs are refused, those included on which the parser
// panics.
func TestSchedules(t *testing.T) {
	for spec, ok := range map[string]bool{
		"0 9 * * mon": true, "*/1 * * * *": true, "*/0 * * * *": false, "*/59 * * * *": true, "*/60 * * * *": false, "0 */23 * * *": true, "0 */24 * * *": false, "*/5 8-18 * * 1-5": true, "@hourly": true, "0 0 29 2 *": true,
		"0 0 30 2 *": false, "@every 1h": false, "TZ=UTC 0 9 * * *": false, "TZ=": false, "CRON_TZ=": false, "": false, "60 * * * *": false,
		"0 9 * * mon sun": false, "@never": false, "* * * *": false,
	} {
		if _, err := parseCron(spec); (err == nil) != ok {
			t.Errorf("%q: %v", spec, err)
		}
	}
}

// Stored profiles bring no data: what a run starts with may be absent then.
func TestStoredPeopleBringNoData(t *testing.T) {
	for audience, want := range map[string]string{`{ if: profile.plan == "pro" }`: "{ id: optional string }", "people.csv": "{ id: string }"} {
		f := flowOf(t, "profile: { plan: trial | pro }\n", `
trigger: { at: 2026-12-24 09:00, timezone: Asia/Tokyo, audience: `+audience+` }
data: { id: string }
steps: [ { wait: 1h } ]
`)
		if at := f.Triggers[0].Schedule; at.Zone == nil || at.Zone.String() != "Asia/Tokyo" {
			t.Errorf("with %s it fires in %v", audience, at.Zone)
		}
		if got := f.Data.String(); got != want {
			t.Errorf("with %s data is %s, want %s", audience, got, want)
		}
	}
}
