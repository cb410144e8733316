package prove_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

const cappedConfig = `timezone: UTC
events: { order: { id: string, on: date } }
categories:
  weekly: { at_most: 2 per 7d }
  half: { at_most: 1 per 12h }
  whole: { at_most: 1 per 24h }
  daily: { at_most: 1 per 1d }
  today: { at_most: 1 per calendar day }
  fridays: { window: fri 09:00-10:00, at_most: 2 per 7d }
  weekends: { window: sat-sun 10:00-18:00, at_most: 2 per 7d }
`

// cappedTests are flows with what the diagnostics of their proof say: a part of the message
// and of its hint.
var cappedTests = []struct{ name, steps, code, says, hint string }{
	{"one a week in rounds", "category: weekly\nsteps: [ { repeat: { times: 4, every: mon 09:00, steps: [ { send: hello } ] } } ]", "", "", ""},
	{"one a week in waits", `category: weekly
steps: [ { wait: { at: mon 09:00 } }, { send: hello }, { wait: { at: mon 09:00 } }, { id: b, send: hello }, { wait: { at: mon 09:00 } }, { id: c, send: hello } ]`, "", "", ""},
	{"one a day in days", "category: daily\nsteps: [ { wait: { at: 09:00 } }, { repeat: { times: 4, every: 09:00, steps: [ { send: hello }, { wait: 1h } ] } } ]", "", "", ""},
	{"the first is at the start", "category: daily\nsteps: [ { repeat: { times: 4, every: 09:00, steps: [ { send: hello } ] } } ]",
		"broken-promise", "can send 2 within 1d", "shows a story"},
	{"one a month under a cap of weeks", "category: weekly\nsteps: [ { repeat: { every: last fri of month 09:00, steps: [ { send: hello } ] } } ]", "", "", ""},
	{"one a day in hours, and clocks change", "category: whole\nsteps: [ { wait: { at: 09:00 } }, { repeat: { times: 4, every: 09:00, steps: [ { send: hello } ] } } ]",
		"not-proved", "may send 2 within 24h, but no story shows it", "nudge test can play"},
	{"three days in a week", `category: weekly
steps: [ { wait: { at: mon 09:00 } }, { send: hello }, { wait: { at: tue 09:00 } }, { id: b, send: hello }, { wait: { at: wed 09:00 } }, { id: c, send: hello } ]`,
		"broken-promise", "can send 3 within 7d", "shows a story"},
	{"two days, far from each other", "category: half\nsteps: [ { wait: { at: mon 09:00 } }, { send: hello }, { wait: { at: tue 09:00 } }, { id: b, send: hello } ]",
		"not-proved", "may send 2 within 12h, but no story shows it", "nudge test can play"},
	{"rounds that only the hours hold back", "category: fridays\nsteps: [ { repeat: { times: 3, every: 1d, steps: [ { send: hello } ] } } ]",
		"not-proved", "may send 3 within 7d, but no story shows it", "nudge test can play"},
	{"three at once in their hours", "category: weekends\nsteps: [ { send: hello }, { id: b, send: hello }, { id: c, send: hello } ]",
		"broken-promise", "can send 3 within 7d", "shows a story"},
	{"two at once", "category: half\nsteps: [ { send: hello }, { id: b, send: hello } ]",
		"broken-promise", "can send 2 within 12h", "shows a story"},
	{"two in a day of the calendar", "category: today\nsteps: [ { send: hello }, { id: b, send: hello } ]",
		"not-proved", "which may be one day", "wait until the next day"},
	{"the second goes by what remains", "category: daily\nsteps: [ { send: hello }, { id: b, if: remaining(\"daily\") > 0, send: hello } ]",
		"not-proved", "may send 2 within 1d, but no story shows it", "what is remaining"},
	{"more messages than promised, at times of day", "promises: { messages: 1 }\nsteps: [ { repeat: { times: 3, every: tue 10:30, steps: [ { send: hello } ] } } ]",
		"broken-promise", "can send 3", "shows a story"},
	{"fewer rounds than times, as the until comes", "promises: { messages: 2 }\nsteps: [ { repeat: { times: 9, every: mon 09:00, until: { after: 10d }, steps: [ { send: hello } ] } } ]",
		"not-proved", "may send 9, but no story shows it", "nudge test can play"},
}

// TestBrokenIsReal holds that what is called broken can really be broken, and that each warning
// has a hint of its own.
func TestBrokenIsReal(t *testing.T) {
	for _, test := range cappedTests {
		t.Run(test.name, func(t *testing.T) {
			list := prove.ProjectWith(cappedProject(t, test.steps), prove.Options{Budget: prove.Tenth}).Diagnose()
			if test.code == "" {
				if len(list) > 0 {
					t.Fatalf("nothing was to be said, not %v", list)
				}
				return
			}
			if len(list) != 1 || string(list[0].Code) != test.code || !strings.Contains(list[0].Message, test.says) || !strings.Contains(list[0].Hint, test.hint) {
				t.Errorf("%q; want %s: %q, with the hint %q", list, test.code, test.says, test.hint)
			}
		})
	}
}

func cappedProject(t *testing.T, steps string) *flows.Project {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{
		"nudge.yaml":           {Data: []byte(cappedConfig)},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml":       {Data: []byte("flow: one\ntrigger: { event: order }\n" + steps)},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p
}

// TestTimedStoryPlays plays a story whose times of day come when the clock says.
func TestTimedStoryPlays(t *testing.T) {
	p := cappedProject(t, "promises: { messages: 1, ends: 5d }\nsteps: [ { repeat: { times: 3, every: tue 10:30, steps: [ { send: hello } ] } } ]")
	r := prove.Project(p).Flows[0]
	if len(r.Broken) != 2 {
		t.Fatalf("broken: %v, not proved: %v", r.Broken, r.Unproved)
	}
	for _, b := range r.Broken {
		if text, why := r.Test(b.What, b.Story); why != "" {
			t.Errorf("%s: %s\n%s", b.What, why, text)
		}
	}
}

// TestNamesOfLongWaits holds that a life without end names the steps that may never end, and
// no others.
func TestNamesOfLongWaits(t *testing.T) {
	for _, test := range []struct{ steps, want string }{
		{"steps: [ { id: pause, wait: { at: 10:00 7d before data.on } } ]", "pause"},
		{"steps: [ { id: pause, wait: { at: 10:00 on data.on } }, { id: more, wait: 1d }, { id: last, wait: { at: 10:00 2d after data.on } } ]", "pause"},
		{"steps: [ { id: short, wait: [ { at: 10:00 on data.on }, { after: 3d } ] }, { id: ever, wait: [ { reply: any }, { after: never } ] } ]", "ever"},
	} {
		r := prove.Project(cappedProject(t, "data: { on: date }\n"+test.steps)).Flows[0]
		if got := slices.Clone(r.Life.Waits); strings.Join(got, " ") != test.want {
			t.Errorf("%s\nmay never end: %v; want %s", test.steps, got, test.want)
		}
	}
}
