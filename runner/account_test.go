package runner_test

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
)

// desk is a loop with two accounts, a clock set by hand, and what it has posted.
type desk struct {
	t     *testing.T
	store *store.Store
	loop  *runner.Loop
	now   time.Time
	next  engine.Instant
	posts []engine.Post
}

// newDesk has two flows: an event told goes out through main, ordered through orders.
func newDesk(t *testing.T, accounts ...runner.AccountSettings) *desk {
	t.Helper()
	s, core := newStore(t)
	d := &desk{t: t, store: s, loop: runner.NewLoopOf(s, core, accounts), now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	project, list := flows.Load(fstest.MapFS{
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: hello }, { wait: 9d } ]\n")},
		"flows/order.yaml":     {Data: []byte("flow: order\ntrigger: { event: ordered }\nsteps: [ { send: { template: hello, account: orders } }, { wait: 9d } ]\n")},
		"flows/news.yaml":      {Data: []byte("flow: news\ntrigger: { at: 2026-04-01 09:00, audience: people.jsonl }\nsteps: [ { send: hello }, { wait: 9d } ]\n")},
		"flows/offers.yaml":    {Data: []byte("flow: offers\ntrigger: { at: 2026-04-01 09:00, audience: people.jsonl }\nsteps: [ { set: { told: true } }, { send: { template: hello, account: orders } }, { wait: 9d } ]\n")},
		"flows/brief.yaml":     {Data: []byte("flow: brief\ntrigger: { event: expiring }\nsteps: [ { send: { template: hello, expires: 2h } }, { wait: 9d } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	d.step(&runner.Group{Inputs: []*engine.Input{{Payload: deploy}}})
	return d
}

func (d *desk) step(groups ...*runner.Group) {
	d.t.Helper()
	step, err := d.loop.Step(d.now, groups)
	if err != nil {
		d.t.Fatal(err)
	}
	d.posts, d.next = append(d.posts, step.Posts...), step.Next
	if step.Again {
		d.step()
	}
}

// happen is an event for each person from one number up to another.
func (d *desk) happen(event string, from, to int) {
	d.t.Helper()
	for i := from; i < to; i++ {
		d.step(&runner.Group{Inputs: []*engine.Input{{Payload: &engine.Event{Type: event, Profile: fmt.Sprint("p", i)}}}})
	}
}

// end gives a post its outcome.
func (d *desk) end(p engine.Post, result channels.Result) {
	d.t.Helper()
	d.step(&runner.Group{Frees: 1, Account: p.Account, Inputs: []*engine.Input{{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: result}}}})
}

// to is whom the posts from a number on are to.
func (d *desk) to(from int) (people []string) {
	for _, p := range d.posts[from:] {
		people = append(people, p.Content.To)
	}
	return people
}

var (
	taken = channels.Result{Outcome: channels.Accepted, ProviderID: "m"}
	lost  = channels.Result{Outcome: channels.Unknown, Reason: "no answer"}
)

// TestBreaker shows that an account that fails several times in a row gets nothing for
// a while, then one message to try, and then, when that is taken, all that has waited,
// in order and without an attempt lost.
func TestBreaker(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 6})
	d.happen("told", 0, 5)
	for _, p := range slices.Clone(d.posts) {
		d.end(p, lost)
	}
	if !d.loop.Held("main") {
		t.Fatal("after five failures the account still takes messages")
	}
	d.happen("told", 5, 9)
	if len(d.posts) != 5 {
		t.Fatalf("posts to %v while the breaker is open", d.to(5))
	}
	for _, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if want := engine.InstantOf(d.now.Add(pause)); d.next != want {
			t.Fatalf("the next trial is at %v, want %v", d.next, want)
		}
		d.now = d.now.Add(pause)
		n := len(d.posts)
		d.step()
		if len(d.posts) != n+1 {
			t.Fatalf("to try: posts to %v, want one", d.to(n))
		}
		if pause < 4*time.Second {
			d.end(d.posts[n], lost)
		}
	}
	d.end(d.posts[7], taken)
	if want := []string{"p5", "p6", "p7", "p8"}; !slices.Equal(d.to(5), want) {
		t.Errorf("posts to %v, want %v", d.to(5), want)
	}
	for _, p := range d.posts {
		if p.Attempt != 1 {
			t.Errorf("attempt %d for %s", p.Attempt, p.Content.To)
		}
	}
}

