package server_test

import (
	"slices"
	"testing"

	"nudge/server"
)

// TestDrawing follows one person who leaves a flow through its drawing.
func TestDrawing(t *testing.T) {
	s := start(t, with(shop, "flows/hello.yaml", `flow: hello
about: Say hello.
trigger: { event: signed.up }
exit: [ { event: left, as: gone } ]
steps:
  - wait: 1d
  - wait: 2d
`))
	s.event(`{"type": "signed.up", "profile": "ann"}`).is(200, `"did":"started"`)
	s.event(`{"type": "left", "profile": "ann"}`).is(200)
	from := func(query string) (steps []string) {
		var got server.FlowDrawing
		s.do("GET", "/v1/flows/hello/drawing"+query, "").is(200, `"about":"Say hello."`, `"active":true`).decode(&got)
		for _, l := range got.Lines {
			if l.Exit == 1 && !slices.Contains(steps, l.From) && l.To == "exit-1" {
				steps = append(steps, l.From)
			}
		}
		return steps
	}
	if got := from(""); !slices.Equal(got, []string{"step-wait_1", "step-wait_2"}) {
		t.Errorf("without a span the exit leaves %v", got)
	}
	if got := from("?since=14d"); !slices.Equal(got, []string{"step-wait_1"}) {
		t.Errorf("the people of a span left from %v", got)
	}
	if got := from("?since=all&until=2001-01-01T00:00:00Z"); len(got) != 2 {
		t.Errorf("where nobody left, the exit leaves %v", got)
	}
	s.do("GET", "/v1/flows/hello/drawing?numbers=true&open=wait_1", "").is(200, `"number":{"x":`)
	s.do("GET", "/v1/flows/hello/drawing?version=v0", "").is(404, "flow hello has no version v0")
	s.do("GET", "/v1/flows/nobody/drawing", "").is(404, "no active flow is called nobody")
	s.do("GET", "/v1/flows/hello/drawing?numbers=some", "").is(400, "numbers must be true or false")
	s.do("GET", "/v1/flows/hello/drawing?since=soon", "").is(400, "since must be a time such as")
	s.do("GET", "/v1/flows/hello/drawing?size=2", "").is(400, "size is not a parameter here")
}
