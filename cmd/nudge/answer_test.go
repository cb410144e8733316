package main

import (
	"strings"
	"testing"

	"nudge/client"
)

func TestAnswer(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer client.Answer
		want   string
	}{
		{"nobody", client.Answer{}, "x accepted; it triggers no flow and no run is waiting for it"},
		{"ignored", client.Answer{Ignored: "the run has ended"}, "x accepted: the run has ended"},
		{"started", client.Answer{Decisions: []client.Decision{{Flow: "a", Did: client.DidStart, Run: "R"}}}, "x accepted\n  a started R"},
		{"again", client.Answer{Repeated: true, Decisions: []client.Decision{{Flow: "a", Did: client.DidStart, Run: "R"}}},
			"x accepted before; nothing changes\n  a started R"},
		{"several", client.Answer{Decisions: []client.Decision{
			{Flow: "a", Did: client.DidSkip, Run: "R", Reason: "a run is live"},
			{Flow: "b", Did: client.DidSkip, Reason: "the trigger's if is false"},
			{Flow: "c", Did: client.DidQueue, Reason: "a run is live"},
			{Flow: "d", Did: client.DidCollect, Run: "R"},
			{Flow: "e", Did: client.DidHold, Run: "R", Reason: "until the run waits again"},
			{Flow: "f", Did: client.DidExit, Run: "R", Reason: "returned"},
			{Flow: "g", Did: client.DidAdvance, Run: "R", Reason: "event"},
		}}, `x accepted
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
