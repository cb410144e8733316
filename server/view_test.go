package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/audience"
	"nudge/lang/shape"
	"nudge/runner/jobs"
	"nudge/server"
)

// hush is a value of every private field of privateProject, and of nothing else.
const hush = "hush-7f3a"

// privateProject marks fields of people, of an event and of a flow.
var privateProject = map[string]string{
	"nudge.yaml": `project: shop
profile: { email: private search optional string, first_name: optional string, address: { city: optional string, street: private optional string } }
events:
  order.shipped: { order_id: string, customer: string, note: private optional string, items: [ { code: private string } ] }
  unheard: { note: private string }
`,
	"flows/order.yaml": `flow: order
trigger: { event: order.shipped, key: event.order_id, to: event.customer }
steps:
  - send: { body: 'Your order {{ data.order_id }}, {{ data.note | default "-" }}', from: Shop }
  - branch:
      - if: data.note != "x" and profile.email != "x"
        then: [ { set: { number: 1 } } ]
  - wait: [ { event: order.shipped, key: event.order_id, if: data.note == "x" }, { after: 1h } ]
  - set: { number: 'int(data.note ?? "1")' }
  - wait: 24h
`,
	"flows/called.yaml": `flow: called
trigger: { event: undeclared }
data: { note: private string }
steps: [ { wait: 1h } ]
`,
	"flows/sale.yaml": `flow: sale
trigger: { at: 2020-01-01 09:00, audience: people.csv }
data: { code: private string, kind: a | b }
steps: [ { send: { body: "Use {{ data.code }}" } } ]
`,
}

// startPrivate serves privateProject to a token that may read and one that may operate, with something of ann in
// every place that routes show. It returns what stands in paths in place of {id} and {flow}.
func startPrivate(t *testing.T) (s *service, ids map[string]string) {
	tokens := []server.Token{server.NewToken("reader", "the token of read"), server.NewToken("operator", "the token of operate")}
	tokens[0].Scopes, tokens[1].Scopes = []server.Scope{server.ScopeRead}, []server.Scope{server.ScopeAdmin}
	s = start(t, privateProject, func(c *server.Config) { c.Tokens = func() []server.Token { return tokens } })
	as := []string{"Authorization", "Bearer the token of operate"}
	s.do("PUT", "/v1/profiles/ann", `{"email": "`+hush+`", "first_name": "Ann", "address": {"city": "Rome", "street": "`+hush+`"}}`, as...).is(200, hush)
	s.do("PATCH", "/v1/profiles/ann", `{"address": {"city": "Paris", "street": "`+hush+` 2"}}`, as...).is(200)
	order := `{"order_id": "7", "customer": "ann", "note": "` + hush + `", "items": [{"code": "` + hush + `"}]}`
	var got struct{ Decisions []struct{ Run string } }
	s.event(`{"type": "order.shipped", "profile": "ann", "data": `+order+`}`, as...).is(200).decode(&got)
	<-s.posts
	s.event(`{"type": "unheard", "profile": "ann", "data": {"note": "`+hush+`"}, "profle": "`+hush+`"}`, as...).is(400)
	s.event(`{"type": "unheard", "profile": "ann", "data": {"note": "`+hush+`"}}`, append(as, "Idempotency-Key", "u1")...).is(200)
	s.event(`{"type": "undeclared", "profile": "ann", "data": {"note": "`+hush+`"}}`, as...).is(200)
	s.do("POST", "/v1/flows/order/runs", `{"profile": "ann", "data": `+order+`}`, as...).is(200)
	s.do("POST", "/v1/flows/sale/runs", `{"profile": "ann", "data": {"code": "`+hush+`", "kind": "a"}}`, as...).is(200)
	var c server.Campaign
	s.do("POST", "/v1/campaigns", `{"flow": "sale"}`, as...).is(201).decode(&c)
	return s, map[string]string{"profiles": "ann", "runs": got.Decisions[0].Run, "campaigns": c.ID, "flows": "order", "types": "unheard"}
}

