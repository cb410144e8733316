package app

import (
	"errors"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"nudge/client"
)

// startDev runs a project with a clock that can be set.
func startDev(t *testing.T, flow string) (*Local, *client.Client) {
	t.Helper()
	p := Read(fstest.MapFS{
		"nudge.yaml": {Data: []byte("project: shop\npeople: { ann: never reads }\n")}, "flows/f.yaml": {Data: []byte(flow)},
	}, LocalSettings(os.LookupEnv))
	if p.List.HasErrors() {
		t.Fatal(p.List)
	}
	from := time.Date(2027, 3, 8, 10, 0, 0, 0, time.UTC)
	local, err := StartLocal(t.Context(), LocalConfig{Project: p, DataDir: t.TempDir(), Clock: NewSteeredClock(from, 1, true)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	return local, clientOf(t, local.Instance)
}

const waits = `flow: f
trigger: { event: go }
steps:
  - send: { body: one }
    id: one
  - wait: [ { read: one, then: [ { exit: read } ] }, { reply: one, then: [ { send: { body: "you said {{ reply.text }}" } } ] }, { after: 1d } ]
  - send: { body: two }
  - wait: 2d
  - send: { body: three }
`

// TestJump: a jump lets everything happen at its own instant, through the engine, the provider and
// its webhooks.
func TestJump(t *testing.T) {
	_, c := startDev(t, waits)
	ctx := t.Context()
	clock, err := c.DevClock(ctx)
	if err != nil || !clock.Held || clock.Next != nil {
		t.Fatalf("%+v, %v", clock, err)
	}
	if _, err := c.SendEvent(ctx, client.Event{Type: "go", Profile: "ann"}); err != nil {
		t.Fatal(err)
	}
	if clock, err = c.DevJump(ctx, "1h"); err != nil || clock.Now.String() != "2027-03-08T11:00:00.000Z" || clock.Short {
		t.Fatalf("%+v, %v", clock, err)
	}
	if clock.Next == nil || clock.Next.What != "timer" || clock.Next.At.String() != "2027-03-09T10:00:00.000Z" || clock.Next.Run == "" {
		t.Fatalf("next is %+v", clock.Next)
	}
	if clock, err = c.DevNext(ctx); err != nil || clock.Now.String() != "2027-03-09T10:00:00.000Z" {
		t.Fatalf("%+v, %v", clock, err)
	}
	if clock, err = c.DevJump(ctx, "7d"); err != nil || clock.Now.String() != "2027-03-16T10:00:00.000Z" {
		t.Fatalf("%+v, %v", clock, err)
	}
	ann, err := c.DevPerson(ctx, "ann", 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range ann.Messages {
		got = append(got, m.At.Format("Mon 15:04 ")+m.Text)
	}
	if want := []string{"Mon 10:00 one", "Tue 10:00 two", "Thu 10:00 three"}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("ann has %v, want %v", got, want)
	}
	runs, err := c.Runs(ctx, client.RunQuery{RunFilter: client.RunFilter{Profile: "ann"}})
	if err != nil || len(runs.Runs) != 1 || runs.Runs[0].Outcome != "completed" {
		t.Errorf("%+v, %v", runs, err)
	}
}

// TestDevPeople: a script says what a person does from here on, a reply is theirs, and the next
// send fails if it is to.
func TestDevPeople(t *testing.T) {
	local, c := startDev(t, waits)
	ctx := t.Context()
	send := func(who string) {
		t.Helper()
		if _, err := c.SendEvent(ctx, client.Event{Type: "go", Profile: who}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.DevJump(ctx, "1m"); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := c.DevScript(ctx, "bob", "reads after 30s"); err != nil || p.Script == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	send("bob")
	if runs, err := c.Runs(ctx, client.RunQuery{RunFilter: client.RunFilter{Profile: "bob"}}); err != nil || runs.Runs[0].Outcome != "read" {
		t.Errorf("bob has not read it: %+v, %v", runs, err)
	}
	send("ann")
	if m, err := c.DevReply(ctx, "ann", "help", ""); err != nil || !m.Inbound || m.Text != "help" {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := c.DevJump(ctx, "1m"); err != nil {
		t.Fatal(err)
	}
	ann, err := c.DevPerson(ctx, "ann", 0)
	if err != nil || len(ann.Messages) != 4 || ann.Messages[2].Text != "you said help" {
		t.Errorf("ann has %+v, %v", ann, err)
	}
	if _, err := c.DevScript(ctx, "dee", "never reads"); err != nil {
		t.Fatal(err)
	}
	send("dee")
	for _, want := range []int{1, 0} {
		if n, err := c.DevRead(ctx, "dee"); err != nil || n != want {
			t.Errorf("dee read %d messages, want %d: %v", n, want, err)
		}
	}
	if _, err := c.DevJump(ctx, "1m"); err != nil {
		t.Fatal(err)
	}
	if runs, err := c.Runs(ctx, client.RunQuery{RunFilter: client.RunFilter{Profile: "dee"}}); err != nil || runs.Runs[0].Outcome != "read" {
		t.Errorf("dee has not read it: %+v, %v", runs, err)
	}
	if clock, err := c.DevClock(ctx); err != nil || clock.Next == nil || clock.Next.What != "timer" {
		t.Errorf("what happens next is %+v, %v", clock, err)
	} else if run, err := c.Run(ctx, clock.Next.Run); err != nil || run.Status == "ended" { // the timers of bob and dee came first, and were cancelled
		t.Errorf("the next timer is that of %+v, %v", run, err)
	}
	if err := c.DevFail(ctx, 1, 400); err != nil {
		t.Fatal(err)
	}
	send("eve")
	if got := local.Sandbox.Stats().Refused; got != 1 {
		t.Errorf("%d sends were refused", got)
	}
	people, err := c.DevPeople(ctx, 1)
	if err != nil || len(people) != 1 || len(people[0].Messages) != 1 {
		t.Errorf("the people are %+v, %v", people, err)
	}
	var wrong *client.Problem
	if _, err := c.DevScript(ctx, "bob", "sings"); !errors.As(err, &wrong) || wrong.Status != 400 {
		t.Errorf("a wrong script: %v", err)
	}
	if _, err := c.DevJump(ctx, "soon"); !errors.As(err, &wrong) || wrong.Status != 400 {
		t.Errorf("a wrong jump: %v", err)
	}
}
