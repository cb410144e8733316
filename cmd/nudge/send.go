package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/flows"
	"nudge/lang/shape"
)

const sendHelp = `Send renders one template for one person and sends it through the account of nudge.yaml, at
once and regardless of outbound. The message belongs to no run: what the provider reports
about it later is ignored. --data is what a run would start with.`

// sendOptions are the flags of send.
type sendOptions struct {
	dir, to, data string
	dry           bool
}

func newSend() *cobra.Command {
	var o sendOptions
	c := &cobra.Command{
		Use:     "send TEMPLATE --to PERSON",
		Short:   "Send one test message",
		Long:    sendHelp,
		Example: "  nudge send shipped --to ann --data order.json --dry-run",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&o.to, "to", "", "profile ID of the person")
	c.Flags().StringVar(&o.data, "data", "", "a file with the data, a JSON object; - for standard input")
	c.Flags().StringVarP(&o.dir, "dir", "C", ".", "the project's folder")
	c.Flags().BoolVar(&o.dry, "dry-run", false, "show the message instead of sending it")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if o.to == "" {
			return wrongUsage(errors.New("say to whom: --to PERSON"))
		}
		read := app.AllSettings(os.LookupEnv)
		if o.dry { // showing a message needs no account and no secrets
			read = app.LocalSettings(os.LookupEnv)
		}
		p, err := app.Load(o.dir, read, c.ErrOrStderr())
		if err != nil {
			return err
		}
		m, err := o.render(p, args[0], c.InOrStdin())
		if err != nil {
			return wrongInput(err)
		}
		m = m.WithPreferences(o.link(p))
		if o.dry {
			return showMessage(c.OutOrStdout(), m, *output)
		}
		if len(p.Settings.Accounts) == 0 {
			return wrongInput(errors.New(noAccount))
		}
		return sendMessage(c.Context(), c.OutOrStdout(), &p.Settings.Accounts[0], m, *output)
	}
	return c
}

func (o *sendOptions) render(p *app.Project, name string, in io.Reader) (channels.Message, error) {
	t, err := p.Template(name)
	if err != nil {
		return channels.Message{}, err
	}
	data, err := o.readData(in)
	if err != nil {
		return channels.Message{}, err
	}
	now := shape.TimeOf(time.Now().UTC())
	return t.Render(o.to, map[string]any{
		flows.NameData:    data,
		flows.NameProfile: map[string]any{"id": o.to, "timezone": p.Zone.String()},
		flows.NameVars:    map[string]any{},
		flows.NameRun:     map[string]any{"id": "test", "key": "", "started": now, "started_by": "nudge send"},
		flows.NameNow:     now,
	})
}

// link returns the link that the message has: an example where there is no secret for a real one.
func (o *sendOptions) link(p *app.Project) string {
	if s := p.Settings.Preferences; s != nil && len(s.Secrets) > 0 {
		return s.Links().URL(o.to, "", time.Now())
	}
	return channels.ExamplePreferencesURL
}

func (o *sendOptions) readData(in io.Reader) (any, error) {
	flag := o.data
	if flag != "" && flag != "-" {
		flag = "@" + flag
	}
	raw, err := readData("--data", flag, in)
	if err != nil || raw == nil {
		return map[string]any{}, err
	}
	return shape.Any.Decode(raw)
}

// sendMessage posts a message and reports the result.
func sendMessage(ctx context.Context, out io.Writer, a *app.Account, m channels.Message, output format) error {
	client, err := appmessaging.New(a.Config)
	if err != nil {
		return wrongInput(err)
	}
	defer client.Close()
	result := client.Send(ctx, m)
	if output == asJSON {
		err = writeJSON(out, outcomeOf(result))
	} else {
		_, err = fmt.Fprintln(out, inWords(result))
	}
	switch {
	case err != nil:
		return failed(err)
	case result.Outcome == channels.Refused:
		return wrongInput(errShown)
	case result.Outcome != channels.Accepted:
		return failed(errShown)
	}
	return nil
}

// noAccount is the error text of a verb that needs an account.
const noAccount = `nudge.yaml has no account, so nothing can be sent. For example:

  account:
    url: https://api.comapi.com
    path: /apispaces/YOUR_API_SPACE
    token: ${COMAPI_TOKEN}

or try it without one: nudge dev runs the project against a local service`
