package server_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"nudge/engine"
	"nudge/lang/diag"
	"nudge/server"
)

func TestReload(t *testing.T) {
	project := maps.Clone(shop)
	var s *service
	var broken error
	s = start(t, shop, func(c *server.Config) {
		c.Reload = func(context.Context, *engine.Actor) (diag.List, error) {
			if broken != nil {
				return nil, broken
			}
			return s.deploy(project), nil
		}
	})
	bye := "flow: bye\ntrigger: { event: user.left }\nsteps: [ { id: bye, send: { body: Good bye } } ]\n"
	project["flows/bye.yaml"] = "x" + bye
	s.do("POST", "/-/reload", "").is(422, "the flows that were active stay so", `"field":"flows/bye.yaml:1:1"`, `unknown key \"xflow\"`)
	s.event(`{"type": "user.left", "profile": "ann"}`).is(200, `"ignored":"no flow uses events of this type"`)

	project["flows/bye.yaml"] = bye
	s.do("POST", "/-/reload", "").is(200, `{"warnings":[`)
	s.event(`{"type": "user.left", "profile": "ann"}`).is(200, `"flow":"bye"`)
	s.do("GET", "/v1/flows", "").is(200, `"flow":"bye"`, `"started":1`, `"active":true`)

	broken = errors.New("the disk with the secret name is gone")
	if a := s.do("POST", "/-/reload", "").is(500, "internal error"); a.status == 500 && len(a.body) > 200 {
		t.Errorf("the answer says more than that: %s", a.body)
	}
	s.do("GET", "/-/reload", "").is(405)
}

func TestReloadWithoutAProject(t *testing.T) {
	start(t, shop).do("POST", "/-/reload", "").is(501, "this server has no project on disk")
}

func TestOutbound(t *testing.T) {
	s := start(t, shop)
	s.do("GET", "/v1/outbound", "").is(200, `{"mode":"live","killed":false}`)
	s.do("PUT", "/v1/outbound", `{"mode": "off"}`).is(400, `"field":"mode"`, "must be live, hold or only")
	s.do("PUT", "/v1/outbound", `{"mod": "hold"}`).is(400, `did you mean \"mode\"?`)
	s.do("PUT", "/v1/outbound", `{"mode": "only", "only": ["ann"]}`).is(200)
	s.do("GET", "/v1/outbound", "").is(200, `"only":["ann"]`)
	s.do("PUT", "/v1/outbound", `{"killed": true}`).is(200)
	s.event(order("", "1")).is(200, `"did":"started"`)
	s.do("PUT", "/v1/outbound", `{"killed": false}`).is(200)
	if m := <-s.posts; m.To != "ann" {
		t.Errorf("what was held went to %s", m.To)
	}
}

func TestMetrics(t *testing.T) {
	s := start(t, shop)
	s.run("1", "ann")
	s.do("GET", "/metrics", "").is(200, `nudge_runs_started_total{flow="order"} 1`)
}
