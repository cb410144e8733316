package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"nudge/server"
)

// decidedProject decides by data, by what is known of people, and by rows.
var decidedProject = map[string]string{
	"nudge.yaml": "project: shop\nprofile: { plan: optional string, phone: private optional string }\nevents: { ordered: { n: number, note: private string } }\n",
	"flows/order.yaml": `flow: order
trigger: { event: ordered, if: event.n > 1 and event.note != "x" and profile.plan != "free" }
steps:
  - branch:
      - { if: data.n > 10, as: big, then: [ { set: { size: 2 } } ] }
      - { if: data.n > 2 and profile.phone != "1", as: middle, then: [ { set: { size: 1 } } ] }
      - else: [ { set: { size: 0 } } ]
  - { if: vars.size == 2 and data.note == "y", set: { gift: true } }
  - wait: 1h
`,
	"flows/sale.yaml": `flow: sale
trigger: { at: 2020-01-01 09:00, audience: people.csv, if: data.code == "no" and profile.plan != "free" }
data: { code: private string, kind: a | b }
steps: [ { send: { body: Hello } } ]
`,
}

// decided are the conditions of an explanation, as JSON, by the texts of their lines.
func decided(t *testing.T, a *answer) map[string]string {
	t.Helper()
	var got server.Explanation
	must(t, json.Unmarshal([]byte(a.is(200).body), &got))
	found := map[string]string{}
	for _, l := range got.Lines {
		if len(l.Conditions) > 0 {
			raw, err := json.Marshal(l.Conditions)
			must(t, err)
			found[l.Text] = string(raw)
		}
	}
	return found
}

// TestExplainedConditions holds which conditions an explanation names, whether they were true, what they saw, and what nobody knows any
// more; and that whoever may only read sees nothing private there.
func TestExplainedConditions(t *testing.T) {
	tokens := []server.Token{server.NewToken("reader", "the token of read"), server.NewToken("operator", "the token of operate")}
	tokens[0].Scopes, tokens[1].Scopes = []server.Scope{server.ScopeRead}, []server.Scope{server.ScopeAdmin}
	s := start(t, decidedProject, func(c *server.Config) { c.Tokens = func() []server.Token { return tokens } })
	as := []string{"Authorization", "Bearer the token of operate"}
	s.event(`{"type": "ordered", "profile": "ann", "data": {"n": 1, "note": "`+hush+`"}}`, as...).is(200)
	s.event(`{"type": "ordered", "profile": "ann", "data": {"n": 5, "note": "`+hush+`"}}`, as...).is(200)
	for line, want := range map[string][]string{
		"event ordered: order skipped: the trigger's if is false": {`"holds":false`, `{"path":"event.n","value":"1"}`, `{"path":"event.note","value":"\"` + hush + `\""}`, `"unknown":["profile.plan"]`},
		"branch_1 took arm middle":                                {`{"text":"data.n \u003e 10","holds":false,"saw":[{"path":"data.n","value":"5"}]}`, `"holds":true`, `"unknown":["profile.phone"]`},
		"set_4 skipped: its if is false":                          {`"holds":false`, `"path":"vars.size"`},
	} {
		found := decided(t, s.do("GET", "/v1/profiles/ann/explain?flow=order", "", as...))
		for _, part := range want {
			if !strings.Contains(found[line], part) {
				t.Errorf("%s: %s has no %s; there are %v", line, found[line], part, found)
			}
		}
	}
	read := s.do("GET", "/v1/profiles/ann/explain?flow=order", "", "Authorization", "Bearer the token of read")
	if found := decided(t, read); len(found) != 3 || strings.Contains(read.body, hush) || !strings.Contains(read.body, `"path":"event.note","value":"\"•••\""`) {
		t.Errorf("who may only read sees %s", read.body)
	}
}
