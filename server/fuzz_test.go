package server_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// bodies are routes of the API that read a body.
var bodies = []struct{ method, path, kind string }{
	{"POST", "/v1/events", "application/json"}, {"POST", "/v1/events", "application/x-ndjson"},
	{"POST", "/v1/profiles", "application/x-ndjson"}, {"PUT", "/v1/profiles/ann", "application/json"}, {"PATCH", "/v1/profiles/ann", "application/json"},
	{"POST", "/v1/flows", "application/json"}, {"POST", "/v1/flows/plan", "application/json"}, {"POST", "/v1/flows/hello/runs", "application/json"},
	{"POST", "/v1/campaigns", "application/json"}, {"PUT", "/v1/outbound", "application/json"},
}

// FuzzBodies holds that no body makes a route of the API panic or fail by itself: what is wrong is
// said in a problem of 4xx, and what is right comes as far as the engine, which has stopped.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		`{"type":"shipped","profile":"ann","data":{"n":1},"profile_data":{"plan":"pro"}}`, `[{"type":"a"},{"type":"b","id":"1"}]`, "{\"type\":\"a\"}\n\n{\"x\":\n",
		`{"files":{"flows/hello.yaml":"flow: hello\ntrigger: { event: a }\nsteps: [ { wait: 1h } ]\n"}}`, `{"profile":"ann","key":"k","data":{}}`,
		`{"mode":"only","only":["ann"],"killed":true}`, `{"flow":"hello","audience":{"file":"a.csv"}}`, "{\"id\":\"ann\",\"set\":{\"plan\":null}}\n",
	} {
		for i := range bodies {
			f.Add(uint8(i), body)
		}
	}
	kept, err := store.Open(new(memory.KV))
	if err != nil {
		f.Fatal(err)
	}
	s, err := server.New(server.Config{Runner: stopped{}, Store: kept, Tokens: func() []server.Token { return []server.Token{server.NewToken("all", "token")} }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, n uint8, body string) {
		route := bodies[int(n)%len(bodies)]
		w, r := httptest.NewRecorder(), httptest.NewRequest(route.method, route.path, strings.NewReader(body))
		r.Header.Set("Content-Type", route.kind)
		r.Header.Set("Authorization", "Bearer token")
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 503 || w.Code != 200 && !strings.Contains(w.Body.String(), `"type":"urn:nudge:problem:`) {
			t.Errorf("%s %s: %d %s", route.method, route.path, w.Code, w.Body)
		}
	})
}
