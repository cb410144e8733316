package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// includes are the scopes that a scope has in it, itself included, as docs/operations.md says.
var includes = map[server.Scope][]server.Scope{
	server.ScopeEvents:  {server.ScopeEvents},
	server.ScopeRead:    {server.ScopeRead},
	server.ScopeOperate: {server.ScopeOperate, server.ScopeRead},
	server.ScopeAuthor:  {server.ScopeAuthor, server.ScopeOperate, server.ScopeRead},
	server.ScopeAdmin:   {server.ScopeEvents, server.ScopeRead, server.ScopeOperate, server.ScopeAuthor, server.ScopeAdmin},
}

// TestScopes tries each scope on each route. A token without the scope of a route is told which it
// needs; one that has it is let in.
func TestScopes(t *testing.T) {
	var tokens []server.Token
	for _, scope := range server.Scopes {
		one := server.NewToken("of "+string(scope), "the token of "+string(scope))
		one.Scopes = []server.Scope{scope}
		tokens = append(tokens, one)
	}
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	s, err := server.New(server.Config{Runner: stopped{}, Store: kept, Registry: prometheus.NewRegistry(), Tokens: func() []server.Token { return tokens }})
	must(t, err)
	handler, allowed := s.Handler(), 0
	for pattern, needs := range server.ScopesOf(s) {
		method, path, _ := strings.Cut(pattern, " ")
		for _, has := range server.Scopes {
			w, r := httptest.NewRecorder(), httptest.NewRequest(method, "http://localhost"+path, strings.NewReader("x"))
			r.Header.Set("Authorization", "Bearer the token of "+string(has))
			handler.ServeHTTP(w, r)
			var p struct{ Type, Detail string }
			refused := w.Code == http.StatusForbidden && json.Unmarshal(w.Body.Bytes(), &p) == nil && p.Type == "urn:nudge:problem:scope"
			if may := slices.Contains(includes[has], needs); may == refused {
				t.Errorf("%s with the scope %s: %d %s", pattern, has, w.Code, w.Body)
			}
			if !refused {
				allowed++
			} else if !strings.Contains(p.Detail, "the scope "+string(needs)) || !strings.Contains(p.Detail, "of "+string(has)) {
				t.Errorf("%s with the scope %s says %q", pattern, has, p.Detail)
			}
		}
	}
	if routes := len(server.ScopesOf(s)); routes < 27 || allowed < routes {
		t.Errorf("%d routes, %d times let in: this proved nothing", routes, allowed)
	}
}

// TestReadingNeedsNoMore holds that what is read needs no more than the scope read, and that sending
// events is all that the scope events is for.
func TestReadingNeedsNoMore(t *testing.T) {
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	s, err := server.New(server.Config{Runner: stopped{}, Store: kept})
	must(t, err)
	for pattern, needs := range server.ScopesOf(s) {
		if strings.HasPrefix(pattern, "GET /v1/") && needs != server.ScopeRead {
			t.Errorf("%s needs %s", pattern, needs)
		}
		if (needs == server.ScopeEvents) != (pattern == "POST /v1/events") {
			t.Errorf("%s needs %s", pattern, needs)
		}
		if !strings.HasPrefix(pattern, "GET ") && needs == server.ScopeRead && pattern != "POST /v1/campaigns/preview" {
			t.Errorf("%s needs %s", pattern, needs)
		}
	}
}

// TestTokensEnd holds that a token is refused from its end on, and that tokens are those of now.
func TestTokensEnd(t *testing.T) {
	ended, valid := server.NewToken("old", "the old one"), server.NewToken("new", "the new one")
	ended.Expires, valid.Expires = time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	tokens := []server.Token{ended, valid}
	s := start(t, shop, func(c *server.Config) { c.Tokens = func() []server.Token { return tokens } })
	s.do("GET", "/v1/runs", "", "Authorization", "Bearer the old one").is(401, "urn:nudge:problem:token-expired", "the token old expired at")
	s.do("GET", "/v1/runs", "", "Authorization", "Bearer the new one").is(200)
	tokens = tokens[:1:1]
	s.do("GET", "/v1/runs", "", "Authorization", "Bearer the new one").is(401, "a bearer token is required")
}
