package main

import "github.com/spf13/cobra"

func newEvents() *cobra.Command {
	c := group("events", "Send events to a running server")
	c.AddCommand(newEventsSend(addAPIFlags(c)))
	return c
}
