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
		if strings.HasPrefix(pattern, "GET /v1/") && needs != server.ScopeRead && pattern != "GET /v1/profiles/{id}/export" {
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
	s.do("GET", "/v1/runs", "", "Authorization", "Bearer the new one").is(401, "this server does not know the token")
}

// TestPagesSendEvents holds what pages of another origin may do: send events, with a token that may do
// nothing else, if their origin is named.
func TestPagesSendEvents(t *testing.T) {
	page, all := server.NewToken("page", "the token of a page"), server.NewToken("all", "the token of all")
	page.Scopes = []server.Scope{server.ScopeEvents}
	s := start(t, shop, func(c *server.Config) {
		c.Tokens = func() []server.Token { return []server.Token{page, all} }
		c.Origins = func() []string { return []string{"https://shop.example"} }
	})
	const here, there, may, mayAll = "https://shop.example", "https://evil.example", "Bearer the token of a page", "Bearer the token of all"
	asked := s.do("OPTIONS", "/v1/events", "", "Origin", here, "Access-Control-Request-Method", "POST").is(204)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": here, "Access-Control-Allow-Methods": "POST", "Vary": "Origin",
		"Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, traceparent, tracestate", "Access-Control-Max-Age": "600",
	} {
		if got := asked.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	sent := s.event(order("", "1"), "Origin", here, "Sec-Fetch-Site", "cross-site", "Authorization", may).is(200)
	if got := sent.header.Get("Access-Control-Allow-Origin"); got != here {
		t.Errorf("the page may not read the answer: %q", got)
	}
	s.event(order("", "2"), "Origin", here, "Authorization", mayAll).is(403, "the scope events and no other")
	s.event(order("", "3"), "Origin", here).is(401)
	s.event(order("", "4"), "Origin", there, "Authorization", may).is(403, "pages of another origin")
	s.do("POST", "/v1/campaigns", "{}", "Origin", here, "Authorization", mayAll).is(403, "pages of another origin")
	for path, origin := range map[string]string{"/v1/events": there, "/v1/runs": here} {
		a := s.do("OPTIONS", path, "", "Origin", origin, "Access-Control-Request-Method", "POST")
		if a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s from %s is allowed", path, origin)
		}
	}
}

// TestCurrentToken: a token is told who it is, what its scopes include, until when, and which server it is for.
func TestCurrentToken(t *testing.T) {
	author := server.NewToken("ann", "the token of ann")
	author.Scopes, author.Expires = []server.Scope{server.ScopeEvents, server.ScopeAuthor}, time.Date(2036, 5, 1, 12, 0, 0, 0, time.UTC)
	page := server.NewToken("page", "the token of a page")
	page.Scopes = []server.Scope{server.ScopeEvents}
	second := false
	s := start(t, shop, func(c *server.Config) {
		c.Tokens = func() []server.Token { return []server.Token{author, page} }
		c.SecondPerson = func() bool { return second }
		c.Project = projectOf(t, told)
	})
	state, err := s.store.State()
	must(t, err)
	of := `"server":{"project":"shop","installation":"` + state.Installation.String() + `","tokens":true,"dev":false,`
	s.do("GET", "/v1/token", "", "Authorization", "Bearer the token of ann").is(200, `{"name":"ann","scopes":["events","author"],"may":["events","read","operate","author"],`+
		`"expires":"2036-05-01T12:00:00.000Z",`+of+`"second_person":false}}`)
	second = true
	s.do("GET", "/v1/token", "", "Authorization", "Bearer the token of ann").is(200, of+`"second_person":true}}`)
	s.do("GET", "/v1/token", "", "Authorization", "Bearer the token of a page").is(403, "the scope read")

	s = start(t, shop, func(c *server.Config) { c.Dev = newTools() })
	state, err = s.store.State()
	must(t, err)
	s.do("GET", "/v1/token", "").is(200, `{"name":"local","scopes":["admin"],"may":["events","read","operate","author","admin"],`+
		`"server":{"installation":"`+state.Installation.String()+`","tokens":false,"dev":true,"second_person":false}}`)
}
