package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/sandbox"
)

// TestRetries walks through the whole published schedule: no attempt comes
// early, each comes in time, and after the last the webhook is given up.
func TestRetries(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, "never delivered") })
	w.receiver.answer = func(int) int { return http.StatusServiceUnavailable }
	w.send(message("dave"))
	w.settle()
	attempts := 1
	var total time.Duration
	for _, pause := range sandbox.DefaultRetries() {
		w.pass(pause - 1)
		if w.receiver.tries != attempts {
			t.Fatalf("attempt %d came before its pause of %v was over", attempts+1, pause)
		}
		w.pass(1)
		if attempts++; w.receiver.tries != attempts {
			t.Fatalf("attempt %d did not come after a pause of %v", attempts, pause)
		}
		total += pause
	}
	w.pass(48 * time.Hour)
	want := sandbox.Stats{Requests: 1, Accepted: 1, Kept: 1, Retried: 17, Lost: 1}
	if got := w.Stats(); w.receiver.tries != attempts || got != want {
		t.Errorf("got %d attempts and %+v, want %d and %+v", w.receiver.tries, got, attempts, want)
	}
	if total < 23*time.Hour || total > 25*time.Hour {
		t.Errorf("the schedule takes %v, want about a day", total)
	}
}

func TestRetriedWebhookIsTheSame(t *testing.T) {
	w := newWorld(t, nil)
	var seen []int
	w.receiver.answer = func(attempt int) int {
		seen = append(seen, attempt)
		if attempt < 3 {
			return http.StatusUnauthorized // whatever is neither 2xx nor 400 is retried
		}
		return http.StatusOK
	}
	w.send(message("dave"))
	w.finish()
	// While the first webhook was held up, the person had already read the message.
	if diff := cmp.Diff([]string{"sent", "delivered", "read"}, w.receiver.statuses()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, seen); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

func TestBadRequestIsFinal(t *testing.T) {
	w := newWorld(t, nil)
	w.receiver.answer = func(attempt int) int {
		if attempt == 1 {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	w.send(message("dave"))
	w.pass(48 * time.Hour)
	if diff := cmp.Diff([]string{"delivered", "read"}, w.receiver.statuses()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := w.Stats(); got.Lost != 1 || got.Retried != 0 {
		t.Errorf("got %+v, want one lost and none retried", got)
	}
}

func TestReceiverIsDown(t *testing.T) {
	w := newWorld(t, nil)
	w.receiver.Close()
	w.send(message("dave"))
	w.pass(time.Second)
	if got := w.Stats(); got.Retried != 1 || got.Pending != 3 {
		t.Errorf("got %+v, want one retried, and it, delivered and read pending", got)
	}
}

// TestOrder has many people at once, and a receiver that fails now and then: the
// webhooks of each person come in order all the same.
func TestOrder(t *testing.T) {
	for _, batch := range []int{1, 7} {
		w := newWorld(t, func(c *sandbox.Config) { c.Batch = batch })
		w.receiver.answer = func(attempt int) int {
			if attempt%5 == 0 {
				return http.StatusInternalServerError
			}
			return http.StatusOK
		}
		ids := map[string]string{}
		for i := range 60 {
			person := string(rune('a' + i%20))
			ids[w.send(message(person)).ProviderID] = person
		}
		w.finish()
		got := map[string][]string{}
		for _, r := range w.receiver.inbound().Receipts {
			got[ids[r.ProviderID]] = append(got[ids[r.ProviderID]], r.Status.String())
		}
		want := []string{"sent", "sent", "sent", "delivered", "delivered", "delivered", "read", "read", "read"}
		for person, statuses := range got {
			if !slices.Equal(statuses, want) {
				t.Errorf("batches of %d, person %s: got %v, want %v", batch, person, statuses, want)
			}
		}
		if len(got) != 20 {
			t.Errorf("batches of %d: got webhooks about %d people, want 20", batch, len(got))
		}
	}
}

func TestBatchIsAnArray(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Batch = 100 })
	w.send(message("dave"))
	w.pass(time.Hour)
	for _, body := range w.receiver.bodies {
		if !strings.HasPrefix(body, "[") {
			t.Errorf("got %s, want an array", body)
		}
	}
	if n := len(w.receiver.statuses()); n != 3 {
		t.Errorf("got %d receipts, want 3", n)
	}
}

func TestFaults(t *testing.T) {
	three := []string{"sent", "delivered", "read"}
	for _, test := range []struct {
		name  string
		fault sandbox.Fault
		want  channels.Result // its outcome and pause
		kept  int
		hooks []string
	}{
		{"none", sandbox.Fault{}, channels.Result{Outcome: channels.Accepted}, 1, three},
		{"drop", sandbox.Fault{DropResponse: true}, channels.Result{Outcome: channels.Unknown}, 1, three},
		{"webhooks first", sandbox.Fault{WebhooksFirst: true}, channels.Result{Outcome: channels.Accepted}, 1, three},
		{"both", sandbox.Fault{WebhooksFirst: true, DropResponse: true},
			channels.Result{Outcome: channels.Unknown}, 1, three},
		{"status", sandbox.Fault{Status: 500}, channels.Result{Outcome: channels.Unknown}, 0, []string{}},
		{"retry", sandbox.Fault{Status: 429, RetryAfter: 7},
			channels.Result{Outcome: channels.Deferred, RetryAfter: 7 * time.Second}, 0, []string{}},
		{"duplicate", sandbox.Fault{Duplicate: true}, channels.Result{Outcome: channels.Accepted}, 1,
			[]string{"sent", "sent", "delivered", "delivered", "read", "read"}},
		{"lose", sandbox.Fault{LoseWebhooks: true}, channels.Result{Outcome: channels.Accepted}, 1, []string{}},
		{"lose first", sandbox.Fault{LoseWebhooks: true, WebhooksFirst: true},
			channels.Result{Outcome: channels.Accepted}, 1, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *sandbox.Config) {
				c.Fault = func(sandbox.Message) sandbox.Fault { return test.fault }
			})
			got := w.send(message("dave"))
			if got.Outcome != test.want.Outcome || got.RetryAfter != test.want.RetryAfter {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if test.fault.WebhooksFirst && !test.fault.LoseWebhooks && len(w.receiver.statuses()) == 0 {
				t.Error("the answer came before the webhook")
			}
			w.pass(time.Hour)
			if diff := cmp.Diff(test.hooks, w.receiver.statuses()); diff != "" {
				t.Errorf("webhooks (-want +got):\n%s", diff)
			}
			if n := len(w.Messages()); n != test.kept {
				t.Errorf("got %d messages kept, want %d", n, test.kept)
			}
		})
	}
}

// TestUnordered holds up the first webhook; the later ones overtake it.
func TestUnordered(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) {
		c.Fault = func(sandbox.Message) sandbox.Fault { return sandbox.Fault{Unordered: true} }
	})
	w.receiver.answer = func(attempt int) int {
		if attempt == 1 {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	}
	w.send(message("dave"))
	w.settle()
	w.pass(time.Second)
	w.pass(2 * time.Second)
	w.pass(2 * time.Second)
	if diff := cmp.Diff([]string{"delivered", "read", "sent"}, w.receiver.statuses()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFailNext(t *testing.T) {
	w := newWorld(t, nil)
	w.FailNext(2, http.StatusBadGateway)
	var got []channels.Outcome
	for range 3 {
		got = append(got, w.send(message("dave")).Outcome)
	}
	want := []channels.Outcome{channels.Unknown, channels.Unknown, channels.Accepted}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
