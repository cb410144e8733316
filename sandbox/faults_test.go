package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// outcomes are how n sends end, one letter each.
func (w *world) outcomes(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(w.send(message("dave")).Outcome.String()[0])
	}
	return b.String()
}

// TestFaultsByChance counts the faults of a seed, and repeats them.
func TestFaultsByChance(t *testing.T) {
	run := func(seed uint64) (*world, string) {
		w := newWorld(t, func(c *sandbox.Config) {
			c.Faults = people.Faults{Seed: seed, Errors: 0.1, Statuses: []int{429}, Drop: 0.2}
		})
		return w, w.outcomes(500)
	}
	w, first := run(1)
	_, second := run(1)
	_, other := run(2)
	if first != second {
		t.Errorf("the same seed:\n got %s\nthen %s", first, second)
	}
	if first == other {
		t.Error("another seed: got the same")
	}
	deferred, unknown := strings.Count(first, "d"), strings.Count(first, "u")
	if deferred < 30 || deferred > 70 || unknown < 60 || unknown > 120 {
		t.Errorf("of 500 got %d deferred and %d unknown, want about 50 and 90", deferred, unknown)
	}
	if got := w.Stats(); got.Accepted != int64(500-deferred) || got.Faulted != int64(deferred+unknown) {
		t.Errorf("got %+v, want %d accepted, those without an answer among them", got, 500-deferred)
	}
	w.SetFaults(people.Faults{Seed: 1, Errors: 0.1, Statuses: []int{429}, Drop: 0.2})
	if got := w.outcomes(500); got != first {
		t.Errorf("set anew:\n got %s\nwant %s", got, first)
	}
	w.SetFaults(people.Faults{})
	if got := w.outcomes(5); got != "aaaaa" {
		t.Errorf("without faults: got %s", got)
	}
}

func TestErrorFaults(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Faults = people.Faults{Errors: 1} })
	seen := map[int]bool{}
	for range 50 {
		status, body := w.call("GET", webhooks, "")
		seen[status] = true
		if !strings.HasPrefix(body, `{"message":"`) {
			t.Errorf("got %s, want the API's shape", body)
		}
	}
	if want := map[int]bool{500: true, 502: true, 503: true}; !cmp.Equal(seen, want) {
		t.Errorf("got %v, want %v", seen, want)
	}
	w.SetFaults(people.Faults{Errors: 1, Statuses: []int{429}})
	if got := w.send(message("dave")); got.Outcome != channels.Deferred || got.RetryAfter != time.Second {
		t.Errorf("got %+v, want it deferred by a second", got)
	}
	if status, _ := w.call("GET", "/sandbox/stats", ""); status != http.StatusOK {
		t.Errorf("the local view: got %d, want it to stay well", status)
	}
}

func TestLatency(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Faults.Latency = people.Span{From: time.Second, To: 3 * time.Second} })
	w.clock.armed = make(chan time.Duration, 1)
	answered := make(chan int)
	go func() {
		status, _ := w.call("GET", webhooks, "")
		answered <- status
	}()
	latency := <-w.clock.armed
	if latency < time.Second || latency >= 3*time.Second {
		t.Errorf("got a latency of %v, want 1 to 3 s", latency)
	}
	w.clock.advance(latency - 1)
	select {
	case <-answered:
		t.Error("it was answered too early")
	default:
	}
	w.clock.advance(1)
	if got := <-answered; got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
}

