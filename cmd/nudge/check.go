package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/lang/diag"
	"nudge/whatif/prove"
)

const checkHelp = `Check reads the whole project, with nudge.yaml and its tests, and shows every mistake at its
line and column. It also proves the promises of the flows. It exits with 1 if there are
errors. Warnings do not change the exit code.

With -o github, mistakes become annotations of a GitHub workflow. --explain CODE explains
the code in brackets behind a mistake, with an example.`

func newCheck() *cobra.Command {
	c := &cobra.Command{
		Use:     "check [DIR]",
		Short:   "Show the mistakes of a project",
		Long:    checkHelp,
		Example: "  nudge check\n  nudge check examples/order_shipped -o json\n  nudge check --explain no-failed-line",
		Args:    cobra.MaximumNArgs(1),
	}
	var code string
	c.Flags().StringVar(&code, "explain", "", "explain the `CODE` of a mistake")
	output := outputFlagOf(c, asText, asJSON, asGitHub)
	c.RunE = func(c *cobra.Command, args []string) error {
		if code != "" {
			return explainCode(c.OutOrStdout(), code)
		}
		files, err := app.Open(dirArgument(args))
		if err != nil {
			return err
		}
		p := app.Read(files, app.AllSettings(os.LookupEnv))
		if !p.List.HasErrors() { // a project that does not load cannot be explored
			p.List = append(p.List, proveProject(p, prove.Options{Budget: prove.Tenth}, c.ErrOrStderr()).Diagnose()...)
			p.ReadTests()
		}
		if err := showCheck(c, p, dirArgument(args), *output); err != nil {
			return failed(err)
		}
		if p.List.HasErrors() {
			return wrongInput(errShown)
		}
		return nil
	}
	return c
}

func showCheck(c *cobra.Command, p *app.Project, dir string, output format) error {
	out := c.OutOrStdout()
	switch output {
	case asJSON:
		return writeJSON(out, append(diag.List{}, p.List...))
	case asGitHub:
		annotate(out, dir, p.List)
		_, err := fmt.Fprintln(out, p.Summary())
		return err
	}
	if err := p.Show(out); err != nil {
		return err
	}
	if len(p.List) > 0 {
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintln(out, p.Summary())
	return err
}
