package backtest

import (
	"context"

	"nudge/engine"
	"nudge/flows"
	"nudge/whatif/replay"
)

// RunObserved plays a journal again with flows, and with an observer on the engine.
func RunObserved(ctx context.Context, journals []replay.Source, edited []flows.Bundle, o engine.Observer) error {
	b, err := begin(ctx, journals, Options{})
	if err != nil {
		return err
	}
	w, err := newWorld(b, nil)
	if err != nil {
		return err
	}
	w.core.Observe(o)
	if err := w.begin(&engine.Deploy{Flows: edited}); err != nil {
		return err
	}
	return w.live(ctx, newFeed(b.parts), b.until, b.tick)
}
