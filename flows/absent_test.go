package flows

import (
	"strings"
	"testing"
	"testing/fstest"

	"nudge/lang/diag"
)

// TestWhatIsThere checks which values are certainly there at each place of a flow. Each case
// is the steps of a flow; a case that begins with ! must be refused as may-be-absent, and
// with nothing else.
func TestWhatIsThere(t *testing.T) {
	for _, steps := range []string{
		`- send: { body: "{{ data.id }} {{ profile.id }} {{ run.key }}" }`,
		`!- send: { body: "{{ profile.name }}" }`,
		`!- send: { body: "{{ data.note }}" }`,
		`!- send: { metadata: { a: "{{ data.extra }}" }, body: x }`,
		`- { if: data.note != nil, send: { body: "{{ data.note }}" } }`,
		`- { if: 'data.note contains "a" and data.n > 3', send: { body: "{{ data.note }} {{ data.n }}" } }`,
		`!- { if: 'data.note contains "a" or data.n > 3', send: { body: "{{ data.note }}" } }`,
		`- { if: 'not (data.note == nil or data.n == nil)', send: { body: "{{ data.note }} {{ data.n }}" } }`,
		`!- { if: 'data.note != "a"', send: { body: "{{ data.note }}" } }`,
		`!- { if: 'data.note == profile.name', send: { body: "{{ data.note }}" } }`,
		`- { if: data.n in 1..3, send: { body: "{{ data.n }}" } }`,
		`- { if: 'int(data.extra.x) > 3', send: { body: "{{ data.extra.x }}" } }`,
		`!- { if: 'int(data.extra.x) + 1 > 3', send: { body: x } }`,
		`- { if: 'data.n != nil and data.n + 1 > 3', send: { body: x } }`,
		`- { if: 'data.n == nil or data.n + 1 > 3', send: { body: x } }`,
		`!- { if: 'data.n + 1 > 3 and data.n != nil', send: { body: x } }`,
		`- { if: '(data.n != nil ? data.n + 1 : 0) > 3', send: { body: x } }`,
		`- { if: 'any(data.items, .zip != nil and len(.zip) > 3)', send: { body: x } }`,
		`!- { if: 'any(data.items, len(.zip) > 3)', send: { body: x } }`,
		"!- { if: data.note != nil, send: { body: x } }\n  - send: { body: '{{ data.note }}' }",
		"- { if: data.note == nil, exit: none }\n  - send: { body: '{{ data.note }}' }",
		"!- { if: profile.name == nil, exit: none }\n  - send: { body: '{{ profile.name }}' }",
		`- { if: profile.name != nil, send: { body: "{{ profile.name }}" } }`,
		`!- branch: [ { if: profile.name != nil, then: [ { send: { body: "{{ profile.name }}" } } ] } ]`,
		`- branch: [ { if: data.note != nil, then: [ { wait: 1d }, { send: { body: "{{ data.note }}" } } ] } ]`,
		`- branch: [ { if: data.note == nil, then: [ { wait: 1d } ] }, { else: [ { send: { body: "{{ data.note }}" } } ] } ]`,
		`!- branch: [ { if: data.note == nil, then: [ { send: { body: "{{ data.note }}" } } ] } ]`,
		`- wait: [ { reply: any, if: reply.number > 3, then: [ { send: { body: "{{ reply.number }} {{ wait_1.reply.number }}" } } ] }, { after: 1d } ]`,
		`!- wait: [ { reply: any, then: [ { send: { body: "{{ reply.number }}" } } ] }, { after: 1d } ]`,
		"- wait: [ { reply: any, if: reply.number > 3 }, { after: 1d, then: [ { exit: too_late } ] } ]\n  - send: { body: '{{ wait_1.reply.number }}' }",
		"!- wait: [ { reply: any, if: reply.number > 3 }, { after: 1d } ]\n  - send: { body: '{{ wait_1.reply.number }}' }",
		"- wait: [ { event: paid, then: [ { send: { body: '{{ event.sum }} {{ wait_1.event.sum }}' } } ] }, { after: 1d } ]",
		"!- wait: [ { event: paid }, { after: 1d } ]\n  - send: { body: '{{ wait_1.event.sum }}' }",
		"- wait: [ { event: paid }, { after: 1d, then: [ { exit: too_late } ] } ]\n  - send: { body: '{{ wait_1.event.sum }}' }",
		"- { if: data.paid, set: { x: 1 } }\n  - if: vars.x != nil\n    set: { x: = vars.x + 1 }\n  - { if: vars.x > 1, send: { body: '{{ vars.x }}' } }",
		"!- { if: data.paid, set: { x: 1 } }\n  - if: vars.x != nil\n    set: { x: = vars.x + 1 }\n  - send: { body: '{{ vars.x }}' }",
		"- id: r\n    fetch: { url: 'https://x.example', shape: { n: number }, on_error: [ { exit: lost } ] }\n  - send: { body: '{{ r.json.n }}' }",
		"!- id: r\n    fetch: { url: 'https://x.example', shape: { n: number } }\n  - send: { body: '{{ r.json.n }}' }",
		"!- id: r\n    fetch: { url: 'https://x.example', shape: { n: number }, on_error: [ { wait: 1h } ] }\n  - send: { body: '{{ r.json.n }}' }",
		"- id: r\n    fetch: { url: 'https://x.example', shape: { n: number } }\n  - { if: r.json != nil, send: { body: '{{ r.json.n }}' } }",
		"!- id: r\n    fetch: { url: 'https://x.example', on_error: [ { exit: lost } ] }\n  - send: { body: '{{ r.json.n }}' }",
		"!- id: r\n    if: data.paid\n    fetch: { url: 'https://x.example', shape: { n: number }, on_error: [ { exit: lost } ] }\n  - send: { body: '{{ r.json.n }}' }",
		"- if: profile.name != nil\n    fetch: { url: 'https://x.example/{{ profile.name }}' }",
		"!- fetch: { url: 'https://x.example/{{ profile.name }}' }",
	} {
		want, refused := strings.CutPrefix(steps, "!")
		_, list := Load(fstest.MapFS{
			"nudge.yaml": {Data: []byte("profile: { name: optional string }\nevents: { paid: { sum: number } }\n")},
			"flows/f.yaml": {Data: []byte("flow: f\ntrigger: { event: e }\ndata: { id: string, note: optional string, n: optional number, paid: boolean, " +
				"extra: any, items: [ { zip: optional string } ] }\nsteps:\n  " + want + "\n")},
		})
		var errors diag.List
		for _, d := range list {
			if d.Severity == diag.Error {
				errors = append(errors, d)
			}
		}
		if refused && (len(errors) != 1 || errors[0].Code != codeOptional) || !refused && len(errors) > 0 {
			t.Errorf("%s\n%v", steps, list)
		}
	}
}
