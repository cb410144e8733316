package server_test

import (
	"slices"
	"strings"
	"testing"

	"nudge/server"
)

// detailed is a flow with everything that its detail shows.
var detailed = with(shop, "flows/order.yaml", `flow: order
about: From the parcel to the review.
trigger: [ { event: order.shipped, key: event.order_id, to: event.customer }, { event: order.moved } ]
data: { order_id: string, customer: string, place: { city: string, zip: optional string } }
exit: [ { event: order.returned, key: event.order_id, as: returned, goal: true } ]
steps:
  - id: shipped
    send: { body: "Your order {{ data.order_id }} is on its way.", from: Shop }
  - wait:
      - reply: shipped
        then: [ { exit: answered } ]
      - after: 24h
  - split:
      - { weight: 1, as: brisk, then: [ { emit: { event: order.asked } } ] }
      - { weight: 3, as: calm }
`)

// TestFlowDetail: a flow is shown with its steps in order, where each goes on, what it listens to, and its files.
func TestFlowDetail(t *testing.T) {
	s := start(t, detailed)
	var got server.FlowDetail
	s.do("GET", "/v1/flows/order", "").is(200,
		`"about":"From the parcel to the review."`, `"triggers":["order.shipped","order.moved"]`,
		`"starts":[{"kind":"event","event":"order.shipped","to":"event.customer"},{"kind":"event","event":"order.moved"}]`,
		`{"path":"place","type":"map"},{"path":"place.city","type":"string"},{"path":"place.zip","type":"string","optional":true}`,
		`"exits":[{"on":"event order.returned","as":"returned","words":"order.returned","goal":true,"at":{"file":"flows/order.yaml","line":5,"column":`,
		`{"step":"shipped","verb":"send","words":"send shipped","at":{"file":"flows/order.yaml","line":7,"column":`,
		`"lines":[{"on":"reply","as":"reply","words":"reply to shipped","then":"exit_1",`, `{"on":"after","as":"after","words":"24h","then":"split_1",`,
		`"arms":[{"as":"brisk","weight":1,"then":"emit_1"},{"as":"calm","weight":3}]`,
		`"outcomes":[{"name":"returned","goal":true},{"name":"answered"},{"name":"completed"}]`,
		`{"type":"order.asked","uses":["emit"],"fields":[]}`,
		`{"type":"order.returned","uses":["exit"],"fields":[{"path":"order_id","type":"string"}]}`,
	).decode(&got)
	if got.Steps[0].Next != got.Steps[1].Step || got.Steps[len(got.Steps)-1].Next != "" {
		t.Errorf("the steps do not lead on: %+v", got.Steps)
	}
	i := slices.IndexFunc(got.Files, func(f server.FlowFile) bool { return f.Name == "flows/order.yaml" })
	if i < 0 || got.Files[i].Text != detailed["flows/order.yaml"] || got.Files[i].Bytes != len(got.Files[i].Text) {
		t.Errorf("the files are %+v", got.Files)
	}
	s.do("GET", "/v1/flows/odrer", "").is(404, `no active flow is called odrer; did you mean \"order\"? (of one that was active, name a version)`)
	s.do("GET", "/v1/flows/order?version=0a1b", "").is(404, "flow order has no version 0a1b")
	s.do("GET", "/v1/flows/order?versoin=0a1b", "").is(400, "versoin is not a parameter here")
}

// TestFlowVersions: the versions of a flow have when each was active, who deployed it, and how many runs it has.
func TestFlowVersions(t *testing.T) {
	s := start(t, shop)
	s.run("7", "ann")
	var first, second, third server.FlowDetail
	s.do("GET", "/v1/flows/order", "").is(200).decode(&first)
	s.do("POST", "/v1/flows", deployment(t, detailed)).is(200)
	s.do("GET", "/v1/flows/order", "").is(200).decode(&second)
	if v := second.Versions; len(v) != 2 || v[0].Version != second.Version || !v[0].Active || v[0].Since == 0 || v[0].Until != 0 || v[0].By != "local" ||
		v[1].Version != first.Version || v[1].Active || v[1].Live != 1 || v[1].Until != v[0].Since {
		t.Errorf("the versions are %+v", v)
	}
	old := s.do("GET", "/v1/flows/order?version="+first.Version, "").is(200, `"active":false`)
	if !strings.Contains(old.body, "answered") {
		t.Error("the old version is not shown")
	}
	s.do("POST", "/v1/flows", deployment(t, shop)).is(200) // it is active again
	s.do("GET", "/v1/flows/order", "").is(200).decode(&third)
	if v := third.Versions; len(v) != 2 || v[0].Version != first.Version || !v[0].Active || v[0].Until != 0 || v[0].Since != v[1].Until {
		t.Errorf("the versions are %+v", v)
	}
}
