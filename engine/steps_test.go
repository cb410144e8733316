package engine_test

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestTooManySteps: a condition over an event's long list within itself cannot be computed: it
// starts nothing, ends no wait, and says why.
func TestTooManySteps(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- nudge.yaml --
events: { told: { xs: [ number ] } }
-- flows/wait.yaml --
flow: wait
trigger: { event: begun }
steps:
  - wait: [ { event: told, if: 'any(event.xs, all(event.xs, # >= 0) == false)' }, { after: 1h } ]
-- flows/start.yaml --
flow: start
trigger: { event: told, if: 'none(event.xs, any(event.xs, # > 9))' }
steps: [ { wait: 1h } ]
`)))
	w.do("event begun by ann")
	w.do(`event told by ann {"xs":[` + strings.Repeat("1,", 30_000) + `1]}`)
	for _, want := range []string{"flows/wait.yaml:4:", "start skipped: flows/start.yaml:2:", "takes more than 500000 steps"} {
		if got := w.out.String(); !strings.Contains(got, want) {
			t.Errorf("the answer has no %q:\n%s", want, got)
		}
	}
	w.do(`event told by ann {"xs":[1,2]}`)
	w.check()
}
