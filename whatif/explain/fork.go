package explain

import (
	"context"
	"errors"
	"fmt"

	"nudge/engine"
	"nudge/whatif/replay"
	"nudge/whatif/story"
)

// Fork replays a journal to the moment at which a run began to wait at a step, and returns
// a world that stands there. What really happened afterwards does not happen in it.
func Fork(ctx context.Context, src replay.Source, run engine.RunID, step string, tick func()) (*story.World, *story.Run, error) {
	state, err := src.State()
	if err != nil {
		return nil, nil, err
	}
	r, err := newReplayed(state)
	if err != nil {
		return nil, nil, err
	}
	var last *engine.Run
	found := false
	var at engine.Instant
	err = r.through(ctx, settling{src, &found}, func(a *applied) bool {
		for _, c := range a.Changes {
			if c.After.ID == run {
				found = found || waitsAt(r.Core, c.After, step)
				last = c.After
			}
		}
		at = a.Stamp
		return true
	}, tick)
	switch {
	case err != nil:
		return nil, nil, err
	case last == nil:
		return nil, nil, fmt.Errorf("the journal has no run %s", run)
	case !found:
		return nil, nil, fmt.Errorf("run %s never waited at a step %q", run, step)
	case !last.Live():
		return nil, nil, errors.New("the run ended at the very instant at which it began to wait")
	}
	w, err := story.Resume(r.Store, r.Core, at.Time())
	if err != nil {
		return nil, nil, err
	}
	return w, w.Adopt(last), nil
}

// settling is a source that ends before the next input from outside once something was found: what follows from the input
// at which it was found belongs to it.
type settling struct {
	replay.Source
	found *bool
}

func (s settling) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	return s.Source.Entries(from, func(j *engine.Journaled) bool { return (!*s.found || j.Input.Derived != 0) && visit(j) })
}

// waitsAt reports whether a run stands at a step, waiting.
func waitsAt(core *engine.Engine, r *engine.Run, step string) bool {
	f := core.Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
	return r.Live() && r.WaitsAt() != engine.NoStep && f != nil && f.Steps[r.WaitsAt()].ID == step
}
