package app

import (
	"context"

	"nudge/server"
)

// watchProposals backtests the proposals that are watched, in parallel with everything else.
func (i *Instance) watchProposals(s *server.Server) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // ends when Stop cancels it
		defer close(done)
		s.WatchProposals(ctx, i.config.Clock)
	}()
	i.push("the watched proposals", func() error { cancel(); <-done; return nil })
}
