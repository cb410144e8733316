package server_test

import (
	"fmt"
	"strings"
	"testing"

	"nudge/engine"
)

// welcome starts a run for the person whom the event names.
var welcome = map[string]string{
	"nudge.yaml":         "project: shop\n",
	"flows/welcome.yaml": "flow: welcome\ntrigger: { event: signed.up }\ndata: { plan: string }\nsteps: [ { wait: 1h } ]\n",
}

const (
	structured = "application/cloudevents+json"
	batched    = "application/cloudevents-batch+json"
)

// TestCloudEvents sends the same event in each form that CloudEvents have over HTTP. It is taken once.
func TestCloudEvents(t *testing.T) {
	s := start(t, welcome)
	const one = `{"specversion": "1.0", "id": "7", "source": "/shop", "type": "signed.up", "subject": "ann", "time": "2026-11-30T10:00:00Z", "tenant": "x", "data": {"plan": "pro"}}`
	binary := []string{"Ce-Specversion", "1.0", "Ce-Id", "7", "Ce-Source", "%2Fshop", "Ce-Type", "signed.up", "Ce-Subject", "ann", "Ce-Tenant", "x"}
	var first engine.Answer
	s.event(one, "Content-Type", structured).is(200).decode(&first)
	if len(first.Decisions) != 1 || first.ID != "/shop 7" || first.Repeated {
		t.Fatalf("the first is answered with %+v", first)
	}
	run := s.show(first.Decisions[0].Run)
	if run.Profile != "ann" || string(run.Data) != `{"plan":"pro"}` {
		t.Errorf("the run is of %s with %s", run.Profile, run.Data)
	}
	s.event(`{"plan": "pro"}`, binary...).is(200, `"repeated":true`, run.ID)
	s.event("["+one+"]", "Content-Type", batched).is(200, `"answers":[`, `"repeated":true`, run.ID)
	s.event("["+strings.ReplaceAll(one, `"7"`, `"8"`)+","+strings.ReplaceAll(one, `"ann"`, `"bob"`)+"]", "Content-Type", batched).is(409, "event 1")
	if n := s.runs(); n != 1 {
		t.Errorf("there are %d runs", n)
	}
}

// TestWrongCloudEvents holds that each mistake is told with its place.
func TestWrongCloudEvents(t *testing.T) {
	s := start(t, welcome)
	for _, x := range []struct{ event, says string }{
		{`{"id": "7", "source": "s", "type": "t"}`, "specversion"},
		{`{"specversion": "0.3", "id": "7", "source": "s", "type": "t"}`, "must be 1.0"},
		{`{"specversion": "1.0", "source": "s", "type": "t"}`, "needs id"},
		{`{"specversion": "1.0", "id": "7", "type": "t"}`, "needs source"},
		{`{"specversion": "1.0", "id": "7", "source": "s"}`, "needs type"},
		{`{"specversion": "1.0", "id": "7", "source": "s", "type": "t", "data_base64": "AA=="}`, "data_base64"},
		{`{"specversion": "1.0", "id": "7", "source": "s", "type": "t", "datacontenttype": "text/xml"}`, "application/json"},
		{`{"specversion": "1.0", "id": 7, "source": "s", "type": "t"}`, "id"},
		{`{"specversion": "1.0", "id": "7", "id": "8", "source": "s", "type": "t"}`, "id"},
		{`[]`, "object"},
		{`{"specversion": "1.0", "id": "7", "source": "a b", "type": "t"}`, "white space"},
		{`{"specversion": "1.0", "ID": "7", "source": "s", "type": "t"}`, "needs id"},
		{`{`, "JSON"},
	} {
		s.event(x.event, "Content-Type", structured).is(400, x.says)
		s.event("["+x.event+"]", "Content-Type", batched).is(400, x.says)
	}
	for i, media := range []string{"application/json", "application/json; charset=utf-8", "application/vnd.shop+json", "APPLICATION/JSON"} {
		s.event(fmt.Sprintf(`{"specversion": "1.0", "id": "m%d", "source": "s", "type": "t", "subject": "ann", "datacontenttype": %q, "data": {}}`, i, media), "Content-Type", structured).is(200)
	}
	for _, body := range []string{`{}`, `5`, `null`, `"x"`, ``} {
		s.event(body, "Content-Type", batched).is(400, "an array of events")
	}
	s.event(`{}`, "Ce-Specversion", "1.0", "Ce-Id", "%ff", "Ce-Source", "s", "Ce-Type", "t").is(400, "not UTF-8")
	s.event(`null`, "Ce-Specversion", "1.0", "Ce-Id", "n", "Ce-Source", "s", "Ce-Type", "t").is(200)
	s.event(`{}`, "Ce-Specversion", "1.0", "Ce-Id", "%zz", "Ce-Source", "s", "Ce-Type", "t").is(400, "ce-id")
	s.event(`[1]`, "Ce-Specversion", "1.0", "Ce-Id", "7", "Ce-Source", "s", "Ce-Type", "t").is(400, "object")
	s.event(`{"specversion": "1.0", "id": "7", "source": "s", "type": "signed.up", "subject": "ann", "data": {"plan": 7}}`, "Content-Type", structured).is(422, "plan")
}
