package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"nudge/channels/sandbox"
)

const sandboxHelp = `Sandbox serves the provider's API on this machine, with people in it who act out a
script for every message they get. It takes any access token unless --token names one.

A script is one or more of these, separated by commas:

  reads after 3s         never reads         replies "yes" after 1m
  delivered after 1s     never delivered     fails "no such device" after 1s
  expires after 1h

Whoever has no script reads after three seconds. GET /sandbox/messages and
/sandbox/conversations show what there is; POST /sandbox/replies lets somebody write.`

// sandboxOptions are the flags of sandbox.
type sandboxOptions struct {
	listen, webhook, secret, token string
	people                         []string
}

func newSandbox() *cobra.Command {
	var o sandboxOptions
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the local App Messaging service alone",
		Long:  sandboxHelp,
		Example: "  nudge sandbox --webhook http://127.0.0.1:8080/webhooks/comapi --secret local \\\n" +
			"    --person 'ann=reads after 10s' --person 'bob=never reads'",
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8081", "address to serve on")
	c.Flags().StringVar(&o.webhook, "webhook", "", "where to post webhooks; none when empty")
	c.Flags().StringVar(&o.secret, "secret", "", "what webhooks are signed with")
	c.Flags().StringVar(&o.token, "token", "", "the access token that is good; any when empty")
	c.Flags().StringArrayVar(&o.people, "person", nil, "a person's script: NAME=SCRIPT; may be repeated")
	log := logFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		people, err := parsePeople(o.people)
		if err != nil {
			return err
		}
		if o.webhook != "" && o.secret == "" {
			return wrongUsage(errors.New("webhooks are always signed: give --webhook a --secret"))
		}
		ctx, ended := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
		defer ended()
		l, err := listenOn(o.listen)
		if err != nil {
			return err
		}
		logger := log.logger(c.ErrOrStderr())
		local, err := startLocal(l, sandbox.Config{
			Token: o.token, WebhookURL: o.webhook, Secret: o.secret, People: scripted(people), Log: logger,
		}, logger)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "sandbox is ready: api", local.URL())
		select {
		case <-ctx.Done():
			return local.Stop()
		case err := <-local.failure:
			return errors.Join(err, local.Stop())
		}
	}
	return c
}

func parsePeople(flags []string) (map[string]sandbox.Script, error) {
	people := map[string]sandbox.Script{}
	for _, text := range flags {
		name, script, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, wrongUsage(fmt.Errorf(`--person %s: want NAME=SCRIPT, for example "ann=reads after 3s"`, text))
		}
		parsed, err := sandbox.ParseScript(script)
		if err != nil {
			return nil, wrongUsage(fmt.Errorf("--person %s: %s", name, withoutPackage(err)))
		}
		people[name] = parsed
	}
	return people, nil
}
