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

	"nudge/server"
)

// askAbove is how many people a campaign may have that is started without asking.
const askAbove = 1000

const startHelp = `Start starts a campaign of a flow now, for everybody of its audience at once, whatever
its schedule says. Where it has more than 1000 people it asks first, or wants --yes where
nobody can be asked.

On a terminal it shows how far the campaign is until everybody was taken into it; when it
is interrupted the campaign goes on.`

func newCampaignsStart(flags *apiFlags) *cobra.Command {
	yes, id := false, ""
	c := &cobra.Command{
		Use:     "start FLOW",
		Short:   "Start a campaign now",
		Long:    startHelp,
		Example: "  nudge campaigns start flash_sale --yes",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().StringVar(&id, "id", "", "idempotency id: the same one starts no second campaign")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		if !yes {
			if err := confirm(c.Context(), a, args[0], c.InOrStdin(), c.ErrOrStderr()); err != nil {
				return err
			}
		}
		var campaign server.Campaign
		if err := a.post(c.Context(), "/v1/campaigns", map[string]string{"flow": args[0], "id": id}, &campaign); err != nil {
			return err
		}
		if isTerminal(c.ErrOrStderr()) {
			if campaign, err = followCampaign(c.Context(), a, campaign.ID, c.ErrOrStderr()); err != nil {
				return err
			}
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), campaign)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "campaign %s %s\n", campaign.ID, campaign.Status)
		return failed(err)
	}
	return c
}

// confirm asks whether a campaign with many people shall start.
func confirm(ctx context.Context, a *api, flow string, in io.Reader, errs io.Writer) error {
	p, err := previewOf(ctx, a, flow)
	if err != nil {
		return err
	}
	if p.Rows <= askAbove {
		return nil
	}
	if f, ok := in.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return wrongUsage(fmt.Errorf("%s has %d people; look at nudge campaigns preview %s, then add --yes", flow, p.Rows, flow))
	}
	fmt.Fprintf(errs, "%s has %d people. Start? [y/N] ", flow, p.Rows)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		return failed(err)
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "y" && word != "yes" {
		return wrongUsage(errors.New("not started"))
	}
	return nil
}
