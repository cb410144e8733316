package server_test

import (
	"net/http"
	"testing"
	"testing/fstest"

	"nudge/audience"
	"nudge/server"
)

// TestIdempotencyKey sends every request that changes something twice with one key, and then
// with another body. The second has the answer of the first and changes nothing; the third
// is a conflict. Commands that the engine would refuse the second time, such as the end of
// an ended run, show that the second was not applied.
func TestIdempotencyKey(t *testing.T) {
	people := fstest.MapFS{"audiences/people.csv": {Data: []byte("profile\nann\n")}}
	project := with(shop, "flows/sale.yaml",
		"flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.csv }\nsteps: [ { send: { body: Sale } } ]\n")
	project = with(project, "flows/late.yaml",
		"flow: late\ntrigger: { at: 2020-01-01 09:00, audience: people.csv }\nsteps: [ { send: { body: Late } } ]\n")
	s := start(t, project, func(c *server.Config) { c.Audiences = audience.NewSnapshots(audience.Sources{Project: people}) })
	run, _ := s.run("1", "ann")

	for _, test := range []struct {
		name, method, path, body, other string
		status                          int
		again                           string // in the second answer
	}{
		{"event", "POST", "/v1/events", `{"type":"order.shipped","data":{"order_id":"2","customer":"bob"}}`,
			`{"type":"order.shipped","data":{"order_id":"3","customer":"bob"}}`, 200, `"repeated":true`},
		{"call", "POST", "/v1/flows/order/runs", `{"profile":"cid","data":{"order_id":"4","customer":"cid"}}`,
			`{"profile":"cid","data":{"order_id":"5","customer":"cid"}}`, 200, `"repeated":true`},
		{"cancel of a run", "POST", "/v1/runs/" + run + "/cancel", `{"reason":"a"}`, `{"reason":"b"}`, 200, `"repeated":true`},
		{"profile, whole", "PUT", "/v1/profiles/ann", `{"city":"Bath"}`, `{"city":"York"}`, 200, `"city":"Bath"`},
		{"profile, in part", "PATCH", "/v1/profiles/ann", `{"plan":"pro"}`, `{"plan":"trial"}`, 200, `"plan":"pro"`},
		{"outbound", "PUT", "/v1/outbound", `{"mode":"only","only":["ann"]}`, `{"mode":"only","only":["bob"]}`, 200, `"repeated":true`},
		{"kill", "PUT", "/v1/outbound", `{"killed":false}`, `{"killed":true}`, 200, `"repeated":true`},
		{"campaign", "POST", "/v1/campaigns", `{"flow":"sale"}`, `{"flow":"late"}`, 201, `"flow":"sale"`},
		{"deploy", "POST", "/v1/flows", deployment(t, project), deployment(t, shop), 200, `"flow":"order"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			send := func(body string) *answer {
				a := s.do(test.method, test.path, body, "Content-Type", "application/json", "Idempotency-Key", "key of "+test.name)
				a.t = t
				return a
			}
			send(test.body).is(test.status)
			runs := s.runs()
			send(test.body).is(test.status, test.again)
			send(test.other).is(http.StatusConflict, "this id was used with another body")
			if got := s.runs(); got != runs {
				t.Errorf("there are %d runs more", got-runs)
			}
		})
	}
	var page struct{ Campaigns []server.Campaign }
	s.do("GET", "/v1/campaigns", "").is(200).decode(&page)
	if len(page.Campaigns) != 1 {
		t.Errorf("there are %d campaigns, want 1: %+v", len(page.Campaigns), page)
	}
}

// A key goes with one thing, and an id in the body is the same as a key.
func TestIdempotencyKeyMistakes(t *testing.T) {
	s := start(t, shop)
	const call = `{"id":"x","profile":"cid","data":{"order_id":"4","customer":"cid"}}`
	s.do("POST", "/v1/flows/order/runs", call, "Idempotency-Key", "y").is(400, "both given and differ")
	s.do("POST", "/v1/flows/order/runs", call, "Idempotency-Key", "x").is(200)
	s.do("PUT", "/v1/outbound", `{"mode":"live"}`, "Idempotency-Key", "\xff").is(400, "the Idempotency-Key is")
	s.event(`[{"type":"order.shipped"}]`, "Idempotency-Key", "x").is(400, "an array takes no Idempotency-Key")
	s.do("POST", "/v1/events", "{}", "Content-Type", "application/x-ndjson", "Idempotency-Key", "x").is(400, "lines take no Idempotency-Key")
	s.do("POST", "/v1/profiles", "{}", "Content-Type", "application/x-ndjson", "Idempotency-Key", "x").is(400, "lines take no Idempotency-Key")
}
