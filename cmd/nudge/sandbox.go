package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/sandbox/session"
)

const sandboxHelp = `Sandbox serves the provider's API on this machine. Its people act out a script for every
message they get. It accepts any access token, unless --token names one.

A script is one or more of these, separated by commas:

  reads after 3s         never reads         replies "yes" after 1m
  delivered after 1s     never delivered     fails "no such device" after 1s
  expires after 1h

A time may be a range, as in reads after 2s-10m; then chance decides. People without a
script read after three seconds. A people file has rules for people by pattern, chances,
replies to certain messages, and faults.

GET /sandbox/messages and /sandbox/conversations show what there is. POST /sandbox/replies
sends a reply of a person. PUT /sandbox/faults makes things go wrong.`

// sandboxOptions are the flags of sandbox.
type sandboxOptions struct {
	listen, webhook, secret, user, token, file, people string
	batch                                              int
	persons                                            []string
	auth                                               session.Auth
}

func newSandbox() *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Run only the local App Messaging service",
		Long:  sandboxHelp,
		Example: "  nudge sandbox --webhook http://127.0.0.1:8080/webhooks/comapi --secret local-secret \\\n" +
			"    --person 'ann=reads after 10s' --person 'bob=never reads'",
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8081", "address to serve on")
	c.Flags().StringVar(&o.webhook, "webhook", "", "URL to post webhooks to; empty: post none")
	c.Flags().StringVar(&o.secret, "secret", "", "secret that webhooks are signed with")
	c.Flags().StringVar(&o.token, "token", "", "the access token to accept; empty: accept any")
	c.Flags().StringVar(&o.user, "user", "", "the user to accept by HTTP Basic, with the token as password; empty: accept any")
	c.Flags().StringVar(&o.file, "file", "", "file that keeps messages over a restart; empty: keep none")
	c.Flags().StringVar(&o.people, "people", "", "a people file")
	c.Flags().IntVar(&o.batch, "batch", 1, "most events in one webhook; above 1 the body is always an array")
	c.Flags().StringArrayVar(&o.persons, "person", nil, "a person's script: NAME=SCRIPT; may be repeated")
	usual := session.DefaultAuth()
	c.Flags().StringVar(&o.auth.Issuer, "jwt-issuer", usual.Issuer, "claim iss of the JWTs of apps")
	c.Flags().StringVar(&o.auth.Audience, "jwt-audience", usual.Audience, "claim aud of the JWTs of apps")
	c.Flags().StringVar(&o.auth.Secret, "jwt-secret", usual.Secret, "secret of the JWTs of apps (HS256)")
	c.Flags().StringVar(&o.auth.IDClaim, "jwt-claim", usual.IDClaim, "claim with the profile ID")
	log := logFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		config, err := o.config(c.ErrOrStderr())
		if err != nil {
			return err
		}
		config.Log = log.logger(c.ErrOrStderr())
		ctx, ended := untilSignal(c.Context())
		defer ended()
		l, err := app.Listen(o.listen)
		if err != nil {
			return err
		}
		local, err := app.StartSandbox(l, config, config.Log)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "sandbox is ready: api", local.URL())
		select {
		case <-ctx.Done():
			return local.Stop()
		case err := <-local.Failure():
			return errors.Join(err, local.Stop())
		}
	}
	return c
}

// config is what the flags ask for. What is wrong with the people file is shown.
func (o *sandboxOptions) config(errs io.Writer) (sandbox.Config, error) {
	named, err := parsePeople(o.persons)
	if err != nil {
		return sandbox.Config{}, err
	}
	if o.webhook != "" && o.secret == "" {
		return sandbox.Config{}, wrongUsage(errors.New("webhooks are always signed: give --webhook a --secret"))
	}
	s := app.SandboxSetup{People: &people.People{Named: named}}
	if o.people != "" {
		if s, err = app.LoadPeople(o.people, named, errs); err != nil {
			return sandbox.Config{}, err
		}
	}
	return sandbox.Config{
		Token: o.token, User: o.user, WebhookURL: o.webhook, Secret: o.secret, Batch: o.batch,
		Auth: o.auth, File: o.file, People: s.Script, Faults: s.Faults,
	}, nil
}

func parsePeople(flags []string) (map[string]people.Script, error) {
	scripts := map[string]people.Script{}
	for _, text := range flags {
		name, script, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, wrongUsage(fmt.Errorf(`--person %s: want NAME=SCRIPT, for example "ann=reads after 3s"`, text))
		}
		parsed, err := people.ParseScript(script)
		if err != nil {
			return nil, wrongUsage(fmt.Errorf("--person %s: %w", name, err))
		}
		scripts[name] = parsed
	}
	return scripts, nil
}
