package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"nudge/engine"
	"nudge/flows"
)

// TestObserverOfRows checks that an observer sees the people of a campaign: each condition,
// and each person left out.
func TestObserverOfRows(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/tell.yaml --
flow: tell
trigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 6h, audience: people.csv, if: data.n > 1 }
data: { n: number }
steps: [ { wait: 1d } ]
-- audiences/people.csv --
profile,n
ann,2
bob,1
ann,3
`)))
	var got []string
	w.loop.Core().Observe(engine.Observer{
		Condition: func(c engine.Condition) {
			got = append(got, fmt.Sprintf("%s: %s is %t, campaign %t", c.Profile, c.Expr, c.Holds, c.Campaign != 0))
		},
		Excluded: func(_ uint64, profile, reason string) { got = append(got, profile+" "+reason) },
	})
	w.do("campaign start tell")
	want := []string{
		"ann: data.n > 1 is true, campaign true",
		"bob: data.n > 1 is false, campaign true", "bob if",
		"ann duplicate",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestObserver checks that an observer sees every step and every condition with its values.
func TestObserver(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/tell.yaml --
flow: tell
trigger: { event: told, if: event.loud }
data: { loud: boolean, n: number }
steps:
  - id: hello
    if: data.n > 2
    send: { body: Hello }
  - branch:
      - if: data.n > 1
        then: [ { exit: some } ]
`)))
	var got []string
	w.loop.Core().Observe(engine.Observer{
		Step: func(r *engine.Run, f *flows.Flow, step int) {
			got = append(got, fmt.Sprintf("%s takes %s", r.Profile, f.Steps[step].ID))
		},
		Condition: func(c engine.Condition) {
			got = append(got, fmt.Sprintf("%s: %s is %t, run %t, %v", c.Profile, c.Expr, c.Holds, c.Run != nil, c.Expr.Reads(c.Scope)))
		},
	})
	w.do(`event told by ann {"loud": false, "n": 2}`)
	w.do(`event told by ann {"loud": true, "n": 2}`)
	want := []string{
		"ann: event.loud is false, run false, [{event.loud false}]",
		"ann: event.loud is true, run false, [{event.loud true}]",
		"ann: data.n > 2 is false, run true, [{data.n 2}]",
		"ann takes branch_1",
		"ann: data.n > 1 is true, run true, [{data.n 2}]",
		"ann takes exit_1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
