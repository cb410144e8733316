package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/channels/appmessaging"
)

const webhooksRegisterHelp = `Register makes the provider post its receipts and replies to this project. It creates the
webhook that nudge.yaml describes, or changes the one with that name. It shows each change
first. If nothing differs it changes nothing.

  webhooks:
    url: https://nudge.example/webhooks/comapi
    secrets: [ "${COMAPI_SECRET}" ]     # the first one is registered

Some providers do not show the secret that they have. After you change only the secret,
--force writes the webhook anyway.`

// Defaults for a webhook without these settings. A short wait keeps receipts prompt. The
// largest batch keeps a busy hour from causing a backlog.
const (
	defaultWebhookBatch = 500
	defaultWebhookWait  = 1
)

// registerOptions are the flags of webhooks register.
type registerOptions struct {
	dry, force bool
}

// registered is what register did, for -o json.
type registered struct {
	Did     string        `json:"did"` // created, updated or unchanged; with --dry-run what it would be
	Webhook webhookView   `json:"webhook"`
	Changes []fieldChange `json:"changes"`
}

type fieldChange struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

func newWebhooksRegister(flags *providerFlags) *cobra.Command {
	var o registerOptions
	c := &cobra.Command{
		Use:     "register",
		Short:   "Create or update this project's webhook at the provider",
		Long:    webhooksRegisterHelp,
		Example: "  nudge webhooks register --dry-run\n  nudge webhooks register",
		Args:    cobra.NoArgs,
	}
	c.Flags().BoolVar(&o.dry, "dry-run", false, "show what would change; change nothing")
	c.Flags().BoolVar(&o.force, "force", false, "write the webhook even if nothing differs")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return flags.use(c, func(p *app.Project, a *app.Account, client *appmessaging.Client) error {
			done, err := o.register(c, p, a, client)
			if err != nil {
				return err
			}
			if *output == asJSON {
				return writeJSON(c.OutOrStdout(), done)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s %s %s\n", done.Did, done.Webhook.Name, done.Webhook.ID)
			return nil
		})
	}
	return c
}

func (o *registerOptions) register(c *cobra.Command, p *app.Project, a *app.Account, client *appmessaging.Client) (done registered, err error) {
	want, err := wantedWebhook(p, a)
	if err != nil {
		return done, err
	}
	all, err := client.Webhooks(c.Context())
	if err != nil {
		return done, providerFailed(err)
	}
	if err := subscribe(c, p, client, &want); err != nil {
		return done, err
	}
	have, err := presentWebhook(all, want)
	if err != nil {
		return done, err
	}
	want.ID = have.ID
	done = registered{Did: "updated", Webhook: viewOfWebhook(want), Changes: webhookChanges(have, want)}
	switch {
	case have.ID == "":
		done.Did = "created"
	case len(done.Changes) == 0 && !o.force:
		done.Did = "unchanged"
	}
	showChanges(c.ErrOrStderr(), done)
	if o.dry || done.Did == "unchanged" {
		return done, nil
	}
	saved, err := client.SaveWebhook(c.Context(), want)
	if err != nil {
		return done, providerFailed(err)
	}
	done.Webhook.ID = cmp.Or(saved.ID, want.ID)
	return done, nil
}

// wantedWebhook is the webhook that nudge.yaml describes, without its events.
func wantedWebhook(p *app.Project, a *app.Account) (r appmessaging.Registration, err error) {
	s := p.Settings.Webhooks
	secrets := append(slices.Clone(a.Secrets), s.Secrets...)
	switch {
	case len(secrets) == 0:
		return r, wrongInput(errors.New(`nudge.yaml has no webhooks.secrets; for example webhooks: { secrets: [ "${COMAPI_SECRET}" ] }`))
	case len([]rune(string(secrets[0]))) < appmessaging.MinWebhookSecret:
		return r, wrongInput(fmt.Errorf("the first of webhooks.secrets has fewer than %d characters, which the provider does not take",
			appmessaging.MinWebhookSecret))
	case s.URL == "":
		return r, wrongInput(errors.New("nudge.yaml has no webhooks.url, for example https://nudge.example/webhooks/comapi"))
	}
	r = appmessaging.Registration{Name: cmp.Or(s.Name, "nudge "+p.Name), URL: s.URL, Secret: secrets[0]}
	if batch := cmp.Or(s.Batch, defaultWebhookBatch); batch > 1 {
		r.Batch, r.MaxBatchSize, r.BatchTimeout = true, batch, cmp.Or(s.Wait, defaultWebhookWait)
	}
	return r, nil
}

// subscribe gives a webhook the events that are read here, as far as the account offers
// them. They are not filtered by channel: a message may go by another one of its rules.
func subscribe(c *cobra.Command, p *app.Project, client *appmessaging.Client, want *appmessaging.Registration) error {
	offered, err := client.AvailableEvents(c.Context())
	if err != nil {
		return providerFailed(err)
	}
	for _, name := range appmessaging.Events(p.Settings.Webhooks.Profiles) {
		if len(offered) > 0 && !slices.Contains(offered, name) {
			fmt.Fprintf(c.ErrOrStderr(), "the account offers no %s, so it will not arrive\n", name)
			continue
		}
		want.Subscriptions = append(want.Subscriptions, appmessaging.Subscription{Type: name})
	}
	return nil
}

// presentWebhook returns our existing webhook: the one with this name, or else the one
// that posts to the same address. If there is none, the result has no ID.
func presentWebhook(all []appmessaging.Registration, want appmessaging.Registration) (appmessaging.Registration, error) {
	for _, ours := range []func(appmessaging.Registration) bool{
		func(r appmessaging.Registration) bool { return r.Name == want.Name },
		func(r appmessaging.Registration) bool { return r.URL == want.URL },
	} {
		var found []appmessaging.Registration
		for _, r := range all {
			if ours(r) {
				found = append(found, r)
			}
		}
		if len(found) > 1 {
			return appmessaging.Registration{}, wrongInput(fmt.Errorf("the provider has %d webhooks named %q or posting to %s; delete all but one of them by id: nudge webhooks list",
				len(found), want.Name, want.URL))
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return appmessaging.Registration{}, nil
}

// webhookChanges returns what saving a webhook changes. Secrets are compared if the
// provider shows its own, and are never printed.
func webhookChanges(have, want appmessaging.Registration) []fieldChange {
	changes := []fieldChange{}
	before, after := viewOfWebhook(have).lines(), viewOfWebhook(want).lines()
	for i, to := range after {
		from := before[i].value
		if have.ID == "" {
			from = ""
		}
		if from != to.value {
			changes = append(changes, fieldChange{to.name, from, to.value})
		}
	}
	switch {
	case have.ID == "":
		changes = append(changes, fieldChange{"secret", "", "the first of webhooks.secrets"})
	case have.Secret != "" && have.Secret != want.Secret:
		changes = append(changes, fieldChange{"secret", "another one", "the first of webhooks.secrets"})
	}
	return changes
}

func showChanges(w io.Writer, done registered) {
	for _, change := range done.Changes {
		if change.From != "" {
			fmt.Fprintf(w, "- %-7s %s\n", change.Field, change.From)
		}
		fmt.Fprintf(w, "+ %-7s %s\n", change.Field, change.To)
	}
}
