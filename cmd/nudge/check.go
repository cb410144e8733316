package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/flows/diag"
)

const checkHelp = `Check reads the whole project, nudge.yaml included, and shows everything that is wrong
with it, each mistake at its line and column. It exits with 1 when there are errors;
warnings are shown only.`

func newCheck() *cobra.Command {
	c := &cobra.Command{
		Use:     "check [DIR]",
		Short:   "Show what is wrong with a project",
		Long:    checkHelp,
		Example: "  nudge check\n  nudge check examples/order_shipped -o json",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		files, err := openProject(dirArgument(args))
		if err != nil {
			return err
		}
		p := loadProject(files, readSettings(os.LookupEnv))
		if err := showCheck(c, p, *output); err != nil {
			return failed(err)
		}
		if p.List.HasErrors() {
			return wrongInput(errShown)
		}
		return nil
	}
	return c
}

func showCheck(c *cobra.Command, p *project, output format) error {
	out := c.OutOrStdout()
	if output == asJSON {
		return writeJSON(out, append(diag.List{}, p.List...))
	}
	if err := p.show(out); err != nil {
		return err
	}
	if len(p.List) > 0 {
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintln(out, p.summary())
	return err
}
