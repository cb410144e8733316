package server_test

import (
	"slices"
	"testing"

	"nudge/server"
)

// TestTemplates: the templates of the active flows are listed with their steps, and shown with
// example data, the worst case first.
func TestTemplates(t *testing.T) {
	s := start(t, with(with(with(with(shop,
		"nudge.yaml", "project: shop\nprofile: { first_name: string }\nevents: { order.returned: { order_id: string } }\n"),
		"flows/welcome.yaml", "flow: welcome\ntrigger: { event: signed.up }\nsteps: [ { send: hello } ]\n"),
		"templates/hello.yaml", "body: 'Hi {{ profile.first_name | default \"\" }}, welcome'\n"),
		"templates/hello.fr.yaml", "body: Salut\n"))
	s.do("GET", "/v1/templates", "").is(200,
		`{"templates":[{"name":"hello","uses":[{"flow":"welcome",`, `"step":"hello","languages":["en","fr"]}]},{"name":"shipped"`, `"inline":true`)
	var got server.Template
	s.do("GET", "/v1/templates/hello", "").is(200).decode(&got)
	u := got.Uses[0]
	if len(u.Cases) != 4 || u.LeftOut != 0 || !slices.Equal(u.Optional, []string{"profile.first_name"}) {
		t.Fatalf("got %+v", got)
	}
	if c := u.Cases[0]; c.Locale != "en" || c.Message.Body != "Hi , welcome" || len(c.Warnings) != 1 || !slices.Equal(c.Absent, u.Optional) {
		t.Errorf("the worst case is %+v", c)
	}
	s.do("GET", "/v1/templates/helo", "").is(404, "no active flow sends a template helo", "did you mean", "hello")
}
