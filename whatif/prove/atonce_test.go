package prove_test

import (
	"testing"
	"testing/fstest"
	"time"

	"nudge/whatif/prove"
)

// TestAtOnce tells stories of flows in which something can come at the very instant of an
// exit's timer, before it rings. The engine lets it, and nudge test cannot play it: another
// story is told where there is one, else it says so.
func TestAtOnce(t *testing.T) {
	const head = "flow: one\ntrigger: { event: order, key: event.id }\nexit: [ { after: 1d, as: over } ]\nsteps:\n"
	tests := []struct{ name, steps, why string }{
		{"no other way", "  - repeat: { every: 1d, times: 1, steps: [ { wait: [ { event: ping, key: event.id }, { after: 1d } ] } ] }\n  - exit: done\n",
			"it needs something to happen at the very instant of a timer, before it rings"},
		{"a longer way", "  - repeat: { every: 1d, times: 1, steps: [ { wait: [ { event: ping, key: event.id }, " +
			"{ event: paid, key: event.id, then: [ { wait: [ { event: ping, key: event.id, then: [ { exit: done } ] }, { after: 1h } ] } ] }, { after: 1d } ] } ] }\n  - exit: done\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, p := newWorld(t, fstest.MapFS{"nudge.yaml": {Data: []byte(randomConfig)},
				"templates/hello.yaml": {Data: []byte("body: Hello\n")}, "flows/one.yaml": {Data: []byte(head + test.steps)}})
			r := prove.Project(p).Flows[0]
			if got := line(r); got != "0-0 messages, life 1d, ends done over" {
				t.Fatal(got)
			}
			if text, why := r.Test("ends as done", r.Endings[0].Story); why != test.why {
				t.Errorf("why is %q, not %q\n%s", why, test.why, text)
			}
			w = w.event("order", map[string]any{"id": "k", "total": 5.0}, 0).event("ping", map[string]any{"id": "k"}, 24*time.Hour)
			if w.live() || w.run.Outcome != "done" {
				t.Errorf("the engine ends the run as %q", w.run.Outcome)
			}
		})
	}
}
