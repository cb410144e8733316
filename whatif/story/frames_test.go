package story_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/story"
)

// framesOf plays the only test of a story with frames.
func framesOf(t *testing.T, files fstest.MapFS) []story.Frame {
	t.Helper()
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	suite, list := story.Load(files, p)
	if list.HasErrors() {
		t.Fatal(list)
	}
	result, err := story.Play(suite.Tests()[0], story.Options{Frames: true})
	if err != nil || result.Failure != nil || result.LeftOut != 0 {
		t.Fatal(err, result.Failure, result.LeftOut)
	}
	return result.Frames
}

// short is a frame in a line.
func short(f story.Frame) string {
	var steps, sent, runs []string
	for _, s := range f.Steps {
		steps = append(steps, s.Step)
	}
	for _, m := range f.Messages {
		sent = append(sent, m.Step+" to "+m.To)
	}
	for _, r := range f.Runs {
		runs = append(runs, fmt.Sprintf("%d at %s%s", r.Run, r.Step, r.Outcome))
	}
	return fmt.Sprintf("%s | %s | %s | %s | %s | %d", f.At.Format("Mon 15:04"), f.Input, strings.Join(steps, " "), strings.Join(sent, ", "), strings.Join(runs, ", "), len(f.Conditions))
}

// TestFrames: each move has a frame with all that it leads to, and so has each instant at which
// something happens while time passes.
func TestFrames(t *testing.T) {
	got := framesOf(t, fstest.MapFS{
		"nudge.yaml": {Data: []byte("project: shop\nprofile: { plan: string }\n")},
		"flows/hello.yaml": {Data: []byte(`flow: hello
trigger: { event: user.signed_up }
steps:
  - send: { body: Welcome }
    id: welcome
  - wait: [ { read: welcome, then: [ { exit: read } ] }, { after: 1d } ]
  - send: { body: Are you there }
    id: reminder
    if: profile.plan == "pro"
  - wait: 2d
`)},
		"tests/hello.yaml": {Data: []byte(`flow: hello
people: { ann: { plan: pro } }
tests:
  - name: all
    start: 2026-03-02 10:00 UTC
    story:
      - event: user.signed_up
      - expect: welcome
      - after: 6h
      - after: 7d
      - expect: reminder
      - expect: { end: completed }
`)},
	})
	want := []string{
		"Mon 10:00 | event user.signed_up by ann | welcome wait_1 | welcome to ann | 1 at wait_1 | 0",
		"Mon 16:00 | after 6h |  |  | 1 at wait_1 | 0",
		"Tue 10:00 | after 7d | reminder wait_2 | reminder to ann | 1 at wait_2 | 1",
		"Thu 10:00 | after 7d |  |  | 1 at completed | 0",
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("frame %d is missing: %s", i, want[i])
		case i >= len(want):
			t.Errorf("frame %d is one too many: %s", i, short(got[i]))
		case short(got[i]) != want[i]:
			t.Errorf("frame %d:\n got %s\nwant %s", i, short(got[i]), want[i])
		}
	}
	if c := got[2].Conditions[0].Text; c != `if profile.plan == "pro" is true: profile.plan is "pro"` {
		t.Errorf("the condition says %q", c)
	}
	if m := got[2].Messages[0].Text; m != "to: ann\nAre you there" {
		t.Errorf("the message is %q", m)
	}
}

// TestFramesAreBounded: a story of many moves keeps the first frames and counts the others.
func TestFramesAreBounded(t *testing.T) {
	files := fstest.MapFS{
		"flows/tick.yaml": {Data: []byte("flow: tick\ntrigger: { event: go }\nsteps:\n  - repeat: { every: 1m, steps: [ { set: { n: 1 } } ] }\n    id: loop\n")},
		"tests/tick.yaml": {Data: []byte("flow: tick\npeople: { ann: }\ntests:\n  - name: all\n    start: 2026-03-02 10:00 UTC\n    story: [ { event: go }, { after: 1d }, { expect: nothing } ]\n")},
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	suite, list := story.Load(files, p)
	if list.HasErrors() {
		t.Fatal(list)
	}
	result, err := story.Play(suite.Tests()[0], story.Options{Frames: true})
	if err != nil || len(result.Frames) != story.MaxFrames || result.LeftOut != 24*60+1-story.MaxFrames {
		t.Errorf("%v: %d frames, %d left out", err, len(result.Frames), result.LeftOut)
	}
}
