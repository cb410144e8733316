package flows

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/shape"
)

// flowOf loads one flow without a template; nudge.yaml may be empty.
func flowOf(t testing.TB, project, text string) *Flow {
	t.Helper()
	return mustLoad(t, fstest.MapFS{
		"nudge.yaml": {Data: []byte(project)}, "flows/f.yaml": {Data: []byte("flow: f\n" + text)},
	}).Flows[0]
}

func TestSignals(t *testing.T) {
	f := flowOf(t, "categories: { work: {} }", `
trigger: { event: e }
data: { n: number, at: time }
exit:
  - if: vars.a == 1
    goal: true
    as: done
  - after: 14d
  - at: 3d after data.at
  - reply: any
    if: reply.keyword == "stop"
  - failed: ask
    if: ask.reason == "capped"
    as: capped
steps:
  - id: ask
    send: { body: hello }
  - wait: { at: 1d after run.started }
  - wait:
      - if: data.n > 3
        then: [ { set: { a: 1 } } ]
      - at: mon-wed 09:00
      - at: "sun,fri 10:30"
      - at: 2026-12-24 18:00
      - at: 24h before data.at
      - at: data.at
      - at: 23:59
      - open: work
      - open: [mon-fri 09:00-17:00, sat 10:00-12:00]
      - after: 4h of work
      - after: 90m of 09:00-17:00
      - after: 1d
      - after: 1h
        if: data.n > 4
      - delivered: any
`)
	want := `0 ask next 1
1 wait_1 next 2
  at step -2 then 2 as at at 1d after run.started
2 wait_2 next -1
  if step -2 then 3 as if
  at step -2 then -1 as at at mon,tue,wed 09:00
  at step -2 then -1 as at at fri,sun 10:30
  at step -2 then -1 as at at 2026-12-24 18:00
  at step -2 then -1 as at at 24h before data.at
  at step -2 then -1 as at at data.at
  at step -2 then -1 as at at 23:59
  open step -2 then -1 as open open work
  open step -2 then -1 as open open mon,tue,wed,thu,fri 09:00-17:00, sat 10:00-12:00
  after step -2 then -1 as after after 4h of work
  after step -2 then -1 as after after 1h30m of 09:00-17:00
  after step -2 then -1 as after
  after step -2 then -1 as after
  delivered step -2 then -1 as delivered
3 set_1 next -1
exits
  if step -2 then -1 as done goal
  after step -2 then -1 as after
  at step -2 then -1 as at at 3d after data.at
  reply step -2 then -1 as reply
  failed step 0 then -1 as capped
`
	if diff := cmp.Diff(want, drawn(f)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
}

func TestMomentResolves(t *testing.T) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	scope := map[string]any{NameData: map[string]any{"at": shape.TimeOf(instant("2026-03-30T08:00:00Z")), "hour": "07:15", "due": shape.DateOf(instant("2026-03-29T00:00:00Z"))}}
	for _, tt := range []struct {
		moment, now, want string
		past              bool
	}{
		{"09:00", "2026-03-27T08:59:00Z", "2026-03-27T09:00:00Z", false},
		{"09:00", "2026-03-27T08:59:59.999Z", "2026-03-27T09:00:00Z", false},
		{"09:00", "2026-03-27T09:00:00Z", "2026-03-28T09:00:00Z", false}, // nine sharp is past
		{"09:00", "2026-03-27T09:00:59Z", "2026-03-28T09:00:00Z", false},
		{"09:00", "2026-03-27T09:01:00Z", "2026-03-28T09:00:00Z", false},
		{"mon-fri 09:00", "2026-03-27T09:01:00Z", "2026-03-30T08:00:00Z", false}, // summer time by then
		{"fri-mon 09:00", "2026-03-31T10:00:00Z", "2026-04-03T08:00:00Z", false},
		{"01:30", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", false}, // in the gap
		{"2026-03-29 12:00", "2026-03-27T09:00:00Z", "2026-03-29T11:00:00Z", false},
		{"2026-03-26 12:00", "2026-03-27T09:00:00Z", "2026-03-26T12:00:00Z", true},
		{"2026-03-27 12:00", "2026-03-27T12:00:00Z", "2026-03-27T12:00:00Z", true},
		{"data.at", "2026-03-27T09:00:00Z", "2026-03-30T08:00:00Z", false},
		{"data.at", "2026-03-30T07:59:59.999Z", "2026-03-30T08:00:00Z", false},
		{"data.at", "2026-03-30T08:00:00Z", "2026-03-30T08:00:00Z", true},
		{"(data.at)", "2026-03-27T09:00:00Z", "2026-03-30T08:00:00Z", false}, // a time in brackets
		{"18:00 1d before data.at", "2026-03-27T09:00:00Z", "2026-03-29T17:00:00Z", false},
		{"18:00 1d before data.at", "2026-03-29T17:00:00Z", "2026-03-29T17:00:00Z", true},
		{"01:30 1d before data.at", "2026-03-27T09:00:00Z", "2026-03-29T01:00:00Z", false}, // in the gap
		{"00:30 on data.at", "2026-03-27T09:00:00Z", "2026-03-29T23:30:00Z", false},        // by the clock of the zone
		{"09:00 on data.due", "2026-03-27T09:00:00Z", "2026-03-29T08:00:00Z", false},
		{"01:30 on data.due", "2026-03-27T09:00:00Z", "2026-03-29T01:00:00Z", false}, // in the gap
		{"18:00 2d before data.due", "2026-03-27T18:00:00Z", "2026-03-27T18:00:00Z", true},
		{"09:00 1w after data.at", "2026-03-27T09:00:00Z", "2026-04-06T08:00:00Z", false},
		{"(data.hour) 1d before data.at", "2026-03-27T09:00:00Z", "2026-03-29T06:15:00Z", false},
		{"(data.hour)", "2026-03-27T09:00:00Z", "2026-03-28T07:15:00Z", false},
		{"mon-tue (data.hour ?? \")\")", "2026-03-27T09:00:00Z", "2026-03-30T06:15:00Z", false},
		{"first mon of month 09:00", "2026-03-27T09:00:00Z", "2026-04-06T08:00:00Z", false},
		{"first mon of month 09:00", "2026-04-06T08:00:00Z", "2026-05-04T08:00:00Z", false},
		{"last day of month 18:00", "2026-02-01T09:00:00Z", "2026-02-28T18:00:00Z", false},
		{"first day of month 00:00", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", false},
		{"last mon-fri of month 16:00", "2026-05-01T09:00:00Z", "2026-05-29T15:00:00Z", false},
		{"fourth sat,sun of month 16:00", "2026-08-01T09:00:00Z", "2026-08-09T15:00:00Z", false}, // the 1st is a Saturday
		{"1d before data.at", "2026-03-27T09:00:00Z", "2026-03-29T08:00:00Z", false},
		{"24h before data.at", "2026-03-27T09:00:00Z", "2026-03-29T08:00:00Z", false},
		{"2d before data.at", "2026-03-27T09:00:00Z", "2026-03-28T09:00:00Z", false}, // a calendar day
		{"1d12h after data.at", "2026-04-27T09:00:00Z", "2026-03-31T20:00:00Z", true},
	} {
		f := flowOf(t, "", "trigger: { event: e }\ndata: { at: time, due: date, hour: optional string }\nsteps: [ { wait: { at: '"+tt.moment+"' } } ]\n")
		if read := len(f.Steps[0].Wait.Lines[0].At.Exprs()); read != strings.Count(tt.moment, "data.") {
			t.Errorf("%s reads %d expressions", tt.moment, read)
		}
		at, past, err := f.Steps[0].Wait.Lines[0].At.Resolve(scope, instant(tt.now), zone)
		if err != nil || past != tt.past || !at.Equal(instant(tt.want)) {
			t.Errorf("%s at %s is %s (past %v, error %v), want %s", tt.moment, tt.now, at.UTC().Format(time.RFC3339), past, err, tt.want)
		}
	}
}
