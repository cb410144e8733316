package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/channels/appmessaging"
)

// providerFlags name the account and the project of a verb.
type providerFlags struct{ dir, account string }

func newWebhooks() *cobra.Command {
	f := &providerFlags{}
	c := group("webhooks", "List, register and delete webhooks at the provider",
		newWebhooksList(f), newWebhooksRegister(f), newWebhooksDelete(f))
	c.PersistentFlags().StringVarP(&f.dir, "dir", "C", ".", "the project's folder")
	c.PersistentFlags().StringVar(&f.account, "account", "", "an account of nudge.yaml; default: the default account")
	return c
}

// use runs a verb with the project, the account and a client of it.
func (f *providerFlags) use(c *cobra.Command, do func(*app.Project, *app.Account, *appmessaging.Client) error) error {
	p, err := app.Load(f.dir, app.AllSettings(os.LookupEnv), c.ErrOrStderr())
	if err != nil {
		return err
	}
	a, err := f.find(p.Settings.Accounts)
	if err != nil {
		return err
	}
	client, err := appmessaging.New(a.Config)
	if err != nil {
		return wrongInput(err)
	}
	defer client.Close()
	return do(p, a, client)
}

// find returns the named account, or the default account, which is the first.
func (f *providerFlags) find(accounts []app.Account) (*app.Account, error) {
	if len(accounts) == 0 {
		return nil, wrongInput(errors.New(noAccount))
	}
	var names []string
	for i := range accounts {
		if f.account == "" || accounts[i].Name == f.account {
			return &accounts[i], nil
		}
		names = append(names, accounts[i].Name)
	}
	return nil, wrongInput(fmt.Errorf("nudge.yaml has no account %q; %s", f.account, didYouMean(f.account, names)))
}

// webhookView is a webhook as -o json prints it. It has no secret.
type webhookView struct {
	ID           string   `json:"id,omitempty"`
	Name         string   `json:"name"`
	URL          string   `json:"url"`
	Events       []string `json:"events"`
	Batch        int      `json:"batch,omitempty"`
	BatchTimeout int      `json:"batchTimeout,omitempty"` // seconds
}

func viewOfWebhook(r appmessaging.Registration) webhookView {
	v := webhookView{ID: r.ID, Name: r.Name, URL: r.URL, Events: []string{}}
	for _, s := range r.Subscriptions {
		name := s.Type
		for _, f := range s.Filters {
			name += fmt.Sprintf(" (%s %s)", f.Name, f.Value)
		}
		v.Events = append(v.Events, name)
	}
	slices.Sort(v.Events)
	if r.Batch {
		v.Batch, v.BatchTimeout = r.MaxBatchSize, r.BatchTimeout
	}
	return v
}

// lines is the webhook field by field, as list and register show it.
func (v webhookView) lines() (lines []webhookField) {
	events, batch := strings.Join(v.Events, ", "), "no"
	if events == "" {
		events = "all"
	}
	if v.Batch > 0 {
		batch = fmt.Sprintf("%d events, after %ds at most", v.Batch, v.BatchTimeout)
	}
	return []webhookField{{"name", v.Name}, {"url", v.URL}, {"events", events}, {"batch", batch}}
}

type webhookField struct{ name, value string }

func newWebhooksList(flags *providerFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the webhooks that the provider has",
		Example: "  nudge webhooks list\n  nudge webhooks list -C shop -o json",
		Args:    cobra.NoArgs,
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return flags.use(c, func(_ *app.Project, _ *app.Account, client *appmessaging.Client) error {
			all, err := client.Webhooks(c.Context())
			if err != nil {
				return providerFailed(err)
			}
			views := []webhookView{}
			for _, r := range all {
				views = append(views, viewOfWebhook(r))
			}
			if *output == asJSON {
				return writeJSON(c.OutOrStdout(), views)
			}
			if len(views) == 0 {
				fmt.Fprintln(c.ErrOrStderr(), "there is no webhook; nudge webhooks register makes one")
			}
			for _, v := range views {
				fmt.Fprintf(c.OutOrStdout(), "%-7s %s\n", "id", v.ID)
				for _, l := range v.lines() {
					fmt.Fprintf(c.OutOrStdout(), "%-7s %s\n", l.name, l.value)
				}
				fmt.Fprintln(c.OutOrStdout())
			}
			return nil
		})
	}
	return c
}

func newWebhooksDelete(flags *providerFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Short:   "Delete a webhook of the provider, by its name or id",
		Example: "  nudge webhooks delete 'nudge shop'",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.use(c, func(_ *app.Project, _ *app.Account, client *appmessaging.Client) error {
				all, err := client.Webhooks(c.Context())
				if err != nil {
					return providerFailed(err)
				}
				found, err := namedWebhook(all, args[0])
				if err != nil {
					return err
				}
				if err := client.DeleteWebhook(c.Context(), found.ID); err != nil {
					return providerFailed(err)
				}
				fmt.Fprintf(c.ErrOrStderr(), "%s is deleted: the provider posts nothing more to %s\n", found.Name, found.URL)
				return nil
			})
		},
	}
}

// namedWebhook returns the only webhook with this name or id.
func namedWebhook(all []appmessaging.Registration, name string) (appmessaging.Registration, error) {
	var found []appmessaging.Registration
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
		if r.Name == name || r.ID == name {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return appmessaging.Registration{}, wrongInput(fmt.Errorf("the provider has no webhook %q; %s", name, didYouMean(name, names)))
	case 1:
		return found[0], nil
	}
	return appmessaging.Registration{}, wrongInput(fmt.Errorf("%d webhooks are named %q; name one by its id, which list shows", len(found), name))
}

// providerFailed returns a failed request to the provider as an error for the user.
func providerFailed(err error) error {
	return failed(fmt.Errorf("the provider: %s", app.Plain(err)))
}