func TestWebhookFaults(t *testing.T) {
	t.Run("lose", func(t *testing.T) {
		w := newWorld(t, func(c *sandbox.Config) { c.Faults.Lose = 1 })
		w.send(message("dave"))
		w.pass(time.Hour)
		if got := w.receiver.statuses(); len(got) != 0 {
			t.Errorf("got %v, want nothing", got)
		}
	})
	t.Run("omit metadata", func(t *testing.T) {
		w := newWorld(t, func(c *sandbox.Config) { c.Faults.Omit = 1 })
		w.send(message("dave"))
		w.pass(time.Hour)
		got := w.receiver.inbound().Receipts
		if len(got) == 0 {
			t.Error("got nothing")
		}
		for _, r := range got {
			if !r.Ref.IsZero() || r.ProviderID == "" {
				t.Errorf("got %+v, want the provider's ID alone", r)
			}
		}
	})
	t.Run("withhold", func(t *testing.T) {
		w := newWorld(t, func(c *sandbox.Config) {
			c.Faults.Withhold, c.Faults.WithholdFor = 1, people.Span{From: 10 * time.Minute}
		})
		w.send(message("dave"))
		w.pass(10*time.Minute - 1)
		if got := w.receiver.statuses(); len(got) != 0 || w.Stats().Pending != 3 {
			t.Errorf("got %v and %+v, want all three to be withheld", got, w.Stats())
		}
		w.finish()
		got := slices.Sorted(slices.Values(w.receiver.statuses()))
		if diff := cmp.Diff([]string{"delivered", "read", "sent"}, got); diff != "" {
			t.Errorf("in any order (-want +got):\n%s", diff)
		}
	})
	t.Run("reorder", func(t *testing.T) {
		w := newWorld(t, func(c *sandbox.Config) { c.Faults.Reorder = 0.5 })
		for range 50 {
			w.send(message("dave"))
			for range 20 {
				w.pass(time.Second)
			}
		}
		got := strings.Join(w.receiver.statuses(), " ")
		if !strings.Contains(got, "read delivered") && !strings.Contains(got, "delivered sent") {
			t.Errorf("got %s, want some to overtake others", got)
		}
		if n := len(w.receiver.statuses()); n != 150 {
			t.Errorf("got %d receipts, want none lost of 150", n)
		}
	})
}

func TestFaultsAPI(t *testing.T) {
	w := newWorld(t, nil)
	const all = `{"seed":3,"latency":"10ms-1.5s","errors":"10%","error_statuses":[500,429],"drop_responses":"7%",` +
		`"duplicate_webhooks":"0.5%","reorder_webhooks":"1%","withhold_webhooks":"5%","withhold_for":"1m0s","lose_webhooks":"100%","omit_metadata":"50%"}`
	put := func(body string) (int, string) {
		t.Helper()
		return w.call("PUT", "/sandbox/faults", body)
	}
	if status, got := put(all); status != http.StatusOK || got != all {
		t.Errorf("PUT: got %d %s, want what was put", status, got)
	}
	if status, got := w.call("GET", "/sandbox/faults", ""); status != http.StatusOK || got != all {
		t.Errorf("GET: got %d %s, want what was put", status, got)
	}
	for body, want := range map[string]string{
		`{"errors": 0.1}`:        `"paramName":"1:12"`,
		`{"error": "1%"}`:        `did you mean`,
		`[]`:                     `must be a mapping`,
		`{"latency": "soon"}`:    `not a duration`,
		`{"error_statuses":[0]}`: `from 400 to 599`,
	} {
		status, got := put(body)
		var failures struct {
			ValidationFailures []struct{ ParamName, Message string }
		}
		if err := json.Unmarshal([]byte(got), &failures); err != nil || status != http.StatusBadRequest ||
			len(failures.ValidationFailures) != 1 || !strings.Contains(got, want) {
			t.Errorf("%s: got %d %s, want 400 with %s", body, status, got, want)
		}
	}
	if got := w.Faults(); got.Seed != 3 {
		t.Errorf("a refused PUT changed the faults: %+v", got)
	}
	if status, got := w.call("DELETE", "/sandbox/faults", ""); status != http.StatusNoContent {
		t.Errorf("DELETE: got %d %s, want 204", status, got)
	}
	if status, got := w.call("GET", "/sandbox/faults", ""); got != `{"seed":0}` {
		t.Errorf("GET after DELETE: got %d %s", status, got)
	}
}