// TestHoldOfOneAccount shows that Retry-After keeps back all messages of its account,
// until then and no longer, and none of another.
func TestHoldOfOneAccount(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 6}, runner.AccountSettings{Account: "orders", Places: 6})
	d.happen("ordered", 0, 1)
	d.end(d.posts[0], channels.Result{Outcome: channels.Deferred, Reason: "429", RetryAfter: time.Minute})
	d.happen("ordered", 1, 3)
	d.happen("told", 3, 5)
	if want := []string{"p3", "p4"}; !slices.Equal(d.to(1), want) {
		t.Errorf("posts to %v, want %v", d.to(1), want)
	}
	d.now = d.now.Add(59 * time.Second)
	d.step()
	if len(d.posts) != 3 {
		t.Errorf("too early: posts to %v", d.to(3))
	}
	d.now = d.now.Add(time.Second)
	d.step()
	if want := []string{"p1", "p2"}; !slices.Equal(d.to(3), want) {
		t.Errorf("after a minute: posts to %v, want %v", d.to(3), want)
	}
}

// TestReturned shows that a message that was not posted after all goes out later as if
// nothing had been: at its place in the order, and as the same attempt.
func TestReturned(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 2})
	d.happen("told", 0, 4)
	back := func(p engine.Post) *runner.Group {
		return &runner.Group{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{
			Run: p.Run, Message: p.Message, Attempt: p.Attempt, Returned: true, Result: channels.Result{Reason: "held"}}}}}
	}
	d.step(back(d.posts[0]), back(d.posts[1]))
	for n := 2; n < 6; n++ {
		if len(d.posts) <= n {
			t.Fatalf("posts to %v and no more", d.to(0))
		}
		d.end(d.posts[n], taken)
	}
	if want := []string{"p0", "p1", "p0", "p1", "p2", "p3"}; !slices.Equal(d.to(0), want) {
		t.Errorf("posts to %v, want %v", d.to(0), want)
	}
	if d.posts[2].Content.Ref != d.posts[0].Content.Ref {
		t.Errorf("posted as %v, then as %v", d.posts[0].Content.Ref, d.posts[2].Content.Ref)
	}
}

// TestRate shows that a rate holds in every second, and is used.
func TestRate(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 1000, Rate: flows.Rate{Messages: 20, Per: time.Second}})
	began := d.now
	d.happen("told", 0, 100)
	times := []time.Time{}
	for len(times) < 100 {
		if n := len(d.posts); n > len(times) {
			for _, p := range d.posts[len(times):n] {
				times = append(times, d.now)
				d.end(p, taken)
			}
			continue
		}
		if d.next == 0 {
			t.Fatalf("after %d posts nothing is due", len(d.posts))
		}
		d.now = d.next.Time()
		d.step()
	}
	for i := range times[:78] {
		if within := times[i+22].Sub(times[i]); within < time.Second {
			t.Fatalf("23 messages within %v", within)
		}
	}
	if took := times[99].Sub(began); took > 5200*time.Millisecond {
		t.Errorf("100 messages at 20 a second took %v", took)
	}
}

// TestUnknownAccount shows that a message for an account that nobody has waits until
// somebody has it.
func TestUnknownAccount(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 5})
	d.happen("ordered", 0, 1)
	d.happen("told", 1, 2)
	if want := []string{"p1"}; !slices.Equal(d.to(0), want) {
		t.Fatalf("posts to %v, want %v", d.to(0), want)
	}
	core, err := d.store.Engine()
	if err != nil {
		t.Fatal(err)
	}
	d.loop = runner.NewLoopOf(d.store, core, []runner.AccountSettings{{Account: "main", Places: 5}, {Account: "orders", Places: 5}})
	d.step()
	if want := []string{"p1", "p0"}; !slices.Equal(d.to(0), want) {
		t.Errorf("posts to %v, want %v", d.to(0), want)
	}
}

// TestExpires shows that the provider is told until when to try, the same by every attempt.
func TestExpires(t *testing.T) {
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 5})
	d.happen("expiring", 0, 1)
	want := d.now.Add(2 * time.Hour)
	d.end(d.posts[0], channels.Result{Outcome: channels.Deferred, Reason: "429", RetryAfter: time.Minute})
	d.now = d.now.Add(10 * time.Minute)
	d.step()
	if len(d.posts) != 2 || d.posts[1].Attempt != 2 {
		t.Fatalf("posts are %+v", d.posts)
	}
	for _, p := range d.posts {
		if !p.Content.Expires.Equal(want) {
			t.Errorf("attempt %d expires %v, want %v", p.Attempt, p.Content.Expires, want)
		}
	}
}
