package prove_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

const reportConfig = `timezone: UTC
profile: { plan: optional string }
events: { order: { id: string, total: number, at: time } }
categories:
  reminders: { window: mon-fri 09:00-17:00, at_most: 2 per 3d }
  news: { window: 08:00-20:00 }
  daily: { at_most: 1 per 1d }
  slow: { window: [08:00-12:00, 14:00-18:00], spread: 30m }
  calm: { at_most: [4 per 7d, 2 per calendar day] }
  exact: { window: 08:00-20:00, spread: 0s }
`

// proved is what is proved of a flow, on one line.
func proved(t *testing.T, steps string) (*prove.Report, string) {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{
		"nudge.yaml":           {Data: []byte(reportConfig)},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml":       {Data: []byte("flow: one\ntrigger: { event: order }\n" + steps)},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	r := prove.Project(p).Flows[0]
	return r, line(r)
}

// line is a report on one line.
func line(r *prove.Report) string {
	if !r.Proved {
		return "not proved from " + r.Place.Step + " on"
	}
	said := ""
	if r.Coarse {
		said = "coarse, "
	}
	var ends []string
	for _, e := range r.Endings {
		ends = append(ends, e.Outcome)
	}
	said += fmt.Sprintf("%d-%d messages, life %s, ends %s", r.Fewest, r.Most, r.Life, strings.Join(ends, " "))
	for _, p := range r.Unreachable {
		said += ", unreachable " + p.Step
	}
	for _, p := range r.Unhandled {
		said += ", unhandled " + p.Step + " " + p.Outcome
	}
	for _, h := range r.Holds {
		said += fmt.Sprintf(", held %s (too late %t)", h.Longest, h.TooLate)
	}
	for _, b := range r.Broken {
		said += ", broken " + b.What + ": " + b.Found
	}
	for _, u := range r.Unproved {
		said += ", not proved " + u.What + ": " + u.Found
	}
	return said
}

var reportTests = []struct{ name, steps, want string }{
	{"a wait without end", "steps: [ { wait: [ { event: done }, { after: never } ] } ]",
		"0-0 messages, life without end, ends completed"},
	{"a moment of the data", "steps: [ { wait: { at: data.at } }, { send: hello } ]",
		"1-1 messages, life without end, ends completed, unhandled wait_1 past"},
	{"a time of day on a day after the start", "steps: [ { wait: { at: 18:00 1d after run.started } }, { send: hello } ]",
		"1-1 messages, life 1d 18h, ends completed"},
	{"a day of the month", "steps: [ { wait: { at: last mon-fri of month 16:00 } }, { send: hello } ]",
		"1-1 messages, life 40d, ends completed"},
	{"rounds until a time of day", "steps: [ { repeat: { times: 3, every: mon-fri 09:00, steps: [ { send: hello } ] } } ]",
		"3-3 messages, life 9d, ends completed"},
	{"a loop without an end", "steps: [ { repeat: { every: 1d, steps: [ { send: hello } ] } } ]",
		"0--1 messages, life without end, ends "},
	{"rounds that end as the until comes", "steps: [ { repeat: { times: 20, every: 1d, until: { after: 10d }, steps: [ { send: hello } ] } } ]",
		"10-10 messages, life 10d, ends completed"},
	{"a loop that a reply ends", "steps: [ { repeat: { every: 1d, until: { reply: any }, steps: [ { send: hello } ] } }, { send: hello } ]",
		"2--1 messages, life without end, ends completed"},
	{"a loop that its until ends in time", "steps: [ { repeat: { every: 1d, until: { after: 10d }, steps: [ { send: hello } ] } } ]",
		"10-10 messages, life 10d, ends completed"},
	{"a loop that an exit ends in time", "exit: { after: 10d, as: over }\nsteps: [ { repeat: { every: 1d, steps: [ { send: hello } ] } } ]",
		"10-10 messages, life 10d, ends over"},
	{"a loop of many rounds", "steps: [ { repeat: { every: 1m, until: { after: 30d }, steps: [ { send: hello } ] } } ]",
		"coarse, 6-43200 messages, life 30d, ends completed"},
	{"a loop that asks for its rounds", "steps: [ { repeat: { every: 1d, steps: [ { if: round in 2..4, send: hello }, { if: round == 7, exit: seventh } ] } } ]",
		"3-3 messages, life 6d, ends seventh"},
	{"a loop that reckons with its rounds", "steps: [ { repeat: { every: 1d, until: { after: 3d }, steps: [ { if: round % 2 == 0, send: hello } ] } } ]",
		"0-3 messages, life 3d, ends completed"},
	{"a loop in a loop", "steps: [ { repeat: { times: 2, steps: [ { repeat: { every: 1d, until: { after: 3d }, steps: [ { send: hello } ] } } ] } } ]",
		"6-6 messages, life 6d, ends completed"},
	{"a loop that sends nothing", "steps: [ { send: hello }, { repeat: { steps: [ { wait: [ { reply: any }, { after: 1h } ] } ] } } ]",
		"0-1 messages, life without end, ends , unhandled wait_1 failed"},
	{"a time of day that a text says", "steps: [ { wait: { at: (profile.plan) } }, { send: hello } ]",
		"1-1 messages, life 1d, ends completed, unhandled wait_1 past"},
	{"an opening", "steps: [ { wait: { open: reminders } }, { send: hello } ]",
		"1-1 messages, life 2d 16h, ends completed"},
	{"an opening that is always", "steps: [ { wait: { open: daily } }, { wait: 3h of daily }, { send: hello } ]",
		"1-1 messages, life 3h, ends completed"},
	{"a condition that an exit hears first", "exit: [ { if: profile.plan == \"pro\", as: pro } ]\nsteps: [ { wait: [ { after: 2h, if: profile.plan == \"pro\", then: [ { exit: never } ] }, { after: 1d } ] } ]",
		"0-0 messages, life 1d, ends completed pro, unreachable exit_1"},
	{"a condition that no exit hears when a run sets it", "exit: [ { if: profile.plan == \"pro\", as: pro } ]\nsteps: [ { wait: [ { after: 2h, if: profile.plan == \"pro\", then: [ { exit: promoted } ] }, { after: 1d } ] }, { set: { profile.plan: pro } } ]",
		"0-0 messages, life 1d, ends completed pro promoted"},
	{"a condition on what the run has just set", "steps: [ { if: profile.plan == \"pro\", exit: was }, { set: { profile.plan: pro } }, { if: profile.plan == \"pro\", exit: is } ]",
		"0-0 messages, life 0s, ends completed is was"},
	{"an event that an until hears first", "steps: [ { repeat: { every: 1d, times: 2, until: { event: done }, steps: [ { send: hello }, { wait: [ { event: done, then: [ { exit: never } ] }, { after: 1h } ] } ] } } ]",
		"1-2 messages, life 2d, ends completed, unreachable exit_1"},
	{"time within hours", "steps: [ { wait: 4h of reminders }, { send: hello } ]",
		"1-1 messages, life 2d 20h, ends completed"},
	{"a day within hours ends with an opening", "steps: [ { wait: 8h of reminders }, { send: hello } ]",
		"1-1 messages, life 3d 16h, ends completed"},
	{"time within hours of many weeks", "steps: [ { wait: 101h of mon 10:00-11:00 } ]",
		"0-0 messages, life 713d 23h, ends completed"},
	{"an opening may be long after another", "steps: [ { wait: [ { open: reminders, as: work, then: [ { exit: work } ] }, { open: news, if: data.total > 3, then: [ { exit: news } ] } ] } ]",
		"0-0 messages, life 2d 16h, ends news work"},
	{"hours that are asked go both ways", `steps:
  - { if: open("reminders"), send: hello }
  - { wait: 1h }
  - { id: again, if: open("reminders"), send: hello }
  - wait: { open: reminders, if: open("news") }`,
		"0-2 messages, life 2d 17h, ends completed, unhandled wait_2 past"},
	{"conditions on known values are decided", `steps:
  - set: { tier: gold }
  - branch: [ { if: vars.tier == "gold", then: [ { send: hello } ] }, { else: [ { exit: other } ] } ]`,
		"1-1 messages, life 0s, ends completed, unreachable exit_1"},
	{"data comes out the same each time", `steps:
  - { if: data.total > 10, send: hello }
  - { id: more, if: data.total > 5, send: hello }
  - { id: less, if: data.total <= 5, send: hello }`,
		"1-2 messages, life 0s, ends completed"},
	{"an exit ends a loop in time", `exit: [ { after: 4d, as: too_late } ]
steps: [ { repeat: { times: 9, every: 1d, steps: [ { send: hello } ] } } ]`,
		"4-4 messages, life 4d, ends too_late"},
	{"the round is known", `steps: [ { repeat: { times: 5, every: 1h, steps: [ { if: round == 3, send: hello } ] } } ]`,
		"1-1 messages, life 5h, ends completed"},
	{"items are taken back", `steps:
  - id: more
    collect:
      event: paid
      unique: event.id
      remove: order
      until: [ { if: more.count == 0, as: emptied, then: [ { exit: emptied } ] }, { after: 1h } ]
  - if: more.count == 0
    exit: none
  - if: more.count == 1
    exit: one
  - exit: several`,
		"0-0 messages, life 1h, ends emptied none one several"},
	{"an exit with an if leads on", `steps:
  - send: hello
  - if: data.total > 10
    exit: large
  - wait: [ { read: hello, then: [ { exit: seen } ] }, { failed: hello }, { after: 1d } ]`,
		"1-1 messages, life 1d, ends completed large seen"},
	{"a split deals the same each round", `steps:
  - repeat:
      times: 2
      steps:
        - split: [ { as: a, weight: 1, then: [ { send: hello } ] }, { as: b, weight: 1, then: [ { exit: out, if: round == 2 } ] } ]`,
		"0-2 messages, life 0s, ends completed out"},
	{"hours", `category: news
steps: [ { send: { template: hello, max_delay: 2h } }, { wait: 1d } ]`,
		"1-1 messages, life 1d 2h, ends completed, held 12h (too late true)"},
	{"hours whose messages are spread", `category: slow
steps: [ { send: hello } ]`,
		"1-1 messages, life 14h 24m, ends completed, held 14h (too late false)"},
	{"hours whose messages go out at the opening", `category: exact
steps: [ { send: hello } ]`,
		"1-1 messages, life 12h, ends completed, held 12h (too late false)"},
	{"more than a cap", `category: reminders
steps: [ { repeat: { times: 3, every: 1d, steps: [ { send: hello } ] } } ]`,
		"3-3 messages, life 8d, ends completed, held 2d 16h (too late false), " +
			"broken category reminders: at_most: 2 per 3d: a run alone can send 3 within 3d"},
	{"more than a cap of the calendar", `category: calm
steps: [ { repeat: { times: 3, every: 1h, steps: [ { send: hello } ] } } ]`,
		"3-3 messages, life 3h, ends completed, not proved category calm: at_most: 2 per calendar day: a run alone can send 3 within 1d, which may be one day"},
	{"what is remaining goes both ways", `category: calm
steps: [ { if: remaining("calm") > 1, send: hello }, { if: remaining("calm") == 0, exit: full } ]`,
		"0-1 messages, life 0s, ends completed full"},
	{"a second message where the first was too late", `category: daily
steps:
  - send: { template: hello, max_delay: 2h }
  - { id: again, if: hello.reason == "late", send: hello }`,
		"1-1 messages, life 0s, ends completed"},
	{"a second message where the first was unsent as too late", `category: daily
steps:
  - send: { template: hello, max_delay: 2h }
  - { id: again, if: hello.status == "unsent" and hello.reason == "late", send: hello }
  - branch: [ { if: hello.reason != "late", then: [ { exit: other } ] } ]`,
		"1-1 messages, life 0s, ends completed other"},
	{"a second message where the first was not refused", `category: daily
steps:
  - send: { template: hello, max_delay: 2h }
  - { id: again, if: not (hello.reason == "capped"), send: hello }`,
		"1-2 messages, life 0s, ends completed, broken category daily: at_most: 1 per 1d: a run alone can send 2 within 1d"},
	{"a reason that cannot be", `steps:
  - send: hello
  - { id: again, if: hello.reason == "late", send: hello }`,
		"1-1 messages, life 0s, ends completed"},
	{"a reason of the provider", `steps:
  - send: hello
  - { id: again, if: hello.reason == "no such device", send: hello }`,
		"1-2 messages, life 0s, ends completed"},
	{"a wait behind a failure", `steps:
  - send: hello
  - wait: [ { read: hello }, { after: 2d, then: [ { id: again, send: hello } ] } ]`,
		"1-2 messages, life 2d, ends completed, unhandled wait_1 failed"},
	{"the clock goes both ways each time", `steps:
  - { if: now > data.at, send: hello }
  - wait: 1d
  - { id: again, if: now > data.at, send: hello }
  - { id: friday, if: weekday(data.at) == "fri" and date(data.at) > date(now), send: hello }
  - wait: 1d
  - { if: weekday(data.at) != "fri", exit: other }`,
		"0-3 messages, life 2d, ends completed other"},
	{"a text is before another", `steps:
  - { if: data.id < "m", send: hello }
  - { id: again, if: data.id >= "m", send: hello }`,
		"1-1 messages, life 0s, ends completed"},
	{"a moment that is past", `steps:
  - wait: 2d
  - wait: [ { at: 1d after run.started, then: [ { send: hello } ] } ]`,
		"0-0 messages, life 2d, ends completed, unreachable hello, unhandled wait_2 past"},
}

func TestReports(t *testing.T) {
	for _, test := range reportTests {
		t.Run(test.name, func(t *testing.T) {
			if _, got := proved(t, test.steps); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestAttempts counts what is posted again.
func TestAttempts(t *testing.T) {
	r, _ := proved(t, "steps: [ { send: { template: hello, on_unknown: resend } }, { id: two, send: hello } ]")
	if r.Most != 2 || r.Attempts != 4 {
		t.Errorf("%d messages, %d attempts; want 2 and 4", r.Most, r.Attempts)
	}
}

// TestTooLarge shows that nothing is claimed of a flow that cannot be explored.
func TestTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	var steps strings.Builder
	steps.WriteString("promises: { messages: 5 }\nsteps:\n")
	for n := range 12 {
		fmt.Fprintf(&steps, "  - { id: m%d, send: hello }\n", n)
	}
	steps.WriteString("  - branch:\n")
	for n := range 12 {
		fmt.Fprintf(&steps, "      - { if: m%d.read, then: [ { exit: end%d } ] }\n", n, n)
	}
	r, _ := proved(t, steps.String())
	if r.Proved || len(r.Broken) > 0 {
		t.Errorf("proved %t with %d states, %v", r.Proved, r.States, r.Broken)
	}
}
