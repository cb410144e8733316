package story_test

import (
	"testing"
	"testing/fstest"
	"time"

	"nudge/flows"
	"nudge/whatif/story"
)

// TestStartWhereClocksChange holds that a story begins by the rule for every time of day: one
// that does not exist is the end of the gap, and of one that comes twice it is the first.
func TestStartWhereClocksChange(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-29 00:59 Europe/London":       "2026-03-29T00:59:00Z",
		"2026-03-29 01:30 Europe/London":       "2026-03-29T01:00:00Z",
		"2026-03-29 02:00 Europe/London":       "2026-03-29T01:00:00Z",
		"2026-10-25 01:30 Europe/London":       "2026-10-25T00:30:00Z",
		"2026-10-25 02:00 Europe/London":       "2026-10-25T02:00:00Z",
		"2026-10-04 02:10 Australia/Lord_Howe": "2026-10-03T15:30:00Z",
	} {
		at, err := story.ParseStart(text)
		if got := at.UTC().Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"mon 10:00 UTC", "2026-02-30 10:00 UTC", "2026-03-02 24:00 UTC", "2026-03-02 10:00:30 UTC", "2026-03-02 10:00", "2026-03-02 10:00 Mars",
	} {
		if at, err := story.ParseStart(text); err == nil {
			t.Errorf("%s is %s; want a mistake", text, at)
		}
	}
}

// TestMovesWhereClocksChange holds the same of the moves of a story.
func TestMovesWhereClocksChange(t *testing.T) {
	files := fstest.MapFS{
		"flows/a.yaml": {Data: []byte("flow: a\ntrigger: { event: go }\nsteps: [ { id: m, send: { body: x } } ]\n")},
		"tests/a.yaml": {Data: []byte(`flow: a
people: { ann: { timezone: Europe/London } }
tests:
  - name: 01:30 does not exist, so it is 02:00
    start: 2026-03-29 00:30 Europe/London
    story:
      - at: 01:30
      - event: go
      - expect: { message: m, at: "sun 02:00:00" }
  - name: 01:30 comes twice, and the first counts
    start: 2026-10-25 00:30 Europe/London
    story:
      - at: 2026-10-25 01:30
      - after: 90m
      - event: go
      - expect: { message: m, at: "sun 02:00:00" }
  - name: after the first 01:30 it is past
    start: 2026-10-25 01:30 Europe/London
    story:
      - at: 01:30
      - event: go
      - expect: { message: m, at: "mon 01:30" }
`)},
	}
	p, list := flows.Load(files)
	suite, more := story.Load(files, p)
	if list = append(list, more...); list.HasErrors() {
		t.Fatal(list)
	}
	for _, test := range suite.Files[0].Tests {
		t.Run(test.Name, func(t *testing.T) { pass(t, test) })
	}
}
