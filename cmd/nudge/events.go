package main

import (
	"context"

	"github.com/spf13/cobra"

	"nudge/engine"
)

func newEvents() *cobra.Command {
	c := group("events", "Tell a running server what happened")
	c.AddCommand(newEventsSend(addAPIFlags(c)))
	return c
}

// postEvent gives one event to the server, which answers when it is on disk.
func (a *api) postEvent(ctx context.Context, e event) (*engine.Answer, error) {
	answer := &engine.Answer{}
	return answer, a.post(ctx, "/v1/events", e, answer)
}
