package runner_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/runner/preferences"
	"nudge/store"
)

// linking is a deploy of two flows, of which one links to the person's preferences.
func linking(t *testing.T) *engine.Input {
	t.Helper()
	project, list := flows.Load(fstest.MapFS{
		"nudge.yaml":       {Data: []byte("categories: { news: {} }\npreferences: { public_url: \"https://shop.example\" }\n")},
		"flows/plain.yaml": {Data: []byte("flow: plain\ntrigger: { event: told }\nsteps: [ { send: { body: Hello } } ]\n")},
		"flows/tell.yaml":  {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: { body: 'Fewer: {{ preferences_url }}', category: news } } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle, project.Flows[1].Bundle}}}
}

// TestSameLinkAtEachAttempt shows that a message has the same link when it is posted again, and that the
// link is in no journal.
func TestSameLinkAtEachAttempt(t *testing.T) {
	s, core := newStore(t)
	sent := make(chan channels.Message, 8)
	attempts := 0
	config := runner.Config{
		Clock: runner.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), 10_000), Senders: 1,
		Links: preferences.New("https://shop.example", time.Hour, []string{"a secret of the page"}),
		Channel: channel(func(ctx context.Context, m channels.Message) channels.Result {
			if m.Body == "Hello" {
				return accepts(ctx, m)
			}
			sent <- m
			if attempts++; attempts < 3 {
				return channels.Result{Outcome: channels.Deferred, Reason: "busy"}
			}
			return accepts(ctx, m)
		}),
	}
	r, stop := run(t, s, core, config)
	if _, err := r.Submit(t.Context(), linking(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Submit(t.Context(), told("ann")); err != nil {
		t.Fatal(err)
	}
	first := <-sent
	if !strings.HasPrefix(first.Body, "Fewer: https://shop.example/p/1") {
		t.Errorf("the message says %q", first.Body)
	}
	for range 2 {
		if again := <-sent; again.Body != first.Body {
			t.Errorf("attempt %d says %q, the first one %q", again.Ref.Attempt, again.Body, first.Body)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := s.Entries(1, func(j *engine.Journaled) bool {
		raw, err := json.Marshal(j.Input)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "/p/1") || strings.Contains(string(raw), "secret of the page") {
			t.Errorf("the journal gives a link away: %s", raw)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
}

// batching is a channel that takes several messages in a request.
type batching struct {
	channel
	sent chan channels.Message
}

func (batching) BatchLimit() int { return 10 }

func (b batching) SendBatch(ctx context.Context, all []channels.Message) (results []channels.Result) {
	for _, m := range all {
		results = append(results, b.Send(ctx, m))
	}
	return results
}

// TestNoPageToLinkTo shows that a server without the page refuses the messages that link to it, and no
// others.
func TestNoPageToLinkTo(t *testing.T) {
	s, core := newStore(t)
	sent := make(chan channels.Message, 8)
	r, stop := run(t, s, core, runner.Config{Channel: batching{sent: sent, channel: func(ctx context.Context, m channels.Message) channels.Result {
		sent <- m
		return accepts(ctx, m)
	}}})
	for _, in := range []*engine.Input{linking(t), told("ann"), told("bob")} {
		if _, err := r.Submit(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if m := <-sent; m.Body != "Hello" {
			t.Errorf("this went out: %q", m.Body)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	page, err := s.List(store.Query{RunFilter: store.RunFilter{Flow: "tell"}, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Runs {
		if m := r.Message(1); m.Status != engine.Failed || !strings.Contains(m.Reason, "has no preferences") {
			t.Errorf("the message of %s is %s: %s", r.Profile, m.Status, m.Reason)
		}
	}
}
