package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/client"
)

// apiFlags are the flags of verbs that talk to a running server.
type apiFlags struct{ server, token, ca string }

// addAPIFlags adds --server, --token and --ca to a verb and to those below it.
func addAPIFlags(c *cobra.Command) *apiFlags {
	f := &apiFlags{}
	flags := c.PersistentFlags()
	flags.StringVar(&f.server, "server", "", "URL of the running server; default $NUDGE_SERVER, else "+client.DefaultServer)
	flags.StringVar(&f.token, "token", "", "bearer token of the API; default $NUDGE_TOKEN")
	flags.StringVar(&f.ca, "ca", "", "`FILE` with the certificates that a server by https may have; default $NUDGE_CA, else those of the system")
	return f
}

// client makes the client of the server that the flags name.
func (f *apiFlags) client() (*client.Client, error) {
	server := cmp.Or(f.server, os.Getenv("NUDGE_SERVER"))
	roots, err := rootsIn(cmp.Or(f.ca, os.Getenv("NUDGE_CA")))
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{Server: server, Token: cmp.Or(f.token, os.Getenv("NUDGE_TOKEN")), Roots: roots})
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--server %q: want a URL like %s", server, client.DefaultServer))
	}
	return c, nil
}

// rootsIn reads the certificates that the server may have. Without a file they are those of the system.
func rootsIn(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--ca: %w", err))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(raw) {
		return nil, wrongUsage(fmt.Errorf("--ca %s: there is no certificate in it; want PEM", file))
	}
	return roots, nil
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
