package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"nudge/client"
)

// askAbove is the largest campaign that starts without a question, in people.
const askAbove = 1000

const startHelp = `Start starts a campaign of a flow now, for everybody in its audience at once, whatever its
schedule says. Above 1000 people it asks first; without a terminal, add --yes.
While a campaign of the flow is still taking people it starts none, unless you give --again.

On a terminal it shows the campaign's progress until it has started for everybody. You can interrupt
that: the campaign goes on.`

func newCampaignsStart(flags *apiFlags) *cobra.Command {
	var start client.CampaignStart
	yes := false
	c := &cobra.Command{
		Use:     "start FLOW",
		Short:   "Start a campaign now",
		Long:    startHelp,
		Example: "  nudge campaigns start flash_sale --yes",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "start without asking")
	c.Flags().BoolVar(&start.Again, "again", false, "start although a campaign of the flow is still under way")
	c.Flags().StringVar(&start.ID, "id", "", "an id that makes it safe to start again: the same id starts no second campaign")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		if !yes {
			if err := confirm(c.Context(), a, args[0], c.InOrStdin(), c.ErrOrStderr()); err != nil {
				return err
			}
		}
		start.Flow = args[0]
		campaign, err := a.StartCampaign(c.Context(), start)
		if problem := (*client.Problem)(nil); errors.As(err, &problem) && problem.Kind() == client.KindUnderWay {
			return wrongInput(fmt.Errorf("%w; to start another one beside it, add --again", err))
		}
		if err == nil && isTerminal(c.ErrOrStderr()) {
			campaign, err = followCampaign(c.Context(), a, campaign.ID, c.ErrOrStderr())
		}
		if err != nil {
			return err
		}
		return report(c, *output, campaign, func(c *cobra.Command, campaign *client.Campaign) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "campaign %s %s\n", campaign.ID, campaign.Status)
			return err
		})
	}
	return c
}

// confirm asks whether to start a campaign with many people.
func confirm(ctx context.Context, a *client.Client, flow string, in io.Reader, errs io.Writer) error {
	p, err := a.PreviewCampaign(ctx, client.CampaignPreview{Flow: flow})
	if err != nil {
		return err
	}
	if p.Rows == 0 {
		fmt.Fprintf(errs, "warning: %s\n", nobody)
	}
	if p.Rows <= askAbove {
		return nil
	}
	if f, ok := in.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return wrongUsage(fmt.Errorf("%s has %d people; look at nudge campaigns preview %s, then add --yes", flow, p.Rows, flow))
	}
	fmt.Fprintf(errs, "%s has %d people. Start? [y/N] ", flow, p.Rows)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) { // without an answer the campaign does not start
		return failed(err)
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "y" && word != "yes" {
		return wrongUsage(errors.New("not started"))
	}
	return nil
}
