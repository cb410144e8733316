package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
)

// apiFlags are the flags of verbs that talk to a running server.
type apiFlags struct {
	server, token, ca string
	target            string // of the project
	project           string // its folder; empty: the current one
}

// addAPIFlags adds --target, --server, --token and --ca to a verb and to those below it.
func addAPIFlags(c *cobra.Command) *apiFlags {
	f := &apiFlags{}
	flags := c.PersistentFlags()
	flags.StringVar(&f.server, "server", "", "URL of the running server; default $NUDGE_SERVER, else "+client.DefaultServer)
	flags.StringVar(&f.target, "target", "", "the running server that nudge.yaml has under targets by this `NAME`")
	flags.StringVar(&f.token, "token", "", "bearer token of the API; default $NUDGE_TOKEN")
	flags.StringVar(&f.ca, "ca", "", "`FILE` with the certificates that a server by https may have; default $NUDGE_CA, else those of the system")
	return f
}

// in says in whose folder the target is.
func (f *apiFlags) in(project string) *apiFlags {
	f.project = project
	return f
}

// client makes the client of the server that the flags name.
func (f *apiFlags) client() (*client.Client, error) {
	at, err := f.access()
	if err != nil {
		return nil, err
	}
	return clientAt(at)
}

// clientAt makes the client of a server.
func clientAt(at app.Access) (*client.Client, error) {
	roots, err := rootsIn(at.CA)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{Server: at.URL, Token: at.Token, Roots: roots})
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--server %q: want a URL like %s", at.URL, client.DefaultServer))
	}
	return c, nil
}

// access is how to reach the server. A target stands for all that the environment says of a server: its token must not go to
// another one.
func (f *apiFlags) access() (app.Access, error) {
	if f.target == "" {
		return app.Access{URL: cmp.Or(f.server, os.Getenv("NUDGE_SERVER")), Token: cmp.Or(f.token, os.Getenv("NUDGE_TOKEN")), CA: cmp.Or(f.ca, os.Getenv("NUDGE_CA"))}, nil
	}
	if f.server != "" {
		return app.Access{}, wrongUsage(errors.New("--target and --server both name a server; leave one out"))
	}
	t, err := f.named()
	if err != nil {
		return app.Access{}, err
	}
	a, err := t.Access(os.LookupEnv)
	return app.Access{URL: a.URL, Token: cmp.Or(f.token, a.Token), CA: cmp.Or(f.ca, a.CA)}, err
}

// besideStore refuses a target beside a data folder, which is read without a server.
func (f *apiFlags) besideStore() error {
	if f.target == "" {
		return nil
	}
	return wrongUsage(errors.New("--store reads a data folder, and --target names a server; leave one out"))
}

// named is the target that --target names; nil without it.
func (f *apiFlags) named() (*app.Target, error) {
	if f.target == "" {
		return nil, nil
	}
	return app.TargetOf(cmp.Or(f.project, "."), f.target)
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
