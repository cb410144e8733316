package runner

import (
	"context"
	"errors"
	"sync"
	"time"

	"nudge/engine"
)

// Freezer copies the audience of a campaign.
type Freezer interface {
	// Freeze copies an audience, so that it cannot change any more. If it cannot be copied,
	// Snapshot.Failed says why. An error means that ctx ended first.
	Freeze(context.Context, engine.SnapshotRequest) (*engine.Snapshot, error)
}

const (
	maxFreezers = 2                           // audiences that are read at the same time; more wait
	maxFreezes  = 2 * engine.MaxOpenCampaigns // audiences that wait to be read; one more waits for the next start, or until its campaign is resumed
	busyPause   = 100 * time.Millisecond      // before an input of our own is tried again
)

// startFreezers starts the goroutines that freeze audiences. They end when freezes is
// closed, and leave what they were at when ctx ends: the next start does it again.
func (r *Runner) startFreezers(ctx context.Context) *sync.WaitGroup {
	var all sync.WaitGroup
	for range maxFreezers {
		all.Go(func() {
			for f := range r.freezes {
				frozen, err := r.frozen(ctx, f)
				if err == nil {
					r.warnOfNobody(f, frozen)
					frozen.Campaign = f.Campaign
					r.insist(ctx, &engine.Input{Payload: frozen})
				}
			}
		})
	}
	return &all
}

// warnOfNobody logs an audience without people. It may be meant, and it may be a file that
// was cut off, so it must not pass in silence.
func (r *Runner) warnOfNobody(f engine.SnapshotRequest, frozen *engine.Snapshot) {
	if frozen.Failed == "" && frozen.Rows == 0 {
		r.config.Log.Warn("the audience is empty: this campaign writes to nobody",
			"flow", f.Flow.Name, "campaign", f.Campaign, "bad_rows", frozen.Bad)
	}
}

func (r *Runner) frozen(ctx context.Context, f engine.SnapshotRequest) (*engine.Snapshot, error) {
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case r.config.Audiences == nil:
		return &engine.Snapshot{Failed: "this server reads no audiences"}, nil
	}
	return r.config.Audiences.Freeze(ctx, f)
}

// insist submits one of the runner's own inputs until the queue takes it. If the runner
// stops first, the next start makes the input again.
func (r *Runner) insist(ctx context.Context, in *engine.Input) {
	for {
		_, err := r.Submit(ctx, in)
		if !errors.Is(err, ErrBusy) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(busyPause):
		}
	}
}

// handOnFreezes hands audiences to the freezers. One for which there is no place waits
// for the next start, or for an operator who resumes it.
func (r *Runner) handOnFreezes(freezes []engine.SnapshotRequest) {
	for _, f := range freezes {
		select {
		case r.freezes <- f:
		default:
			r.config.Log.Error("too many audiences wait to be frozen; resume the campaign later", "flow", f.Flow.Name, "campaign", f.Campaign)
		}
	}
}
