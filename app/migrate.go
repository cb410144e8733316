package app

import (
	"context"
	"errors"

	"nudge/runner"
	"nudge/runner/migrate"
)

// startMigrations moves runs to new versions of their flows, in parallel with everything
// else. It works after the start, because the last process may not have finished, and
// after every deploy.
func (i *Instance) startMigrations() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends when Stop cancels it
		defer close(done)
		i.migrations(ctx)
	}()
	i.push("the migrations", func() error { cancel(); <-done; return nil })
	i.noteDeploy()
}

// migrations moves runs after each deploy, until ctx ends.
func (i *Instance) migrations(ctx context.Context) {
	for {
		select {
		case <-i.deployed:
			i.migrate(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// noteDeploy asks for migrations. One pending request is enough.
func (i *Instance) noteDeploy() {
	select {
	case i.deployed <- struct{}{}:
	default:
	}
}

func (i *Instance) migrate(ctx context.Context) {
	submit, end := i.moving()
	moved, err := migrate.Run(ctx, i.store, submit)
	end()
	if moved > 0 {
		i.log.Info("runs taken over by new versions", "runs", moved)
	}
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, runner.ErrStopped) {
		i.log.Error("runs could not be moved to new versions; the next deploy or start goes on", "error", err)
	}
}
