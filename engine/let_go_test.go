package engine_test

import (
	"fmt"
	"testing"

	"golang.org/x/tools/txtar"

	"nudge/engine"
)

// TestLetGo shows what a run keeps that has been in a loop without times for a day: it does
// not grow, the numbers of its messages and calls go on, and who counts its entries finds those
// that are new.
func TestLetGo(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/pulse.yaml --
flow: pulse
trigger: { event: go }
promises: { ends: never }
steps:
  - repeat:
      every: 5m
      steps:
        - send: { body: "Round {{ round }}" }
        - collect: { event: seen, until: { after: 1m } }
        - { id: call, start: { flow: other, wait: true } }
-- flows/other.yaml --
flow: other
steps: [ { wait: 1m } ]
`)))
	for _, line := range []string{"start 2026-03-09 10:00", "provider accepts", "event go by ann"} {
		w.do(line)
	}
	id := w.run("r1")
	logged := 0
	for range 24 {
		for range 12 {
			w.do("event seen by ann")
			w.do("after 5m")
		}
		r, err := w.store.Run(id)
		if err != nil {
			t.Fatal(err)
		}
		fresh := r.Since(logged)
		if len(fresh) != r.Logged()-logged {
			t.Fatalf("%d entries are new, %d were logged after %d", len(fresh), r.Logged(), logged)
		}
		logged = r.Logged()
	}
	w.check()
	r, err := w.store.Run(id)
	if err != nil {
		t.Fatal(err)
	}
	round := r.Repeats[0].Round
	got := fmt.Sprint(round > 280, len(r.Timeline), r.Dropped.Entries > 500, len(r.Messages), r.Newest() == round, len(r.Waits) <= 4, len(r.Signals) <= 4, len(r.Collected) <= 2)
	if want := fmt.Sprint(true, engine.KeptFirst+engine.KeptLast, true, engine.KeptMessages, true, true, true, true); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r.Timeline[0].Kind != engine.KindStarted || r.Timeline[engine.KeptFirst-1].At >= r.Timeline[engine.KeptFirst].At {
		t.Error("the first entries are not those of the beginning")
	}
	if r.Message(1) != nil || r.Message(r.Newest()) == nil {
		t.Error("the oldest message is there, or the newest is not")
	}
}

// TestLetGoOfMany: a run in a loop without times has 200 messages at most, and goes on. Each
// step keeps its newest one, also the step before the loop.
func TestLetGoOfMany(t *testing.T) {
	flow := "flow: many\ntrigger: { event: go }\npromises: { ends: never }\nsteps:\n  - { id: first, send: { body: First } }\n  - repeat:\n      every: 1d\n      steps:\n"
	for n := range 12 {
		flow += fmt.Sprintf("        - { id: m%d, send: { body: Hello } }\n", n)
	}
	w := newWorld(t, txtar.Parse([]byte("-- flows/many.yaml --\n"+flow)))
	for _, line := range []string{"start 2026-03-09 10:00", "provider accepts", "event go by ann", "after 30d"} {
		w.do(line)
	}
	w.check()
	r, err := w.store.Run(w.run("r1"))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Live() || len(r.Messages) != engine.MaxMessagesPerRun || r.Messages[0].Number != 1 {
		t.Errorf("the run is live: %t, and has %d messages, the first is number %d; want 200 from number 1", r.Live(), len(r.Messages), r.Messages[0].Number)
	}
}

// TestSkippedSends: a send that is skipped again and again does not use up the messages of its
// run, and messages in between do.
func TestSkippedSends(t *testing.T) {
	outcome := func(condition string) (string, int) {
		w := newWorld(t, txtar.Parse([]byte("-- flows/rarely.yaml --\n"+`flow: rarely
trigger: { event: go }
steps:
  - repeat:
      times: 6
      steps: [ { repeat: { times: 100, every: 1h, steps: [ { id: m, if: "`+condition+`", send: { body: Hello } } ] } } ]
`)))
		for _, line := range []string{"start 2026-03-09 10:00", "provider accepts", "event go by ann", "after 26d"} {
			w.do(line)
		}
		w.check()
		r, err := w.store.Run(w.run("r1"))
		if err != nil {
			t.Fatal(err)
		}
		return r.Outcome, len(r.Messages)
	}
	if got, n := outcome("round % 4 == 0"); got != engine.OutcomeCompleted || n != 300 {
		t.Errorf("150 messages of 600 rounds: the run ended %s with %d messages, want %s with 150 and as many skips between them", got, n, engine.OutcomeCompleted)
	}
	if got, _ := outcome("round % 4 != 0"); got != engine.OutcomeFailed {
		t.Errorf("450 messages of 600 rounds: the run ended %s, want %s", got, engine.OutcomeFailed)
	}
}
