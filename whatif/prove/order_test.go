package prove_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/prove"
)

// waitProject is a project of one flow: a message m, and a wait with these lines.
func waitProject(lines ...string) fstest.MapFS {
	text := "flow: one\ntrigger: { event: order, key: event.id }\nsteps:\n  - { id: m, send: hello }\n  - wait:\n"
	for _, line := range lines {
		text += "      - " + line + "\n"
	}
	return fstest.MapFS{"nudge.yaml": {Data: []byte(randomConfig)},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")}, "flows/one.yaml": {Data: []byte(text)}}
}

// TestManyDos proves waits with more and more dos. Each may double the states, as it was taken
// or not; the orders in which they can follow each other would multiply them by more and more.
func TestManyDos(t *testing.T) {
	before := 0
	for n := 1; n <= 9; n++ {
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf(`{ event: ping, key: event.id, if: event.id == "%d", at_most: 1, do: [ { id: d%d, send: hello } ] }`, i, i))
		}
		p, list := flows.Load(waitProject(append(lines, "{ read: m }", "{ after: 1d }")...))
		if list.HasErrors() {
			t.Fatal(list)
		}
		r := prove.ProjectWith(p, prove.Options{}).Flows[0]
		if want := fmt.Sprintf("1-%d messages, life 1d, ends completed", 1+n); !strings.HasPrefix(line(r), want) {
			t.Errorf("%d dos: %s, not %s", n, line(r), want)
		}
		if before > 0 && 10*r.States > 26*before {
			t.Errorf("%d dos have %d states, one less has %d", n, r.States, before)
		}
		before = r.States
	}
}

// TestOrderOfDos proves waits in which the order of dos decides how many messages go out, and
// plays them with the engine.
func TestOrderOfDos(t *testing.T) {
	tests := []struct {
		name  string
		most  int
		lines []string
	}{
		// The last message needs a do behind two others, of which the first asks for what the
		// receipt says that called for it.
		{"behind a receipt", 4, []string{"{ read: m, do: [ { exit: seen } ] }",
			"{ event: back, key: event.id, at_most: 1, do: [ { id: c, send: hello, if: b.accepted } ] }",
			"{ event: ping, key: event.id, at_most: 1, do: [ { id: b, send: hello, if: m.read } ] }",
			"{ reply: any, at_most: 1, do: [ { id: a, send: hello } ] }", "{ after: 1d }"}},
		{"one by one", 4, []string{"{ event: back, key: event.id, at_most: 1, do: [ { id: c, send: hello, if: b.accepted } ] }",
			"{ event: ping, key: event.id, at_most: 1, do: [ { id: b, send: hello, if: a.accepted } ] }",
			"{ reply: any, at_most: 1, do: [ { id: a, send: hello }, { if: c.accepted, exit: done } ] }", "{ after: 1d }"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, p := newWorld(t, waitProject(test.lines...))
			if r := prove.Project(p).Flows[0]; r.Most != test.most {
				t.Fatal(line(r))
			}
			story := prove.StoryOfMost(p, p.Flows[0], test.most)
			if end, err := play(w, story); err != nil || end.posted() != test.most {
				t.Errorf("%v: %v", err, story)
			}
		})
	}
}
