package main

import "github.com/spf13/cobra"

func newEvents() *cobra.Command {
	c := group("events", "Send events to a running server, and see what arrives")
	flags := addAPIFlags(c)
	c.AddCommand(newEventsSend(flags), newEventsTypes(flags), newEventsRefused(flags), newEventsTail(flags))
	return c
}
