package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const tokenShowHelp = `Show says whose token nudge sends to a running server, what it may do and until when, and which
server that is.`

func newTokenShow() *cobra.Command {
	c := &cobra.Command{
		Use:     "show",
		Short:   "Show the token that a running server sees",
		Long:    tokenShowHelp,
		Example: "  nudge token show\n  nudge token show --server http://nudge.internal:8080 -o json",
		Args:    cobra.NoArgs,
	}
	flags := addAPIFlags(c)
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.CurrentToken, error) {
		return a.Token(ctx)
	}, textOf(writeToken))
	return c
}

// writeToken shows a token and its server.
func writeToken(out io.Writer, t *client.CurrentToken) error {
	end := ", does not expire"
	if !t.Expires.IsZero() {
		end = ", until " + t.Expires.String()
	}
	fmt.Fprintf(out, "%s may %s%s\n", t.Name, strings.Join(t.May, ", "), end)
	s := &t.Server
	var words []string
	if s.Project != "" {
		words = append(words, "project "+s.Project)
	}
	words = append(words, "installation "+s.Installation)
	if s.Dev {
		words = append(words, "a server of nudge dev or nudge demo")
	}
	if !s.Tokens {
		words = append(words, "everybody on its machine may do everything")
	}
	if s.SecondPerson {
		words = append(words, "nobody deploys alone")
	}
	_, err := fmt.Fprintln(out, strings.Join(words, "; "))
	return err
}
