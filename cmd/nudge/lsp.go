package main

import (
	"bytes"
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"nudge/lsp"
)

const lspHelp = `Lsp runs the language server, for editors. It talks over standard input and output, and shows
what nudge check shows while you type, also in texts that are not saved. It completes keys,
names and expressions, explains them, and finds and renames what they mean.

docs/editors.md shows the settings for VS Code, Neovim, Helix, JetBrains and Zed. With --server
or --target, or with NUDGE_SERVER, it also shows how many runs wait at each step.`

func newLSP() *cobra.Command {
	c := &cobra.Command{
		Use:     "lsp",
		Short:   "Run the language server for editors",
		Long:    lspHelp,
		Example: "  nudge lsp",
		Args:    cobra.NoArgs,
	}
	flags := addAPIFlags(c)
	c.Flags().Bool("stdio", true, "talk over standard input and output; editors that always name a way add it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		debug.SetGCPercent(200) // a key may read many flows again: a third of that was the collector's work
		o := lsp.Options{Version: builtFrom().Version, Env: os.LookupEnv, Now: time.Now, Verb: runVerb}
		if flags.server != "" || flags.target != "" || os.Getenv("NUDGE_SERVER") != "" {
			var err error
			if o.Client, err = flags.client(); err != nil {
				return err
			}
		}
		return failed(lsp.Serve(c.Context(), c.InOrStdin(), raw(c.OutOrStdout()), o))
	}
	return c
}

// runVerb runs a verb of the command line for an editor. It has no input.
func runVerb(ctx context.Context, args ...string) (output string, code int) {
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(bytes.NewReader(nil))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(ctx)
	if text := errorText(err); text != "" {
		out.WriteString("nudge: " + text + "\n")
	}
	return out.String(), exitCode(err)
}
