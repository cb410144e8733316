package store_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// world is a store, and a function that applies an input to it.
type world struct {
	t     *testing.T
	store *store.Store
	loop  *runner.Loop
	now   time.Time
}

func newWorld(t *testing.T, kv store.KV, files map[string]string) *world {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, s, runner.NewLoop(s, core, 8), time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	if _, err := w.loop.Recover(w.now); err != nil {
		t.Fatal(err)
	}
	fs := fstest.MapFS{}
	for name, text := range files {
		fs[name] = &fstest.MapFile{Data: []byte(text)}
	}
	project, list := flows.Load(fs)
	if list.HasErrors() {
		t.Fatal(list)
	}
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	w.apply(&engine.Input{Payload: deploy})
	return w
}

func (w *world) apply(in *engine.Input) *runner.Step {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	step, err := w.loop.Step(w.now, []*runner.Group{{Inputs: []*engine.Input{in}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return step
}

// result reports how a post went.
func (w *world) result(p engine.Post, outcome channels.Outcome, reason string) {
	w.t.Helper()
	w.apply(&engine.Input{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: channels.Result{Outcome: outcome, Reason: reason, ProviderID: "m"}}})
}

// told lets a run start for a person; with a number of 0 it fails.
func (w *world) told(i, n int) []engine.Post {
	w.t.Helper()
	return w.apply(&engine.Input{Payload: &engine.Event{Type: "told", Profile: fmt.Sprint("p", i), Data: fmt.Appendf(nil, `{"id":"O%d","n":%d}`, i, n)}}).Posts
}

// TestFailureGroups holds what failed together, counts it, and shows that success leaves nothing there.
func TestFailureGroups(t *testing.T) {
	kv := new(memory.KV)
	failing := map[string]string{"flows/tell.yaml": "flow: tell\ntrigger: { event: told, key: event.id }\ndata: { id: string, n: number }\nsteps:\n" +
		"  - { id: tenth, send: { body: \"{{ data.id }}\" }, if: 10 % int(data.n) == 0 }\n  - wait: [ { read: tenth }, { after: 1h } ]\n"}
	w := newWorld(t, kv, failing)
	for i := range 3 {
		w.result(w.told(i, 10)[0], channels.Accepted, "")
	}
	if n := len(kv.Dump(store.Failures)); n != 0 {
		t.Fatalf("success left %d entries", n)
	}
	for i := range 4 {
		w.told(10+i, 0) // the condition divides by it
	}
	for i := range 2 {
		w.result(w.told(20+i, 10)[0], channels.Refused, fmt.Sprintf("no number %d", 4711+i))
	}
	groups, more, err := w.store.FailureGroups(store.FailureQuery{Limit: 100, Look: 100})
	if err != nil || more || len(groups) != 2 {
		t.Fatalf("%d groups, %v, %v", len(groups), more, err)
	}
	message, run := groups[0], groups[1] // the newest first
	if f := message.Failure; !f.Message || f.Status != "failed" || f.Reason != "no number #" || message.Runs != 2 || message.Newest.Profile != "p21" || message.At == 0 {
		t.Errorf("the messages are %+v of %s", message, message.Newest.Profile)
	}
	if f := run.Failure; f.Message || f.Status != "failed" || f.Step != 0 || run.Runs != 4 || run.Newest.Profile != "p13" {
		t.Errorf("the runs are %+v of %s", run, run.Newest.Profile)
	}
	page, err := w.store.List(store.Query{RunFilter: store.RunFilter{Failure: run.ID.String()}, Limit: 3})
	if err != nil || len(page.Runs) != 3 || page.Runs[0].Profile != "p13" || page.Looked != 3 {
		t.Fatalf("%+v, %v", page, err)
	}
	page, err = w.store.List(store.Query{RunFilter: store.RunFilter{Failure: run.ID.String()}, Before: page.Next, Limit: 3})
	if err != nil || len(page.Runs) != 1 || page.Next != (engine.RunID{}) {
		t.Errorf("%+v, %v", page, err)
	}
	if groups, more, err = w.store.FailureGroups(store.FailureQuery{Limit: 100, Look: 1}); err != nil || len(groups) != 1 || !more {
		t.Errorf("of one group it reads %d, %v, %v", len(groups), more, err)
	}
	if groups, _, err = w.store.FailureGroups(store.FailureQuery{Flow: "none", Limit: 100, Look: 100}); err != nil || len(groups) != 0 {
		t.Errorf("%d groups of no flow, %v", len(groups), err)
	}
	report, err := w.store.Check()
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("%v, %v", report.Problems, err)
	}
	for after := []byte(nil); ; {
		if after, err = w.store.PurgeRuns(engine.InstantOf(w.now.Add(time.Hour)), after); err != nil || after == nil {
			break
		}
	}
	if n := len(kv.Dump(store.Failures)); err != nil || n != 2 { // of the runs that are live
		t.Errorf("after the ended runs were dropped there are %d entries, %v", n, err)
	}
	if groups, _, err = w.store.FailureGroups(store.FailureQuery{Limit: 100, Look: 100}); err != nil || len(groups) != 1 || groups[0].Runs != 2 || groups[0].ID != message.ID {
		t.Errorf("after the ended runs were dropped there are the groups %+v, %v", groups, err)
	}
	if report, err := w.store.Check(); err != nil || len(report.Problems) > 0 {
		t.Errorf("%v, %v", report.Problems, err)
	}
}

// TestRunFilters has a case for each field of a filter.
func TestRunFilters(t *testing.T) {
	w := newWorld(t, new(memory.KV), map[string]string{"flows/tell.yaml": `flow: tell
trigger: { event: told, key: event.id }
data: { id: string, n: number }
steps:
  - id: half
    branch: [ { as: even, if: int(data.n) % 2 == 0, then: [ { set: { a: 1 } } ] }, { as: odd, if: true, then: [ { set: { a: 2 } } ] } ]
  - { id: tenth, send: { body: "{{ data.id }}" } }
  - { id: look, wait: [ { read: tenth }, { failed: tenth }, { after: 1h } ] }
  - { id: last, wait: 1d }
`})
	w.result(w.told(0, 0)[0], channels.Accepted, "") // waits at look
	first := engine.InstantOf(w.now)
	w.result(w.told(1, 1)[0], channels.Refused, "no number 7") // waits at last
	p := w.told(2, 2)[0]
	w.result(p, channels.Accepted, "")
	w.apply(&engine.Input{Payload: &engine.Cancel{Run: p.Run}})
	last := engine.InstantOf(w.now)
	page, err := w.store.List(store.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	version := page.Runs[0].Version
	for name, c := range map[string]struct {
		f    store.RunFilter
		want string
	}{
		"nothing":         {store.RunFilter{}, "p2 p1 p0 "},
		"flow":            {store.RunFilter{Flow: "told"}, ""},
		"version":         {store.RunFilter{Version: version}, "p2 p1 p0 "},
		"other version":   {store.RunFilter{Version: "x"}, ""},
		"profile":         {store.RunFilter{Profile: "p1"}, "p1 "},
		"key":             {store.RunFilter{Key: "O2"}, "p2 "},
		"live":            {store.RunFilter{Status: "live"}, "p1 p0 "},
		"ended":           {store.RunFilter{Status: "ended"}, "p2 "},
		"outcome":         {store.RunFilter{Outcome: "cancelled"}, "p2 "},
		"step":            {store.RunFilter{Step: "look"}, "p2 p0 "},
		"line":            {store.RunFilter{Line: "failed"}, "p1 "},
		"line of a step":  {store.RunFilter{Line: "look/failed"}, "p1 "},
		"line elsewhere":  {store.RunFilter{Line: "last/failed"}, ""},
		"arm":             {store.RunFilter{Arm: "even"}, "p2 p0 "},
		"arm of a step":   {store.RunFilter{Arm: "half/odd"}, "p1 "},
		"an arm, no line": {store.RunFilter{Line: "odd"}, ""},
		"message status":  {store.RunFilter{MessageStatus: "accepted"}, "p2 p0 "},
		"reason":          {store.RunFilter{Reason: "no number 7"}, "p1 "},
		"reason, grouped": {store.RunFilter{Reason: "no number #"}, "p1 "},
		"of a step":       {store.RunFilter{MessageStatus: "failed", Step: "tenth"}, "p1 "},
		"of another step": {store.RunFilter{MessageStatus: "failed", Step: "look"}, ""},
		"started from":    {store.RunFilter{StartedFrom: first + 1}, "p2 p1 "},
		"started before":  {store.RunFilter{StartedBefore: first + 1}, "p0 "},
		"ended from":      {store.RunFilter{EndedFrom: last}, "p2 "},
		"ended before":    {store.RunFilter{EndedBefore: last}, ""},
		"campaign":        {store.RunFilter{CampaignNumber: 7}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := w.store.List(store.Query{RunFilter: c.f, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, r := range page.Runs {
				got += r.Profile + " "
			}
			if got != c.want {
				t.Errorf("it selects %q, want %q", got, c.want)
			}
		})
	}
}

// TestRetryOfTheForgotten asks for a retry before somebody is forgotten, and applies it after: they do not come back.
func TestRetryOfTheForgotten(t *testing.T) {
	for name, forgotten := range map[string]string{"the person": "p0", "somebody else": "p1"} {
		t.Run(name, func(t *testing.T) {
			kv := new(memory.KV)
			w := newWorld(t, kv, map[string]string{"flows/tell.yaml": "flow: tell\ntrigger: { event: told, key: event.id }\ndata: { id: string, n: number }\nsteps: [ { id: share, set: { part: = 10 % int(data.n) } } ]\n"})
			w.told(0, 0)
			page, err := w.store.List(store.Query{Limit: 1})
			if err != nil || len(page.Runs) != 1 {
				t.Fatal(err)
			}
			in, _, err := w.store.Retry(page.Runs[0].ID, "as asked")
			if err != nil || in.Profile != "p0" {
				t.Fatalf("%+v, %v", in, err)
			}
			forget := &runner.Group{Inputs: []*engine.Input{{Payload: &engine.ProfileChange{Profile: forgotten, Forget: true}}}}
			retry := &runner.Group{Inputs: []*engine.Input{{Payload: in}}}
			if _, err := w.loop.Step(w.now, []*runner.Group{forget, retry}); err != nil {
				t.Fatal(err)
			}
			if refused := retry.Answers[0].Refused; refused == nil || refused.Detail != engine.NoRetryErasing {
				t.Errorf("the answer is %+v", retry.Answers[0])
			}
			for more := true; more; {
				if more, err = w.store.Erase(); err != nil {
					t.Fatal(err)
				}
			}
			again, run, err := w.store.Retry(page.Runs[0].ID, "")
			if err != nil || run.Live() || (run.Profile == "") != (forgotten == "p0") {
				t.Errorf("the run is %+v, %v", run, err)
			}
			last := &runner.Group{Inputs: []*engine.Input{{Payload: again}}}
			if _, err := w.loop.Step(w.now, []*runner.Group{last}); err != nil {
				t.Fatal(err)
			}
			if refused := last.Answers[0].Refused != nil; refused != (forgotten == "p0") {
				t.Errorf("afterwards the answer is %+v", last.Answers[0])
			}
		})
	}
}

// TestSelectFailedInMotion selects failed runs one at a time, while receipts give runs that have not come yet a further failure, or
// another one in place of theirs, in groups whose entries lie before and behind: each run is selected once.
func TestSelectFailedInMotion(t *testing.T) {
	const runs = 8 // as many places as the loop has
	w := newWorld(t, new(memory.KV), map[string]string{"flows/tell.yaml": "flow: tell\ntrigger: { event: told, key: event.id }\ndata: { id: string, n: number }\nsteps:\n" +
		"  - { id: first, send: { body: \"{{ data.id }}\" } }\n  - { id: share, set: { part: = 10 % int(data.n) } }\n"})
	state, err := w.store.State()
	if err != nil {
		t.Fatal(err)
	}
	receipt := func(p engine.Post, status channels.Status, reason string) {
		w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Status: status, Reason: reason,
			Ref: channels.Ref{Installation: state.Installation.String(), Run: p.Run.String(), Message: p.Message, Attempt: p.Attempt}}}})
	}
	var posts []engine.Post
	for i := range runs {
		p := w.told(i, i%2)[0] // every second run completes, and only its message fails
		w.result(p, channels.Accepted, "")
		posts = append(posts, p)
		if i%2 == 1 {
			receipt(p, channels.Expired, "")
		}
	}
	var got []string
	for after := []byte(nil); ; {
		sel, err := w.store.SelectFailed(store.RunFilter{Flow: "tell"}, after, 1)
		if err != nil || len(sel.Damaged) > 0 {
			t.Fatalf("%+v, %v", sel, err)
		}
		for _, r := range sel.Runs {
			got = append(got, r.Profile)
		}
		if after = sel.Next; after == nil {
			break
		}
		if i := len(got); i > 0 && i < runs {
			receipt(posts[i], channels.Failed, fmt.Sprint("reason ", string(rune('a'+i)))) // a group of its own
			receipt(posts[i-1], channels.Failed, "late")
		}
	}
	want := []string{}
	for i := range runs {
		want = append(want, fmt.Sprint("p", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("it selects %q, want %q", got, want)
	}
	groups, _, err := w.store.FailureGroups(store.FailureQuery{Limit: 100, Look: 100})
	groups = slices.DeleteFunc(groups, func(g *store.FailureGroup) bool { return g.Failure.Reason != "late" })
	if err != nil || len(groups) != 1 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	ofGroup := uint64(0)
	for after := []byte(nil); ; {
		sel, err := w.store.SelectFailed(store.RunFilter{Failure: groups[0].ID.String()}, after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if ofGroup += uint64(len(sel.Runs)); sel.Next == nil {
			break
		}
		after = sel.Next
	}
	if ofGroup != groups[0].Runs {
		t.Errorf("%d runs of a group of %d are selected", ofGroup, groups[0].Runs)
	}
	if report, err := w.store.Check(); err != nil || len(report.Problems) > 0 {
		t.Errorf("%v, %v", report.Problems, err)
	}
}