// TestPrivateIsMasked asks for everything that can be read with a token that may only read, and searches the
// answers for what is private. A token that may operate finds it, unless it asks for masked answers; an export is whole all the same.
func TestPrivateIsMasked(t *testing.T) {
	s, ids := startPrivate(t)
	s.server.EndLive() // or the answer has no end
	other, err := server.New(server.Config{Runner: s.runner, Store: s.store})
	must(t, err)
	shown := map[string]bool{}
	for _, pattern := range server.Patterns(other) {
		path, ok := strings.CutPrefix(pattern, "GET ")
		if !ok || !strings.HasPrefix(path, "/v1/") {
			continue
		}
		path = filled(path, ids)
		if strings.HasSuffix(path, "/explain") {
			path += "?flow=order"
		}
		masked := s.do("GET", path, "", "Authorization", "Bearer the token of read")
		if strings.Contains(masked.body, hush) {
			t.Errorf("%s shows what is private to a token that may only read:\n%s", path, masked.body)
		}
		asked := s.do("GET", path, "", "Authorization", "Bearer the token of operate", "Nudge-Private", "mask")
		if exports := strings.HasSuffix(path, "/export"); strings.Contains(asked.body, hush) != exports {
			t.Errorf("%s, asked to mask what is private, answers\n%s", path, asked.body)
		}
		open := s.do("GET", path, "", "Authorization", "Bearer the token of operate")
		if open.status == http.StatusOK && strings.Contains(open.body, hush) {
			shown[pattern] = true
			if masked.status == http.StatusOK && !strings.Contains(masked.body, shape.Masked) {
				t.Errorf("%s masks nothing:\n%s", path, masked.body)
			}
		}
	}
	for _, pattern := range []string{"GET /v1/profiles/{id}", "GET /v1/runs/{id}", "GET /v1/journal", "GET /v1/audit", "GET /v1/profiles", "GET /v1/profiles/{id}/history", "GET /v1/profiles/{id}/export", "GET /v1/events/types/{type}", "GET /v1/events/refused"} {
		if !shown[pattern] {
			t.Errorf("%s shows nothing private to a token that may operate: this proved nothing", pattern)
		}
	}
	s.do("GET", "/v1/runs/"+ids["runs"], "", "Authorization", "Bearer the token of operate").is(200, `"content":{`, `"sees":[`, `"saw":[`)
	s.do("GET", "/v1/profiles/ann", "", "Authorization", "Bearer the token of read").is(200, `"city":"Paris"`, `"street":"•••"`, `"email":"•••"`, `"first_name":"Ann"`)
}

// filled is a path with IDs in place of its wildcards.
func filled(path string, ids map[string]string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = ids[parts[i-1]]
		}
	}
	return strings.Join(parts, "/")
}

// TestMarksFollowTheProject holds that a deploy without marks shows everything, and that one with marks
// masks also what was stored before.
func TestMarksFollowTheProject(t *testing.T) {
	plain := map[string]string{}
	for name, text := range privateProject {
		plain[name] = strings.NewReplacer("private ", "", "search ", "").Replace(text)
	}
	tokens := []server.Token{server.NewToken("reader", "the token of read")}
	tokens[0].Scopes = []server.Scope{server.ScopeRead, server.ScopeEvents}
	s := start(t, plain, func(c *server.Config) { c.Tokens = func() []server.Token { return tokens } })
	as := []string{"Authorization", "Bearer the token of read"}
	order := `{"order_id": "7", "customer": "ann", "note": "` + hush + `", "items": []}`
	var got struct{ Decisions []struct{ Run string } }
	s.event(`{"type": "order.shipped", "profile": "ann", "data": `+order+`}`, as...).is(200).decode(&got)
	<-s.posts
	path := "/v1/runs/" + got.Decisions[0].Run
	s.do("GET", path, "", as...).is(200, hush)
	must(t, s.deploy(privateProject).Err())
	if a := s.do("GET", path, "", as...).is(200); strings.Contains(a.body, hush) {
		t.Errorf("the marks do not reach what was stored before: %s", a.body)
	}
	if a := s.do("GET", "/v1/journal", "", as...).is(200); strings.Contains(strings.Join(slices.DeleteFunc(strings.Split(a.body, "\n"), func(line string) bool { return strings.Contains(line, "deploy") }), "\n"), hush) {
		t.Errorf("the marks do not reach the journal: %s", a.body)
	}
	must(t, s.deploy(plain).Err())
	s.do("GET", path, "", as...).is(200, hush)
}

