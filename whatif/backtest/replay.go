package backtest

import (
	"context"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/replay"
)

const maxBatch = 256 // inputs applied together in a replay

// past is the replay of what really happened.
type past struct {
	*replay.Replay
	batch []*engine.Journaled
}

func newPast(of engine.State) (*past, error) {
	r, err := replay.New(of)
	if err != nil {
		return nil, err
	}
	r.Forgiving = true
	return &past{Replay: r}, nil
}

func open(kv store.KV) (*store.Store, *engine.Engine, error) {
	s, err := store.Open(kv)
	if err != nil {
		return nil, nil, err
	}
	core, err := s.Engine()
	return s, core, err
}

func (r *past) flow(run *engine.Run) *flows.Flow {
	return r.Core.Flow(engine.FlowVersion{Flow: run.Flow, Version: run.Version})
}

func (r *past) step(run *engine.Run, step int) *flows.Step { return &r.flow(run).Steps[step] }

// until replays a source from a number on up to the first input from outside that is
// not before an instant, and returns the number of that one. Seen may be nil.
func (r *past) until(ctx context.Context, src replay.Source, from uint64, end engine.Instant, seen replay.Seen, tick func()) (uint64, error) {
	next := from
	var failed error
	err := src.Entries(from, func(j *engine.Journaled) bool {
		if failed = ctx.Err(); failed != nil {
			return false
		}
		if end != 0 && j.Stamp >= end && j.Input.Derived == 0 {
			return false
		}
		next = j.Seq + 1
		tick()
		r.batch = append(r.batch, j)
		if len(r.batch) == maxBatch || j.Input.Kind().Redirects() {
			failed = r.flush(seen)
		}
		return failed == nil
	})
	if err == nil && failed == nil {
		failed = r.flush(seen)
	}
	if err != nil {
		return next, err
	}
	return next, failed
}

// flush applies what was gathered.
func (r *past) flush(seen replay.Seen) error {
	for len(r.batch) > 0 {
		n, _, err := r.Apply(r.batch, seen)
		if err != nil {
			return err
		}
		r.batch = r.batch[n:]
	}
	r.batch = r.batch[:0]
	return nil
}
