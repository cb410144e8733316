package main

import (
	"strings"
	"testing"

	"nudge/engine"
)

func TestAnswer(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer engine.Answer
		want   string
	}{
		{"nobody", engine.Answer{}, "x taken; it concerned nobody: no flow starts with it and no run waits for it"},
		{"ignored", engine.Answer{Ignored: "the run has ended"}, "x taken: the run has ended"},
		{"started", engine.Answer{Decisions: []engine.Decision{{Flow: "a", Action: engine.DidStart, Run: "R"}}}, "x taken\n  a started R"},
		{"again", engine.Answer{Repeated: true, Decisions: []engine.Decision{{Flow: "a", Action: engine.DidStart, Run: "R"}}},
			"x taken, as it was the first time\n  a started R"},
		{"several", engine.Answer{Decisions: []engine.Decision{
			{Flow: "a", Action: engine.DidSkip, Run: "R", Reason: "a run is live"},
			{Flow: "b", Action: engine.DidSkip, Reason: "the trigger's if is false"},
			{Flow: "c", Action: engine.DidQueue, Reason: "a run is live"},
			{Flow: "d", Action: engine.DidCollect, Run: "R"},
			{Flow: "e", Action: engine.DidHold, Run: "R", Reason: "until the run waits again"},
			{Flow: "f", Action: engine.DidExit, Run: "R", Reason: "returned"},
			{Flow: "g", Action: engine.DidAdvance, Run: "R", Reason: "event"},
		}}, `x taken
  a skipped: a run is live, R
  b skipped: the trigger's if is false
  c queued: a run is live
  d collected it in R
  e holds it for R: until the run waits again
  f exited R: returned
  g advanced R: event`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := writeAnswer(&b, "x", &test.answer); err != nil {
				t.Fatal(err)
			}
			if b.String() != test.want+"\n" {
				t.Errorf("got\n%swant\n%s", &b, test.want)
			}
		})
	}
}