// TestFindPeople holds who finds people by what.
func TestFindPeople(t *testing.T) {
	s, _ := startPrivate(t)
	reader, operator := []string{"Authorization", "Bearer the token of read"}, []string{"Authorization", "Bearer the token of operate"}
	for i := range 3 {
		s.do("PUT", "/v1/profiles/bob"+strconv.Itoa(i), `{"first_name": "Bob", "email": "bob@example.com"}`, operator...).is(200)
	}
	s.do("GET", "/v1/profiles?prefix=bob&limit=2", "", reader...).is(200, `"id":"bob0"`, `"id":"bob1"`, `"next":"bob1"`, `"email":"•••"`)
	s.do("GET", "/v1/profiles?prefix=bob&limit=2&after=bob1", "", reader...).is(200, `"id":"bob2"`)
	s.do("GET", "/v1/profiles?field=email%3D"+hush, "", operator...).is(200, `"id":"ann"`, hush)
	s.do("GET", "/v1/profiles?field=email%3D"+hush, "", reader...).is(403, "urn:nudge:problem:private", "email is private")
	for _, whose := range [][]string{operator, reader} {
		condition := url.QueryEscape(`profile.email == "` + hush + `"`)
		if a := s.do("GET", "/v1/profiles?if="+condition, "", whose...).is(200); strings.Contains(a.body, "ann") != (whose[1] == operator[1]) {
			t.Errorf("%s guesses a private value: %s", whose[1], a.body)
		}
		s.do("GET", "/v1/profiles?if="+url.QueryEscape(`profile.first_name == "Ann"`), "", whose...).is(200, `"id":"ann"`)
	}
	for query, text := range map[string]string{
		"field=city": "must be a field and its value", "field=city%3DRome": "city is not marked search", "limit=0": "from 1 to 500", "befor=x": "is not a parameter here",
		"if=profile.": "is no condition", "if=1": "is no condition", "if=data.x": "is no condition",
	} {
		s.do("GET", "/v1/profiles?"+query, "", operator...).is(400, "urn:nudge:problem:parameter", text)
	}
}

// TestPreviewHidesALocale: a locale that is private is masked in the samples of a preview, too.
func TestPreviewHidesALocale(t *testing.T) {
	tokens := []server.Token{server.NewToken("reader", "the token of read"), server.NewToken("operator", "the token of operate")}
	tokens[0].Scopes, tokens[1].Scopes = []server.Scope{server.ScopeRead}, []server.Scope{server.ScopeAdmin}
	people := fstest.MapFS{"audiences/people.csv": {Data: []byte("profile\nann\n")}}
	var m *jobs.Manager
	s := start(t, map[string]string{
		"nudge.yaml":      "project: shop\nprofile: { locale: private optional string }\n",
		"flows/sale.yaml": "flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.csv }\nsteps: [ { send: { body: hello } } ]\n",
	}, func(c *server.Config) {
		c.Tokens = func() []server.Token { return tokens }
		c.Audiences = audience.NewSnapshots(audience.Sources{Project: people})
	}, withJobs(t, &m))
	s.do("PUT", "/v1/profiles/ann", `{"locale": "fr"}`, "Authorization", "Bearer the token of operate").is(200)
	s.do("POST", "/v1/campaigns/preview", `{"flow": "sale"}`, "Authorization", "Bearer the token of operate").is(200, `"locale":"fr"`, `"text":"hello"`)
	s.do("POST", "/v1/campaigns/preview", `{"flow": "sale"}`, "Authorization", "Bearer the token of read").is(200, `"locale":"•••"`, `"text":"hello"`)

	var job server.Job
	s.do("POST", "/v1/campaigns/previews", `{"flow": "sale"}`, "Authorization", "Bearer the token of read").is(403, "the scope operate")
	s.do("POST", "/v1/campaigns/previews", `{"flow": "none"}`, "Authorization", "Bearer the token of operate").is(404, "there is no active flow none")
	s.do("POST", "/v1/campaigns/previews", `{"flow": "sale"}`, "Authorization", "Bearer the token of operate").is(202, `"kind":"preview campaign"`, `"params":{"flow":"sale"}`).decode(&job)
	<-m.Ended(job.ID)
	for _, path := range []string{"/v1/jobs/" + job.ID, "/v1/jobs"} {
		s.do("GET", path, "", "Authorization", "Bearer the token of operate").is(200, `"state":"done"`, `"progress":{"done":1}`, `"locale":"fr"`, `"last":"20`)
		if got := s.do("GET", path, "", "Authorization", "Bearer the token of read").is(200, `"locale":"•••"`, `"rows":1`); strings.Contains(got.body, `"fr"`) {
			t.Errorf("the job shows what is private: %s", got.body)
		}
	}
}
