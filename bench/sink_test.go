package bench

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/channels/appmessaging"
	nudge "nudge/engine"
)

// TestSink sends one message and then a batch through the real client. It reads the sink's
// receipts with the real decoder: each must name the run that sent the message.
func TestSink(t *testing.T) {
	s, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.expect(3)
	client, err := appmessaging.New(appmessaging.Config{BaseURL: s.url, PathPrefix: "/cpaas", Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	var messages []channels.Message
	for n, run := range []nudge.RunID{{1}, {2}, {3}} {
		messages = append(messages, channels.Message{
			To: profilePrefix + string(rune('0'+n)), Conversation: "c", Body: `not "profileId":"u-7"`,
			Ref: channels.Ref{Installation: "0102030405060708", Run: run.String(), Message: 1, Attempt: 1},
		})
	}
	results := append(client.SendBatch(t.Context(), messages[1:]), client.Send(t.Context(), messages[0]))
	for _, r := range results {
		if r.Outcome != channels.Accepted || r.ProviderID == "" {
			t.Errorf("a send ended as %+v", r)
		}
	}
	if got := s.messages.Load(); got != 3 {
		t.Errorf("the sink counts %d messages, want 3", got)
	}
	for n, m := range messages {
		body := s.receipt(nil, n, "read")
		in, err := channels.Receive(appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}},
			http.Header{appmessaging.SignatureHeader: {appmessaging.Sign(secret, body)}}, body)
		if err != nil || len(in.Receipts) != 1 || in.Receipts[0].Ref != m.Ref || in.Receipts[0].Status != channels.Read {
			t.Errorf("receipt %d: %+v %v, want Read of %+v", n, in, err, m.Ref)
		}
	}
}

// TestSinkRefuses verifies that a body without our messages is an error, and is not lost.
func TestSinkRefuses(t *testing.T) {
	s := &sink{runs: make([]nudge.RunID, 1)}
	for body, want := range map[string]string{
		`{}`:                         "no message to somebody",
		`{"to":{"profileId":"u-x"}}`: "whose message is it",
		`{"to":{"profileId":"u-0"}}`: "no metadata.nudge",
		`{"to":{"profileId":"u-0"},"metadata":{"nudge":{"r":"1","m":2,"a":1}}}`:  "one message a run",
		`{"to":{"profileId":"u-0"},"metadata":{"nudge":{"r":"no","m":1,"a":1}}}`: "not a run ID",
	} {
		if _, err := s.take([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", body, err, want)
		}
	}
	if got := s.messages.Load(); got != 0 {
		t.Errorf("%d messages are counted", got)
	}
}

// TestSinkAnswers verifies that a client can read the answer of a refusal.
func TestSinkAnswers(t *testing.T) {
	s, err := newSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/cpaas/messages", strings.NewReader(`{}`)))
	var text string
	if err := json.Unmarshal(w.Body.Bytes(), &text); err != nil || w.Code != http.StatusBadRequest {
		t.Errorf("%d %q: %v", w.Code, w.Body, err)
	}
}
