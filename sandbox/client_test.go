package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

const secret = "a secret of the tests"

// receiver is an endpoint for webhooks that decodes them with the real decoder.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	in     channels.Inbound
	bodies []string
	answer func(attempt int) int // status by attempt, from 1; nil is always 200
	tries  int
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	hook := appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}
	in, err := channels.Receive(hook, q.Header, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries++
	status := http.StatusOK
	if err != nil {
		status = http.StatusUnauthorized
	} else if r.answer != nil {
		status = r.answer(r.tries)
	}
	if status == http.StatusOK {
		r.in.Receipts = append(r.in.Receipts, in.Receipts...)
		r.in.Replies = append(r.in.Replies, in.Replies...)
		r.in.Ignored = append(r.in.Ignored, in.Ignored...)
		r.bodies = append(r.bodies, string(body))
	}
	w.WriteHeader(status)
}

func (r *receiver) inbound() channels.Inbound {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.in
}

func (r *receiver) statuses() []string {
	words := []string{}
	for _, x := range r.inbound().Receipts {
		words = append(words, x.Status.String())
	}
	return words
}

// world is a service with a client, a receiver and a clock of its own.
type world struct {
	*sandbox.Sandbox
	t        testing.TB
	clock    *fakeClock
	receiver *receiver
	server   *httptest.Server
	client   *appmessaging.Client
}

func newWorld(t testing.TB, change func(*sandbox.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: newFakeClock(), receiver: newReceiver(t)}
	config := sandbox.Config{
		Token: "token", Secret: secret, WebhookURL: w.receiver.URL, Clock: w.clock, Seed: 1,
	}
	if change != nil {
		change(&config)
	}
	var err error
	if w.Sandbox, err = sandbox.New(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	w.server = httptest.NewServer(w.Handler())
	t.Cleanup(w.server.Close)
	w.client, err = appmessaging.New(appmessaging.Config{
		BaseURL: w.server.URL, PathPrefix: "/apispaces/space-1", Token: "token",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	return w
}

// pass lets time pass and waits for the webhooks that became due.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	w.settle()
	w.clock.advance(d)
	w.settle()
}

// finish lets time pass until nothing is left to happen. A pause before a retry
// begins when the attempt has failed, so one leap of the clock is not enough.
func (w *world) finish() {
	w.t.Helper()
	for range 100 {
		if w.pass(time.Hour); w.Stats().Pending == 0 {
			return
		}
	}
	w.t.Fatalf("something is always left to happen: %+v", w.Stats())
}

func (w *world) settle() {
	w.t.Helper()
	if err := w.Settle(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) send(m channels.Message) channels.Result {
	w.t.Helper()
	return w.client.Send(w.t.Context(), m)
}

func message(profile string) channels.Message {
	return channels.Message{
		To: profile, Conversation: "Support_" + profile, Body: "Are you there?",
		From: &channels.Sender{ID: `TEAM\Support`, Name: "Support"},
		Ref:  channels.Ref{Installation: "i1", Run: "r1", Message: 1, Attempt: 1},
	}
}

func TestClientAndSandbox(t *testing.T) {
	w := newWorld(t, func(c *sandbox.Config) {
		c.People = script(t, `reads after 3s, replies "yes" after 1m`)
	})
	result := w.send(message("dave"))
	if result.Outcome != channels.Accepted || result.ProviderID == "" {
		t.Fatalf("got %+v, want it accepted with an ID", result)
	}
	w.pass(time.Minute)

	start := time.Date(2030, 1, 31, 9, 0, 0, 0, time.UTC)
	ref, id := message("").Ref, result.ProviderID
	want := channels.Inbound{
		Receipts: []channels.Receipt{
			{Ref: ref, ProviderID: id, Status: channels.Sent, At: start, Conversation: "Support_dave"},
			{Ref: ref, ProviderID: id, Status: channels.Delivered, At: start.Add(time.Second), Conversation: "Support_dave"},
			{Ref: ref, ProviderID: id, Status: channels.Read, At: start.Add(3 * time.Second), Conversation: "Support_dave"},
		},
		Replies: []channels.Reply{{
			ID: w.Messages()[1].ID, Profile: "dave", Conversation: "Support_dave", Text: "yes",
			Answers: ref, AnswersID: id, At: start.Add(time.Minute),
		}},
	}
	if diff := cmp.Diff(want, w.receiver.inbound()); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
	if got := w.Stats(); got != (sandbox.Stats{
		Requests: 1, Accepted: 1, Delivered: 1, Read: 1, Replies: 1, Kept: 2, Posted: 4,
	}) {
		t.Errorf("stats: got %+v", got)
	}
}

func script(t testing.TB, text string) func(sandbox.Message) people.Script {
	t.Helper()
	s, err := people.ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return func(sandbox.Message) people.Script { return s }
}
