package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// taking is a runner that takes everything, and counts it.
type taking struct {
	stopped
	taken *int
}

func (r taking) Submit(_ context.Context, inputs ...*engine.Input) ([]engine.Answer, error) {
	*r.taken += len(inputs)
	return make([]engine.Answer, len(inputs)), nil
}

func (r taking) Begin(inputs ...*engine.Input) (*runner.Ticket, error) {
	*r.taken += len(inputs)
	return nil, runner.ErrStopped
}

// TestNearlyFull: while the disk is nearly full, every route that brings something answers 503 and
// hands nothing on, and every one that ends something, or saves it, works.
func TestNearlyFull(t *testing.T) {
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	taken, full := 0, true
	s, err := server.New(server.Config{
		Runner: taking{taken: &taken}, Store: kept, Full: func() bool { return full }, Tokens: func() []server.Token { return []server.Token{server.NewToken("all", "token")} },
		Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}},
		BackUp:    func(context.Context, io.Writer) error { return nil },
	})
	must(t, err)
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer token")
		if path == "/v1/events" && strings.Contains(body, "\n") {
			r.Header.Set("Content-Type", "application/x-ndjson")
		}
		if strings.HasPrefix(path, "/webhooks/") {
			r.Header.Set(appmessaging.SignatureHeader, appmessaging.Sign(secret, []byte(body)))
		}
		s.Handler().ServeHTTP(w, r)
		return w
	}
	const event = `{"type":"shipped","profile":"ann"}`
	for _, r := range []struct{ method, path, body string }{
		{"POST", "/v1/events", event}, {"POST", "/v1/events", "[" + event + "]"}, {"POST", "/v1/events", event + "\n" + event + "\n"},
		{"PATCH", "/v1/profiles/ann", `{"plan":"pro"}`},
		{"POST", "/webhooks/" + appmessaging.WebhookName, `{"eventId":"e1","name":"message.delivered","payload":{"id":"m1"}}`},
	} {
		if w := ask(r.method, r.path, r.body); !strings.Contains(w.Body.String(), "nearly full") || w.Code != 503 && !strings.Contains(r.body, "\n") {
			t.Errorf("%s %s: %d %s, want 503", r.method, r.path, w.Code, w.Body)
		}
	}
	if w := ask("GET", "/-/ready", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "nearly full") {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	if taken != 0 {
		t.Fatalf("%d inputs were handed on", taken)
	}
	for n, r := range []struct{ method, path, body string }{
		{"PUT", "/v1/outbound", `{"mode":"hold"}`}, {"DELETE", "/v1/profiles/ann", ""}, {"GET", "/-/backup", ""},
	} {
		if w := ask(r.method, r.path, r.body); w.Code >= 300 || taken != n+1 {
			t.Errorf("%s %s: %d %s", r.method, r.path, w.Code, w.Body)
		}
	}
	full = false
	if w := ask("POST", "/v1/events", event); w.Code >= 300 || taken != 4 {
		t.Errorf("with room again: %d %s", w.Code, w.Body)
	}
	if w := ask("GET", "/-/ready", ""); w.Code != http.StatusOK {
		t.Errorf("ready with room again: %d %s", w.Code, w.Body)
	}
}
