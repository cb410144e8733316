package main

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/client"
)

// apiFlags are the flags of verbs that talk to a running server.
type apiFlags struct{ server, token string }

// addAPIFlags adds --server and --token to a verb and to those below it.
func addAPIFlags(c *cobra.Command) *apiFlags {
	f := &apiFlags{}
	flags := c.PersistentFlags()
	flags.StringVar(&f.server, "server", "", "URL of the running server; default $NUDGE_SERVER, else "+client.DefaultServer)
	flags.StringVar(&f.token, "token", "", "bearer token of the API; default $NUDGE_TOKEN")
	return f
}

// client makes the client of the server that the flags name.
func (f *apiFlags) client() (*client.Client, error) {
	server := cmp.Or(f.server, os.Getenv("NUDGE_SERVER"))
	c, err := client.New(client.Config{Server: server, Token: cmp.Or(f.token, os.Getenv("NUDGE_TOKEN"))})
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--server %q: want a URL like %s", server, client.DefaultServer))
	}
	return c, nil
}

// ask makes the body of a verb that requests something from the server and shows it, as
// JSON or as the text that show writes.
func ask[T any](f *apiFlags, output *format, get func(context.Context, *client.Client, []string) (T, error),
	show func(*cobra.Command, T) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		server, err := f.client()
		if err != nil {
			return err
		}
		v, err := get(c.Context(), server, args)
		if err != nil {
			return err
		}
		return report(c, *output, v, show)
	}
}
