package server_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// TestEveryRouteNeedsAToken asks for every route without a token, and without a signature. No
// spelling of a path leads past that, and only the two questions of a load balancer need none.
func TestEveryRouteNeedsAToken(t *testing.T) {
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	s, err := server.New(server.Config{
		Runner: struct{ server.Runner }{}, Store: kept, Tokens: func() []server.Token { return []server.Token{server.NewToken("all", "a token of the API")} },
		Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}},
	})
	must(t, err)
	handler := s.Handler()
	ask := func(method, path string) int {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, "http://localhost/", strings.NewReader("{}"))
		r.URL.Path = path // as it is, not as a client would clean it
		handler.ServeHTTP(w, r)
		return w.Code
	}
	patterns := server.Patterns(s)
	if len(patterns) < 20 {
		t.Fatalf("only %d routes: %q", len(patterns), patterns)
	}
	for _, pattern := range patterns {
		method, path, _ := strings.Cut(pattern, " ")
		if got := ask(method, path); got != http.StatusUnauthorized {
			t.Errorf("%s is answered %d, want 401", pattern, got)
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"} {
			for _, path := range []string{
				path + "/", "/" + path, "/." + path, path + "/-/healthy", path + ";/-/healthy", path + "%2f-/ready", path + "?/-/healthy",
				"/-/healthy" + path, "/-/healthy/.." + path, "/-/healthy/../.." + path, "/-/ready//.." + path, "/-/healthy%2f.." + path,
				"/webhooks/.." + path, "/webhooks/comapi/../.." + path, strings.ToUpper(path), strings.ReplaceAll(path, "/", `\`),
			} {
				if got := ask(method, path); got < 300 || got >= 500 {
					t.Errorf("%s %s is answered %d", method, path, got)
				}
			}
		}
	}
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		if slices.Contains(patterns, "GET "+path) {
			t.Errorf("%s is behind the token", path)
		}
	}
}

// TestReadsChangeNothing reads everything that there is by the methods that are called safe: after
// them the store is where it was.
func TestReadsChangeNothing(t *testing.T) {
	s := start(t, keyedProject)
	id, _ := s.run("1", "ann")
	s.until(id, func(r server.Run) bool { // the answer to the send is an input of its own
		return slices.ContainsFunc(r.Timeline, func(e server.Entry) bool { return e.Kind == "accepted" })
	})
	var c server.Campaign
	s.do("POST", "/v1/campaigns", `{"flow": "sale"}`).is(201).decode(&c)
	s.server.EndLive() // or the answer has no end
	other, err := server.New(server.Config{Runner: s.runner, Store: s.store})
	must(t, err)
	before, err := s.store.State()
	must(t, err)
	read := 0
	for _, pattern := range server.Patterns(other) {
		path, ok := strings.CutPrefix(pattern, "GET ")
		if !ok {
			continue
		}
		ids := map[string]string{"/v1/runs/{id}": id, "/v1/profiles/{id}": "ann", "/v1/campaigns/{id}": c.ID}
		path = strings.Replace(path, "{id}", ids[path], 1)
		if got := s.do("GET", path, "").status; got == http.StatusOK {
			read++
		}
		for _, method := range []string{"HEAD", "OPTIONS", "TRACE"} {
			s.do(method, path, "")
		}
	}
	if read < 8 {
		t.Errorf("%d routes could be read", read)
	}
	after, err := s.store.State()
	must(t, err)
	if before.Seq != after.Seq {
		t.Errorf("%d inputs were made", after.Seq-before.Seq)
	}
}
