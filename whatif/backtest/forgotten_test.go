package backtest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nudge/engine"
	"nudge/whatif/backtest"
	"nudge/whatif/explain"
	"nudge/whatif/replay"
	"nudge/whatif/story"
)

// forget forgets a person, and erases them from all that is kept.
func (h *history) forget(who string) {
	h.t.Helper()
	h.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: who, Forget: true}})
	for more := true; more; {
		var err error
		if more, err = h.store.Erase(); err != nil {
			h.t.Fatal(err)
		}
	}
	h.to[who] = 0
}

// explained is what is explained of each of the people about a flow.
func (h *history) explained(people []string, flow string) map[string][]story.Line {
	h.t.Helper()
	all := map[string][]story.Line{}
	for _, who := range people {
		answer, err := explain.Ask(h.t.Context(), h.store, explain.Question{Profile: who, Flow: flow}, func() {})
		if err != nil {
			h.t.Fatal(err)
		}
		all[who] = slices.DeleteFunc(answer.Lines, isLeftOut)
	}
	return all
}

// isLeftOut reports whether a line says that inputs were left out.
func isLeftOut(l story.Line) bool {
	return strings.Contains(l.Text, "of the journal are left out: they concern people who were forgotten")
}

// TestForgotten forgets people in the middle of their runs, campaigns and conversations. Backtests and explanations go on
// without them and say so; of everybody else they say what they said before. A strict replay refuses the journal.
func TestForgotten(t *testing.T) {
	files := maps.Clone(shop)
	files["flows/daily.yaml"] = &fstest.MapFile{Data: []byte("flow: daily\ntrigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 6h, audience: people.csv, if: data.n != 1 }\ndata: { n: number }\nsteps:\n  - send: { body: \"{{ data.n }}\" }\n  - wait: 2d\n")}
	others := []string{"p0", "p4", "p8", "p11"}
	for seed := range uint64(4) {
		h := newHistory(t, seed, files)
		h.own = true
		for i := range 12 {
			h.rows = append(h.rows, engine.Row{Profile: fmt.Sprint("p", i), Data: fmt.Appendf(nil, `{"n":%d}`, i)})
		}
		h.live(4)
		before := map[string]map[string][]story.Line{"shipped": h.explained(others, "shipped"), "daily": h.explained(others, "daily")}
		for _, who := range []string{"p3", "p1", "p7"} {
			h.forget(who)
		}
		for flow, want := range before {
			if diff := cmp.Diff(want, h.explained(others, flow), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d: what is explained about %s is another:\n%s", seed, flow, diff)
			}
		}
		h.live(4)
		h.forget("p2")
		h.live(1)

		report := run(t, h, files, backtest.Options{})
		sent := 0
		for _, n := range h.to {
			sent += n
		}
		if report.Skipped == 0 || report.Changes != (backtest.Changes{Same: sent}) {
			t.Errorf("seed %d: %d of %d messages went to people who are known; the backtest skips %d inputs and has %+v", seed, sent, h.sent, report.Skipped, report.Changes)
		}
		if answer, err := explain.Ask(t.Context(), h.store, explain.Question{Profile: "p4", Flow: "shipped"}, func() {}); err != nil || !isLeftOut(answer.Lines[len(answer.Lines)-1]) {
			t.Errorf("seed %d: explain: %v, %+v", seed, err, answer)
		}
		if err := h.strictly(); err == nil || !strings.Contains(err.Error(), "was forgotten") {
			t.Errorf("seed %d: the strict replay: %v", seed, err)
		}
	}
}

// strictly replays the journal as it was.
func (h *history) strictly() error {
	h.t.Helper()
	state, err := h.store.State()
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := replay.New(state)
	if err != nil {
		h.t.Fatal(err)
	}
	var failed error
	if err := h.store.Entries(1, func(j *engine.Journaled) bool {
		_, _, failed = r.Apply([]*engine.Journaled{j}, nil)
		return failed == nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return failed
}
