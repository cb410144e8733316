package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/lang/diag"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// keyedProject has a flow for every route that changes something.
var keyedProject = with(shop, "flows/sale.yaml",
	"flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.csv }\nsteps: [ { send: { body: hello } } ]\n")

// keyed is a change with an Idempotency-Key, and another one under the same key. A path may name
// {run} or {campaign}.
type keyed struct{ path, body, other string }

// keyedRoutes are the routes that take an Idempotency-Key.
func keyedRoutes(t *testing.T) map[string]keyed {
	return map[string]keyed{
		"POST /v1/events":                {"/v1/events", order("", "7"), order("", "8")},
		"POST /v1/runs/{id}/cancel":      {"/v1/runs/{run}/cancel", `{"reason": "a"}`, `{"reason": "b"}`},
		"POST /v1/runs/{id}/retry":       {"/v1/runs/{failed}/retry", `{"reason": "a"}`, `{"reason": "b"}`},
		"PUT /v1/profiles/{id}":          {"/v1/profiles/ann", `{"name": "Ann"}`, `{"name": "Anna"}`},
		"PATCH /v1/profiles/{id}":        {"/v1/profiles/ann", `{"name": "Ann"}`, `{"name": "Ann", "opt_outs": []}`},
		"POST /v1/flows":                 {"/v1/flows", deployment(t, keyedProject), deployment(t, shop)},
		"POST /v1/flows/{flow}/runs":     {"/v1/flows/order/runs", `{"profile": "ann", "key": "7", "data": {"order_id": "7", "customer": "ann"}}`, `{"profile": "bob", "key": "7", "data": {"order_id": "7", "customer": "bob"}}`},
		"POST /v1/campaigns":             {"/v1/campaigns", `{"flow": "sale"}`, `{"flow": "sale", "again": true}`},
		"POST /v1/campaigns/{id}/pause":  {"/v1/campaigns/{campaign}/pause", `{"reason": "a"}`, `{"reason": "b"}`},
		"POST /v1/campaigns/{id}/resume": {"/v1/campaigns/{campaign}/resume", ``, `{"reason": "b"}`},
		"POST /v1/campaigns/{id}/cancel": {"/v1/campaigns/{campaign}/cancel", `{}`, `{"end_runs": true}`},
		"PUT /v1/outbound":               {"/v1/outbound", `{"mode": "only", "only": ["ann"]}`, `{"mode": "only", "only": ["bob"]}`},
	}
}

// keylessRoutes refuse an Idempotency-Key with a text, or have no use for it: then the text is
// empty, and why is a comment.
var keylessRoutes = map[string]string{
	"POST /v1/profiles/{id}/reveal": "each reveal leaves an entry of its own",
	"POST /v1/profiles/opt-out":     "doing this twice is doing it once",
	"POST /v1/profiles/opt-in":      "doing this twice is doing it once",
	"POST /v1/profiles":             "NDJSON takes no Idempotency-Key; profiles are merged",
	"POST /-/reload":                "POST /v1/flows takes one",
	"POST /v1/notices/retry":        "sent twice is tried again once",
	"POST /v1/jobs/{id}/stop":       "a job that is stopped twice is stopped once",
	"POST /v1/deploys":              "sent twice is proposed once",

	"POST /v1/deploys/{id}/approve":  "a proposal is decided once",
	"POST /v1/deploys/{id}/withdraw": "a proposal is decided once",
	"POST /v1/deploys/{id}/plan":     "is done once",
	"POST /v1/deploys/{id}/backtest": "is done once",
	"POST /v1/deploys/{id}/prove":    "is done once",
	"POST /v1/deploys/{id}/watch":    "stays so",
	"POST /v1/deploys/{id}/unwatch":  "stays so",

	"POST /v1/runs/retry":        "what is asked for twice finds nothing more to do",
	"POST /v1/runs/cancel":       "what is asked for twice finds nothing more to do",
	"POST /v1/flows/plan":        "", // it changes nothing
	"POST /v1/campaigns/preview": "", // it changes nothing

	"POST /v1/campaigns/previews": "a preview changes nothing",
	"POST /webhooks/comapi":       "", // every event of a provider has its own ID
}

// changing are the routes of a server that change something, or could.
func changing(t *testing.T) (all []string) {
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	s, err := server.New(server.Config{Runner: struct{ server.Runner }{}, Store: kept, Receivers: []channels.Receiver{appmessaging.Webhook{}}})
	must(t, err)
	for _, pattern := range server.Patterns(s) {
		switch method, _, _ := strings.Cut(pattern, " "); method {
		case http.MethodGet, http.MethodDelete:
		default:
			all = append(all, pattern)
		}
	}
	return all
}

