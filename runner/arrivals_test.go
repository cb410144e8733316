package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/runner/live"
	"nudge/store"
	"nudge/store/memory"
)

// arrivalsProject has a flow that events start and go on with, and that emits one.
func arrivalsProject(t testing.TB) *engine.Input {
	t.Helper()
	project, list := flows.Load(fstest.MapFS{"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: ordered, key: event.id }
data: { id: string }
entry: { if_running: skip }
steps:
  - emit: { event: noticed, data: { id: data.id } }
  - wait: [ { event: paid, key: event.id }, { after: 7d } ]
`)}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}}
}

// TestArrivalsAreExact applies random events in steps of several sizes, over hours, with a new loop now and then as
// after a crash between steps, and holds that the counts are those of the answers. Of refusals and of
// duplicates that came alone a crash may lose those of the last second, and nothing else.
func TestArrivalsAreExact(t *testing.T) {
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var loop *runner.Loop
	open := func() {
		core, err := s.Engine()
		if err != nil {
			t.Fatal(err)
		}
		loop = runner.NewLoop(s, core, 8)
		loop.NoteArrivals()
		if _, err := loop.Recover(now); err != nil {
			t.Fatal(err)
		}
	}
	step := func(groups ...*runner.Group) {
		if _, err := loop.Step(now, groups); err != nil {
			t.Fatal(err)
		}
	}
	open()
	step(&runner.Group{Inputs: []*engine.Input{arrivalsProject(t)}})
	want, byHour := map[string]engine.VerdictCounts{}, map[int64]uint64{}
	count := func(kind string, v engine.Verdict) {
		c := want[kind]
		c[v]++
		want[kind] = c
		byHour[engine.HourOf(engine.InstantOf(now))]++
	}
	for range 400 {
		now = now.Add(time.Duration(1+dice.IntN(1800)) * time.Second) // so that duplicates are written in time
		var groups []*runner.Group
		for range 1 + dice.IntN(4) {
			groups = append(groups, &runner.Group{Inputs: randomEvents(dice)})
		}
		step(groups...)
		for _, g := range groups {
			for i, in := range g.Inputs {
				ev := in.Payload.(*engine.Event)
				v := engine.VerdictOf(&g.Answers[i])
				if v == engine.VerdictRefused {
					continue // the server says these
				}
				count(ev.Type, v)
				if v == engine.VerdictStarted {
					count("noticed", engine.VerdictEmitted)
				}
			}
		}
		now = now.Add(2 * time.Second)
		step()
		step() // what is due since the last one
		if dice.IntN(10) == 0 {
			open()
		}
	}
	types, err := s.EventTypes(engine.InstantOf(now), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	got, hours := map[string]engine.VerdictCounts{}, map[int64]uint64{}
	for _, known := range types {
		got[known.Type] = known.Totals
		for _, x := range known.Hours {
			for _, n := range x.VerdictCounts {
				hours[x.Span] += n
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the store has  %v,\nthe answers say %v", got, want)
	}
	first := engine.HourOf(engine.InstantOf(now)) - store.KeptHours + 1
	maps.DeleteFunc(byHour, func(hour int64, _ uint64) bool { return hour < first })
	if !maps.Equal(hours, byHour) {
		t.Errorf("by hour the store has %v,\nthe answers say %v", hours, byHour)
	}
	for _, verdict := range []engine.Verdict{engine.VerdictStarted, engine.VerdictMatched, engine.VerdictNothing, engine.VerdictDuplicate, engine.VerdictEmitted} {
		n := uint64(0)
		for _, c := range want {
			n += c[verdict]
		}
		if n < 10 {
			t.Errorf("only %d events are %s, so this proves little", n, verdict)
		}
	}
}

// randomEvents are the events of a request.
func randomEvents(dice *rand.Rand) (all []*engine.Input) {
	for range 1 + dice.IntN(3) {
		ev := &engine.Event{Type: []string{"ordered", "paid", "seen"}[dice.IntN(3)], Profile: "ann", From: "shop", Data: fmt.Appendf(nil, `{"id":"%d"}`, dice.IntN(40))}
		in := &engine.Input{Payload: ev}
		if dice.IntN(2) == 0 {
			in.ID = fmt.Sprint(ev.Type, string(ev.Data), dice.IntN(2))
		}
		all = append(all, in)
	}
	return all
}

// TestRefusalsAreKept refuses more events in a moment than are kept, and holds that all are counted, that what is kept
// is there after a stop, and that those who read live saw each.
func TestRefusalsAreKept(t *testing.T) {
	s, core := newStore(t)
	r, stop := run(t, s, core, runner.Config{Channel: channel(accepts)})
	reader, err := r.Live().Read(0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	body := []byte("{")
	for n := range 100 {
		r.Refuse(&store.Refusal{From: "shop", Code: "json", Type: fmt.Sprint("type ", n%2), Body: body})
	}
	body[0] = '!' // the sender's, who uses it again
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	refused, _, err := s.Refusals(store.RefusalQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	all := uint64(0)
	for _, x := range refused {
		if all += 1 + x.More; string(x.Body) != "{" || x.From != "shop" || x.At == 0 {
			t.Errorf("a refusal is %+v", x)
		}
	}
	if len(refused) < 10 || len(refused) > 20 || all != 100 { // the second may change in between
		t.Errorf("%d are kept and %d counted; want ten of a second, and 100", len(refused), all)
	}
	for _, kind := range []string{"type 0", "type 1"} {
		if known, err := s.EventType(kind, engine.InstantOf(time.Now())); err != nil || known.Totals != (engine.VerdictCounts{engine.VerdictRefused: 50}) || known.From != "shop" {
			t.Errorf("%s: %+v, %v", kind, known, err)
		}
	}
	if lines, dropped := reader.Lines(1000); len(lines) != 100 || dropped != 0 || lines[0].Code != "json" {
		t.Errorf("%d lines, %d dropped", len(lines), dropped)
	}
	if news := reader.News(live.Events); news["refused"] != 100 {
		t.Errorf("the news are %v", news)
	}
}

// TestForgetReachesWhatIsNotWritten refuses an event and forgets the person at once: the refusal was not written yet,
// and is erased all the same.
func TestForgetReachesWhatIsNotWritten(t *testing.T) {
	s, core := newStore(t)
	r, stop := run(t, s, core, runner.Config{Channel: channel(accepts)})
	submit := func(in *engine.Input) {
		t.Helper()
		answers, err := r.Submit(t.Context(), in)
		if err != nil || answers[0].Refused != nil {
			t.Fatal(answers, err)
		}
	}
	submit(deploy(t))
	submit(told("ann"))
	r.Refuse(&store.Refusal{From: "shop", Code: "json"}) // is written at once, and the next one a second later
	submit(told("bob"))
	r.Refuse(&store.Refusal{From: "shop", Code: "shape", Type: "told", Profile: "ann", Body: []byte(`{"profile":"ann"}`)})
	submit(&engine.Input{Payload: &engine.ProfileChange{Profile: "ann", Forget: true}})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = s.Erase(); err != nil {
			t.Fatal(err)
		}
	}
	refused, _, err := s.Refusals(store.RefusalQuery{Limit: 10})
	if err != nil || len(refused) != 2 || refused[0].Code != "shape" || refused[0].Profile != "" || len(refused[0].Body) > 0 {
		t.Errorf("the refusals are %+v, %v", *refused[0], err)
	}
	if known, err := s.EventType("told", engine.InstantOf(time.Now())); err != nil || known.Profile != "bob" || known.Totals.Arrived() != 3 {
		t.Errorf("the type is %+v, %v", known, err)
	}
	reader, err := r.Live().Read(10)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	lines, _ := reader.Lines(10)
	for _, l := range lines {
		if l.Profile == "ann" {
			t.Errorf("a line still names them: %+v", l)
		}
	}
	if len(lines) != 4 {
		t.Errorf("%d lines", len(lines))
	}
}

// TestArrivalsOfACommitThatFails holds that nothing is counted and told of what may not be durable.
func TestArrivalsOfACommitThatFails(t *testing.T) {
	s, core := newStore(t)
	slow := &slowStore{s, make(chan struct{}), make(chan error)}
	r, stop := run(t, slow, core, runner.Config{Channel: channel(accepts)})
	answered := make(chan error, 1)
	go func() { _, err := r.Submit(context.Background(), told("ann")); answered <- err }()
	<-slow.entered
	slow.release <- errors.New("the disk is full")
	<-answered
	if err := stop(); err == nil {
		t.Error("the runner did not hear of the disk")
	}
	reader, err := r.Live().Read(10)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if lines, _ := reader.Lines(10); len(lines) > 0 {
		t.Errorf("it told %+v", lines)
	}
	if known, err := s.EventType("told", 0); known != nil || err != nil {
		t.Errorf("the type is %+v, %v", known, err)
	}
}
