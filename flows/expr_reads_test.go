package flows

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/lang/shape"
)

// TestReads holds that a condition names what it reads, whole paths and each once.
func TestReads(t *testing.T) {
	scope := map[string]any{
		"data":    map[string]any{"total": 12, "items": []any{map[string]any{"name": "Lamp"}}},
		"profile": map[string]any{"plan": nil},
		"reply":   map[string]any{"text": "Help"},
		NameNow:   shape.TimeOf(instant("2026-03-02T10:00:00Z")),
	}
	for source, want := range map[string]string{
		`data.total > 10 and data.total < 20`:             "data.total=12",
		`lower(reply.text) contains "help"`:               "reply.text=Help",
		`profile.plan == "pro" or data.total > 3`:         "profile.plan=<nil> data.total=12",
		`data.items[0].name == "Lamp"`:                    "data.items[0].name=Lamp",
		`any(data.items, .name == "Rug")`:                 "data.items=[map[name:Lamp]]",
		`open("10:00-12:00") and not open("10:00-12:00")`: `open("10:00-12:00")=true`,
		`len(data.items) > 0 ? true : data.total == nil`:  "data.items=[map[name:Lamp]] data.total=12",
	} {
		text := "flow: f\ntrigger: { event: e }\ndata: { total: number, items: [ { name: string } ] }\n" +
			"exit: [ { reply: any, if: '" + source + "', as: x } ]\nsteps:\n  - id: s\n    send: { body: x }\n"
		p, list := Load(fstest.MapFS{"flows/f.yaml": {Data: []byte(text)}, "nudge.yaml": {Data: []byte("profile: { plan: optional string }\n")}})
		if list.HasErrors() {
			t.Fatalf("%s: %v", source, list)
		}
		var got []string
		for _, r := range p.Flow("f").Exits[0].If.Reads(scope) {
			got = append(got, fmt.Sprintf("%s=%v", r.Path, r.Value))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s reads %s, want %s", source, text, want)
		}
	}
}