// TestIdempotencyKey tries the key on every route that changes something.
func TestIdempotencyKey(t *testing.T) {
	routes := keyedRoutes(t)
	registered := changing(t)
	for pattern := range routes {
		if !slices.Contains(registered, pattern) {
			t.Errorf("%s is tried and not registered", pattern)
		}
	}
	for _, pattern := range registered {
		t.Run(pattern, func(t *testing.T) {
			method, _, _ := strings.Cut(pattern, " ")
			s := start(t, keyedProject, func(c *server.Config) {
				c.Reload = func(context.Context, *engine.Actor) (diag.List, error) { return nil, nil }
			})
			if text, ok := keylessRoutes[pattern]; ok {
				if text != "" {
					s.do(method, strings.Fields(pattern)[1], "", "Content-Type", "application/x-ndjson", "Idempotency-Key", "k").is(400, text)
				}
				return
			}
			route, ok := routes[pattern]
			if !ok {
				t.Fatal("a new route: say in keyedRoutes how it takes an Idempotency-Key, or in keylessRoutes why it does not")
			}
			path := s.fill(route.path)
			first := s.do(method, path, route.body, "Idempotency-Key", "k")
			if first.status >= 300 || first.header.Get("Idempotent-Replayed") != "" {
				t.Fatalf("the first answer is %d %v: %s", first.status, first.header, first.body)
			}
			again := s.do(method, path, route.body, "Idempotency-Key", "k").is(first.status)
			if got := strings.Replace(again.body, `,"repeated":true`, "", 1); got != first.body {
				t.Errorf("the second answer is\n%s, want the first one,\n%s", got, first.body)
			}
			if got := again.header.Get("Idempotent-Replayed"); got != "true" {
				t.Errorf("Idempotent-Replayed is %q, want true", got)
			}
			s.do(method, path, route.other, "Idempotency-Key", "k").is(409, `"field":"id"`, "used with another body")
			s.do(method, path, route.body, "Idempotency-Key", "Zo\xeb").is(400, "the Idempotency-Key is not UTF-8")
		})
	}
}

// fill makes what a path names: a live run, or a campaign of which nothing is known to have ended.
func (s *service) fill(path string) string {
	if strings.Contains(path, "{run}") {
		id, _ := s.run("1", "ann")
		path = strings.Replace(path, "{run}", id, 1)
	}
	if strings.Contains(path, "{failed}") {
		id, sent := s.run("1", "ann")
		s.webhook(receipt("message.failed", sent)).is(200)
		s.ended(id)
		path = strings.Replace(path, "{failed}", id, 1)
	}
	if strings.Contains(path, "{campaign}") {
		var c server.Campaign
		s.do("POST", "/v1/campaigns", `{"flow": "sale"}`).is(201).decode(&c)
		path = strings.Replace(path, "{campaign}", c.ID, 1)
	}
	return path
}

func TestIdempotencyKeyBesideAnID(t *testing.T) {
	s := start(t, keyedProject)
	for path, body := range map[string]string{
		"/v1/events":           order("e1", "7"),
		"/v1/flows/order/runs": `{"id": "e1", "profile": "ann", "key": "7", "data": {"order_id": "7", "customer": "ann"}}`,
		"/v1/campaigns":        `{"id": "e1", "flow": "sale"}`,
	} {
		s.do("POST", path, body, "Idempotency-Key", "e2").is(400, `"field":"id"`, `the id \"e1\" and the Idempotency-Key \"e2\" differ`)
		s.do("POST", path, body, "Idempotency-Key", "e1").is(map[bool]int{true: 201, false: 200}[path == "/v1/campaigns"])
	}
	s.do("POST", "/v1/events", order("", "9"), "Content-Type", "application/x-ndjson", "Idempotency-Key", "k").
		is(400, "give the event on each line its id")
}

// A key is remembered although its request changed nothing: the pause of a paused campaign does
// not pause it again once it was resumed.
func TestIdempotencyKeyOfNoChange(t *testing.T) {
	s := start(t, keyedProject)
	path := s.fill("/v1/campaigns/{campaign}")
	s.do("POST", path+"/pause", "").is(200, `"status":"paused"`)
	s.do("POST", path+"/pause", "", "Idempotency-Key", "k").is(200, `"status":"paused"`)
	s.do("POST", path+"/resume", "").is(200, `"status":"freezing"`)
	s.do("POST", path+"/pause", "", "Idempotency-Key", "k").is(200, `"status":"freezing"`)
	s.do("POST", path+"/pause", `{"reason": "a"}`, "Idempotency-Key", "k").is(409, "used with another body")
}
