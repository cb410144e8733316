package sandbox_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/sandbox"
)

func TestPersonByHand(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.People = script(t, "never delivered") })
	id := w.send(message("dave")).ProviderID
	w.post(http.StatusNoContent, "/sandbox/statuses", `{"messageId":"`+id+`","status":"read"}`)
	w.post(http.StatusNoContent, "/sandbox/statuses", `{"messageId":"`+id+`","status":"delivered"}`)
	w.post(http.StatusCreated, "/sandbox/replies", `{"profile":"dave","text":"yes"}`)
	w.post(http.StatusCreated, "/sandbox/replies", `{"profile":"dave","conversationId":"c2","text":"who?"}`)
	w.settle()

	if diff := cmp.Diff([]string{"sent", "read", "delivered"}, w.receiver.statuses()); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	if got := w.Messages()[0].Status; got != "read" {
		t.Errorf("a delivered after a read made it %q", got)
	}
	replies := w.receiver.inbound().Replies
	if len(replies) != 2 || replies[0].Conversation != "Support_dave" || replies[0].Answers.IsZero() {
		t.Fatalf("got %+v, want the first to answer the message", replies)
	}
	if replies[1].Conversation != "c2" || !replies[1].Answers.IsZero() {
		t.Errorf("got %+v, want the second to answer nothing", replies[1])
	}
	want := []sandbox.Conversation{
		{ID: "Support_dave", Team: "Support", Profile: "dave", Participants: []string{`TEAM\Support`, "dave"},
			Messages: 2, Last: "yes", Updated: w.clock.Now()},
		{ID: "c2", Profile: "dave", Participants: []string{"dave"}, Messages: 1, Last: "who?", Updated: w.clock.Now()},
	}
	if diff := cmp.Diff(want, w.Conversations()); diff != "" {
		t.Errorf("conversations (-want +got):\n%s", diff)
	}
}

func TestByHandErrors(t *testing.T) {
	w := newWorld(t, nil)
	id := w.send(message("dave")).ProviderID
	sms := message("dave")
	sms.Rules = []string{"sms"}
	if got := w.send(sms); got.Outcome != channels.Refused || !strings.Contains(got.Reason, "failed at once") {
		t.Errorf("a message without a rule of this service: got %+v, want it refused", got)
	}
	failed := w.Messages()[1].ID
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/sandbox/statuses", `{"messageId":"x","status":"read"}`, 404, "message not found"},
		{"/sandbox/statuses", `{"messageId":"` + id + `","status":"seen"}`, 400,
			"want one of [delivered expired failed filtered read sent]"},
		{"/sandbox/statuses", `{"messageId":"` + failed + `","status":"read"}`, 400, "failed at once"},
		{"/sandbox/statuses", `{"message":"x"}`, 400, "unknown field"},
		{"/sandbox/replies", `{"text":"x"}`, 400, "no profile"},
		{"/sandbox/replies", `{"profile":"x"}`, 400, "no text"},
		{"/sandbox/replies", `{`, 400, "unexpected"},
	} {
		if got := w.post(test.status, test.path, test.body); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.body, got, test.want)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/sandbox/replies", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "text/plain")
	if status, _ := w.do(r); status != http.StatusUnsupportedMediaType {
		t.Errorf("text/plain: got %d, want 415", status)
	}
}

func TestKeep(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Keep = 5 })
	for i := range 20 {
		w.send(message(fmt.Sprint(i)))
	}
	w.pass(time.Hour)
	kept := w.Messages()
	if len(kept) != 5 || kept[0].Profile != "15" || kept[4].Status != "read" || len(w.Conversations()) != 5 {
		t.Errorf("got %d messages from %s on, want the newest 5", len(kept), kept[0].Profile)
	}
	if n := len(w.receiver.statuses()); n != 60 {
		t.Errorf("got %d receipts, want those of messages no longer kept as well", n)
	}
}

func TestPendingIsBounded(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) { c.Pending = 4 })
	w.send(message("dave")) // two acts are to come
	w.send(message("dave"))
	got := w.send(message("dave"))
	if got.Outcome != channels.Deferred || got.RetryAfter != time.Second {
		t.Errorf("got %+v, want it deferred by a second", got)
	}
	w.pass(time.Hour)
	if got := w.send(message("dave")); got.Outcome != channels.Accepted {
		t.Errorf("when all had happened: got %+v, want it accepted", got)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	w := newWorld(t, nil)
	w.send(message("dave"))
	w.Close()
	w.Close()
	w.clock.advance(time.Hour)
	if err := w.Settle(t.Context()); err != nil {
		t.Errorf("Settle after Close: %v", err)
	}
	if got := w.send(message("dave")); got.Outcome != channels.Accepted {
		t.Errorf("got %+v, want a closed sandbox to answer still", got)
	}
}

// TestRealClock runs on the clock that a Config without one has.
func TestRealClock(t *testing.T) {
	read := make(chan struct{})
	w := newWorld(t, func(c *sandbox.Config) {
		c.Clock = nil
		c.People = script(t, `reads after 1ms, replies "yes" after 2ms`)
	})
	w.receiver.answer = func(attempt int) int {
		if attempt == 4 {
			close(read)
		}
		return http.StatusOK
	}
	w.send(message("dave"))
	<-read
}

func TestNewNamesTheWrongField(t *testing.T) {
	for want, config := range map[string]sandbox.Config{
		"Batch":      {Batch: -1},
		"Workers":    {Workers: -1},
		"Keep":       {Keep: -1},
		"Pending":    {Pending: -1},
		"Retries":    {Retries: []time.Duration{-1}},
		"WebhookURL": {WebhookURL: "localhost:8080"},
		"Secret":     {WebhookURL: "http://localhost:8080/"},
	} {
		if _, err := sandbox.New(config); err == nil || !strings.HasPrefix(err.Error(), "sandbox: "+want) {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Report("x", "read"); !errors.Is(err, sandbox.ErrNoMessage) {
		t.Errorf("got %v, want ErrNoMessage", err)
	}
}
