package engine_test

import (
	"testing"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// TestSight looks at every run of random histories: what it shows explains when the run wakes, and most messages are rendered
// again as they went out.
func TestSight(t *testing.T) {
	live, same, all := 0, 0, 0
	for seed := range uint64(4) {
		h := newHistory(t, seed, randomFlows)
		h.live(100)
		sent := map[engine.RunID]map[int]string{}
		for _, p := range h.posts {
			if sent[p.Run] == nil {
				sent[p.Run] = map[int]string{}
			}
			sent[p.Run][p.Message] = p.Content.Body
		}
		for q := (store.Query{Limit: store.MaxPage}); ; {
			page, err := h.store.List(q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Runs {
				if r.Profile == "" {
					continue
				}
				sight, f := h.look(t, r)
				if r.Live() {
					live++
					explains(t, sight, r)
				}
				for i := range r.Timeline {
					sight.Saw(i)
				}
				for number, body := range sent[r.ID] {
					if m := r.Message(number); m == nil || f.Steps[m.Step].Send == nil {
						continue
					}
					all++
					if content, err := sight.Render(number); err == nil && content.Body == body {
						same++
					}
				}
			}
			if q.Before = page.Next; page.Next == (engine.RunID{}) {
				break
			}
		}
	}
	if live < 20 || all < 100 || same*10 < all*9 {
		t.Errorf("%d live runs; %d of %d messages are rendered again as they went out", live, same, all)
	}
}

func (h *history) look(t *testing.T, r *engine.Run) (*engine.Sight, *flows.Flow) {
	t.Helper()
	f, err := h.store.Version(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
	if err != nil || f == nil {
		t.Fatalf("version %s: %v", r.Version, err)
	}
	p, err := h.store.Person(r.Profile)
	if err != nil {
		t.Fatal(err)
	}
	sight, err := engine.Look(r, f, p, engine.InstantOf(h.now))
	if err != nil {
		t.Fatal(err)
	}
	return sight, f
}

// explains checks that something is shown for the deadline of a run.
func explains(t *testing.T, sight *engine.Sight, r *engine.Run) {
	t.Helper()
	what, at := sight.Next()
	if r.Deadline == 0 || at == r.Deadline {
		return
	}
	for _, x := range sight.Awaits() {
		if x.At == r.Deadline {
			return
		}
	}
	t.Errorf("run %s of %s is %s at step %d until %s; shown are %q at %s and %d lines", r.ID, r.Flow, r.Status, r.At, r.Deadline, what, at, len(sight.Awaits()))
}
