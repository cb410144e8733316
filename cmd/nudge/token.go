package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/flows"
	"nudge/server"
)

const tokenNewHelp = `New makes a token of the API and prints it once: nobody can print it again. With --file it
adds the token's hash to a file of tokens, which nudge.yaml names as tokens_file. Without,
it prints the entry for you to add. A server takes it after a reload.

The scopes are events (send events, and nothing else), read, operate (campaigns, runs, people,
what goes out; and read), author (plan and deploy flows; and operate) and admin (everything).
Several tokens may have one name: to rotate one, make a second, reload, give it to its user,
and take the first out.`

const tokenNewExample = `  nudge token new shop --scope events --expires 365d --file tokens.yaml`

func newToken() *cobra.Command {
	return group("token", "Make, list and show tokens of the API", newTokenNew(), newTokenList(), newTokenShow())
}

func newTokenNew() *cobra.Command {
	var scopes []string
	var expires, file string
	c := &cobra.Command{
		Use:     "new NAME",
		Short:   "Make a token of the API",
		Long:    tokenNewHelp,
		Example: tokenNewExample,
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do: events, read, operate, author or admin; required, may be repeated")
	c.Flags().StringVar(&expires, "expires", "", "how long it is valid, such as 90d (default: it does not expire)")
	c.Flags().StringVarP(&file, "file", "f", "", "file of tokens to add it to; it is made if there is none")
	c.RunE = func(c *cobra.Command, args []string) error {
		given, err := scopesOf(scopes)
		if err != nil {
			return err
		}
		until, err := expiryOf(expires)
		if err != nil {
			return err
		}
		t, err := app.MakeToken(args[0], given, until)
		if err != nil {
			return err
		}
		if file == "" {
			fmt.Fprintf(c.ErrOrStderr(), "add this entry below tokens: in the file that nudge.yaml names as tokens_file:\n  %s\nthe token:\n", t.Entry)
		} else if err := app.AddToken(file, t); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), t.Text)
		return nil
	}
	return c
}

// scopesOf reads the values of --scope.
func scopesOf(words []string) (all []server.Scope, err error) {
	var known []string
	for _, s := range server.Scopes {
		known = append(known, string(s))
	}
	for _, word := range words {
		if !slices.Contains(known, word) {
			return nil, wrongUsage(fmt.Errorf("there is no scope %q; %s", word, didYouMean(word, known)))
		}
		all = append(all, server.Scope(word))
	}
	if len(all) == 0 {
		return nil, wrongUsage(fmt.Errorf("--scope is missing: %s", server.ScopeWords(server.Scopes)))
	}
	return all, nil
}

// expiryOf reads the value of --expires.
func expiryOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	d, err := flows.ParseDuration(text)
	if err != nil {
		return time.Time{}, wrongUsage(fmt.Errorf("--expires: %w", err))
	}
	return time.Now().AddDate(0, 0, d.Days).Add(d.Clock).Truncate(time.Second), nil
}

const tokenListHelp = `List shows the tokens of a file: names, scopes and ends. The tokens themselves are not in it.`

func newTokenList() *cobra.Command {
	return &cobra.Command{
		Use:     "list FILE",
		Short:   "List the tokens of a file",
		Long:    tokenListHelp,
		Example: "  nudge token list tokens.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			all, list := app.ReadTokens(args[0])
			if list.HasErrors() {
				return wrongInput(list)
			}
			return showTokens(c.OutOrStdout(), all, time.Now())
		},
	}
}

// showTokens prints tokens as a table.
func showTokens(w io.Writer, all []server.Token, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSCOPES\tEXPIRES\tHASH")
	for _, one := range all {
		end := "never"
		if !one.Expires.IsZero() {
			end = one.Expires.UTC().Format(time.DateTime)
			if !now.Before(one.Expires) {
				end += " (expired)"
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%x…\n", one.Name, server.ScopeWords(one.Scopes), end, one.Hash[:4])
	}
	return failed(t.Flush())
}
