package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/flows/graph"
)

const graphHelp = `Graph draws a flow and writes the drawing to standard output: as SVG, which follows the
reader's light or dark scheme, as Mermaid, or as a tree of text.`

// Formats of graph only.
const (
	asSVG     format = "svg"
	asMermaid format = "mermaid"
)

func newGraph() *cobra.Command {
	c := &cobra.Command{
		Use:   "graph FLOW",
		Short: "Draw a flow",
		Long:  graphHelp,
		Example: "  nudge graph order_shipped > order_shipped.svg\n  nudge graph order_shipped -o text\n" +
			"  nudge graph nps -C examples/survey_by_reply -o mermaid",
		Args: cobra.ExactArgs(1),
	}
	dir := c.Flags().StringP("dir", "C", ".", "the project's folder")
	output := outputFlagOf(c, asSVG, asMermaid, asText)
	c.RunE = func(c *cobra.Command, args []string) error {
		p, err := app.Load(*dir, app.AllSettings(os.LookupEnv), c.ErrOrStderr())
		if err != nil {
			return err
		}
		f := p.Flow(args[0])
		if f == nil {
			return wrongUsage(fmt.Errorf("there is no flow %q; %s", args[0], didYouMean(args[0], flowNames(p))))
		}
		draw := map[format]string{asSVG: graph.SVG(f), asMermaid: graph.Mermaid(f), asText: graph.Text(f)}
		_, err = io.WriteString(raw(c.OutOrStdout()), draw[*output])
		return failed(err)
	}
	return c
}
