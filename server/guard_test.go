package server_test

import (
	"net/http/httptest"
	"testing"

	"nudge/server"
)

func TestGuardWithoutTokens(t *testing.T) {
	s := start(t, shop)
	s.do("GET", "/v1/runs", "").is(200)
	s.do("GET", "/v1/runs", "", "Host", "localhost:80").is(200)
	s.do("GET", "/v1/runs", "", "Host", "[::1]:80").is(200)
	s.do("GET", "/v1/runs", "", "Host", "evil.example").is(403, "only requests from this machine, to localhost")
	s.do("GET", "/-/healthy", "", "Host", "evil.example").is(200)
	for _, header := range []string{"Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Host"} {
		s.do("GET", "/v1/runs", "", header, "203.0.113.9").is(403, "came through a proxy", "set tokens")
	}
	s.event(order("", "1"), "Origin", "https://evil.example").is(403, "pages of another origin")
	s.event(order("", "1"), "Sec-Fetch-Site", "cross-site").is(403)
	s.event(order("", "1"), "Origin", s.url).is(200)

	srv, err := server.New(server.Config{Runner: s.runner, Store: s.store})
	must(t, err)
	r := httptest.NewRequest("GET", "http://localhost/v1/runs", nil)
	r.RemoteAddr = "192.0.2.7:5000"
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, r)
	if w.Code != 403 {
		t.Errorf("a request of another machine is answered with %d", w.Code)
	}
}

func TestGuardWithTokens(t *testing.T) {
	s := start(t, shop, func(c *server.Config) {
		c.Tokens = func() []server.Token { return []server.Token{server.NewToken("1", "one"), server.NewToken("2", "two")} }
	})
	for _, path := range []string{"/v1/runs", "/v1/flows", "/metrics", "/nowhere"} {
		a := s.do("GET", path, "").is(401, "Authorization: Bearer TOKEN")
		if a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: there is no WWW-Authenticate", path)
		}
	}
	s.do("GET", "/v1/runs", "", "Authorization", "Bearer three").is(401)
	s.do("GET", "/v1/runs", "", "Authorization", "one").is(401)
	s.do("GET", "/v1/runs", "", "Authorization", "Basic one").is(401)
	s.do("GET", "/v1/runs", "", "Authorization", "bearer one", "X-Forwarded-For", "203.0.113.9").is(200)
	s.do("GET", "/v1/runs", "", "Authorization", "Bearer two", "Host", "evil.example").is(200)
	s.do("GET", "/-/healthy", "").is(200, "healthy")
	s.do("GET", "/-/ready", "").is(200, "ready")
	s.webhook("[]").is(200)
}

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	s := start(t, shop)
	s.do("GET", "/v1/run", "").is(404, `"type":"urn:nudge:problem:not-found"`, `"title":"Not Found"`, "there is nothing at /v1/run")
	a := s.do("DELETE", "/v1/runs", "").is(405, "DELETE is not allowed here; allowed: GET, HEAD")
	if got := a.header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow is %q", got)
	}
}
