package explain

import (
	"context"
	"errors"

	"nudge/engine"
	"nudge/whatif/replay"
)

// ErrCut reports a journal whose beginning is gone.
var ErrCut = errors.New("the journal has lost its first inputs, so later inputs cannot be replayed")

// replayed is a replay, one input after the other.
type replayed struct{ *replay.Replay }

func newReplayed(of engine.State) (*replayed, error) {
	r, err := replay.New(of)
	if err != nil {
		return nil, err
	}
	r.Forgiving = true
	return &replayed{r}, nil
}

// applied is an input with what it led to.
type applied struct {
	*engine.Journaled
	Needs   engine.Needs
	Outcome engine.Applied
	Changes []engine.Change
}

// through replays a source until visit returns false, or to its end.
func (r *replayed) through(ctx context.Context, src replay.Source, visit func(*applied) bool, tick func()) error {
	var failed error
	err := src.Entries(1, func(j *engine.Journaled) bool {
		switch {
		case ctx.Err() != nil:
			failed = ctx.Err()
			return false
		case j.Seq != r.Core.State.Seq+1:
			failed = ErrCut
			return false
		}
		var a *applied
		if a, failed = r.apply(j); failed != nil {
			return false
		}
		tick()
		return visit(a)
	})
	return errors.Join(failed, err)
}

func (r *replayed) apply(j *engine.Journaled) (*applied, error) {
	a := &applied{Journaled: j}
	r.Core.Needs(j.Input, &a.Needs)
	_, changes, err := r.Apply([]*engine.Journaled{j}, func(_ *engine.Journaled, out *engine.Applied, _ func(engine.RunID) *engine.Run) {
		a.Outcome = *out
	})
	a.Changes = changes
	return a, err
}
