package app

import (
	"context"
	"time"

	"nudge/server"
)

// watchGrace is how long a stop waits for the loop over the watched proposals; then it goes on without it.
const watchGrace = 2 * time.Second

// watchProposals backtests the proposals that are watched, in parallel with everything else.
func (i *Instance) watchProposals(s *server.Server) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends when Stop cancels it
		defer close(done)
		s.WatchProposals(ctx, i.config.Clock)
	}()
	i.push("the watched proposals", func() error {
		cancel()
		select {
		case <-done:
		case <-time.After(watchGrace): // the clock or the store stands, which the stop of the engine tells
		}
		return nil
	})
}
