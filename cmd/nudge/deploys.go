package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
	"nudge/flows"
	"nudge/whatif/review"
)

const deploysHelp = `Deploys lists who proposed, approved, withdrew or deployed which flows of a running server, and
when. Newest comes first; they are kept for 400 days.

nudge flows deploy --propose proposes a folder. Nothing changes until somebody approves it. A
proposal is stale once another deploy has changed a flow that it would change; then it has to be
proposed again. With deploys: { second_person: true } in nudge.yaml of the server, nobody
approves an own proposal, and nobody deploys without one.`

func newDeploys() *cobra.Command {
	var before string
	var limit int
	c := &cobra.Command{
		Use:     "deploys",
		Short:   "List deploys and proposals of a running server; review, approve or withdraw one",
		Long:    deploysHelp,
		Example: "  nudge deploys\n  nudge deploys --limit 10 -o json",
		Args:    cobra.ArbitraryArgs,
	}
	flags := addAPIFlags(c)
	c.Flags().StringVar(&before, "before", "", "only those before this place, as the last page says")
	c.Flags().IntVar(&limit, "limit", usualPage, "deploys on a page")
	output := outputFlag(c)
	list := ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.DeployPage, error) {
		return a.Deploys(ctx, before, limit)
	}, func(c *cobra.Command, page *client.DeployPage) error {
		return deployList.page(c, page.Deploys, page.Next)
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownVerb(c, args[0])
		}
		return list(c, args)
	}
	c.AddCommand(newDeploysShow(flags), newDeploysFiles(flags), newDeploysReview(flags), newDeploysWatch(flags), newDeploysUnwatch(flags),
		newDeploysApprove(flags), newDeploysWithdraw(flags))
	return c
}

var deployList = listing[client.Deploy]{
	empty: "no deploys", header: []string{"ID", "STATE", "WHEN", "WHO", "DECIDED BY", "FLOWS", "NOTE"},
	cells: func(d client.Deploy) []any {
		decider := ""
		if d.DecidedBy != nil {
			decider = d.DecidedBy.Name
		}
		var names []string
		for _, x := range d.Changes {
			names = append(names, x.Flow)
		}
		return []any{d.ID, d.State, d.At, d.By.Name, decider, strings.Join(names, ", "), d.Note}
	},
}

func newDeploysShow(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "Show a proposal, and what its reviews have found out",
		Example: "  nudge deploys show 12",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Deploy, error) {
		return a.ProposedDeploy(ctx, args[0])
	}, textOf(writeProposal))
	return c
}

const deploysApproveHelp = `Approve makes the flows of a proposal the active ones. Only another deploy undoes that. If the
proposal has a plan, and the deploy would move or end over a tenth more runs by now than the plan
has said, it is refused: review it again.`

// toldOf is what the plan of a proposal has said.
func toldOf(ctx context.Context, a *client.Client, id string) (told client.Approval, err error) {
	d, err := a.ProposedDeploy(ctx, id)
	if err != nil {
		return told, err
	}
	for _, v := range d.Reviews {
		if v.Kind == "plan" && !v.Done.IsZero() {
			err = showResult(v.Result, func(p *review.Plan) {
				runs := p.Moves + p.Ends
				told.Expect = &runs
			})
		}
	}
	return told, err
}

func newDeploysApprove(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "approve ID",
		Short:   "Deploy what was proposed",
		Long:    deploysApproveHelp,
		Example: "  nudge deploys approve 12",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Deploy, error) {
		told, err := toldOf(ctx, a, args[0])
		if err != nil {
			return nil, err
		}
		return a.ApproveDeploy(ctx, args[0], told)
	}, func(c *cobra.Command, d *client.Deploy) error {
		_, err := fmt.Fprintf(c.OutOrStdout(), "proposal %s of %s is approved: %s changed\n", d.ID, d.By.Name, plural(len(d.Changes), "flow"))
		return err
	})
	return c
}

func newDeploysWithdraw(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "withdraw ID",
		Short:   "Take a proposal back",
		Long:    "Withdraw takes a proposal back: it will not be deployed. Everybody who may propose may withdraw.",
		Example: "  nudge deploys withdraw 12",
		Args:    cobra.ExactArgs(1),
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Deploy, error) {
		return a.WithdrawDeploy(ctx, args[0])
	}, func(c *cobra.Command, d *client.Deploy) error {
		_, err := fmt.Fprintf(c.OutOrStdout(), "proposal %s of %s is withdrawn\n", d.ID, d.By.Name)
		return err
	})
	return c
}

const deploysReviewHelp = `Review finds out what a proposal would do, and waits for the answers: what it does to the people
in flows (plan), what it would have sent in the last days (backtest), and which promises it can
break (prove). Each is a job of the server, and what it finds out is kept with the proposal.`

func newDeploysReview(flags *apiFlags) *cobra.Command {
	var of client.BacktestOf
	c := &cobra.Command{
		Use:     "review ID",
		Short:   "Find out what a proposal would do",
		Long:    deploysReviewHelp,
		Example: "  nudge deploys review 12\n  nudge deploys review 12 --days 30 --receipts like-others",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().IntVar(&of.Days, "days", 7, "how far back the backtest goes")
	c.Flags().StringVar(&of.Receipts, "receipts", "unread", "what people do with messages that were never sent: unread or like-others")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Deploy, error) {
		var started []*client.Job
		for _, start := range []func() (*client.Job, error){
			func() (*client.Job, error) { return a.PlanProposal(ctx, args[0]) },
			func() (*client.Job, error) { return a.ProveProposal(ctx, args[0]) },
			func() (*client.Job, error) { return a.BacktestProposal(ctx, args[0], of) },
		} {
			job, err := start()
			if err != nil {
				return nil, err
			}
			started = append(started, job)
		}
		for _, job := range started {
			if _, err := followJob(ctx, a, job.ID, c.ErrOrStderr()); err != nil {
				return nil, err
			}
		}
		return a.ProposedDeploy(ctx, args[0])
	}, textOf(writeProposal))
	return c
}

const deploysFilesHelp = `Files writes the files of an open proposal into a new folder, to compare or to try them. With
--before it writes those of the flows that were active when it was proposed; of nudge.yaml a server
keeps only a part, so that is not among them.`

func newDeploysFiles(flags *apiFlags) *cobra.Command {
	var before bool
	c := &cobra.Command{
		Use:     "files ID DIR",
		Short:   "Write the files of an open proposal into a new folder",
		Long:    deploysFilesHelp,
		Example: "  nudge deploys files 12 proposed\n  nudge deploys files 12 active --before && diff -r active proposed",
		Args:    cobra.ExactArgs(2),
	}
	c.Flags().BoolVar(&before, "before", false, "those of the flows that were active when it was proposed")
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		get := a.ProposedFiles
		if before {
			get = a.FilesBefore
		}
		files, err := get(c.Context(), args[0])
		if err != nil {
			return err
		}
		if err := writeFiles(args[1], files); err != nil {
			return failed(err)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s written to %s\n", plural(len(files), "file"), args[1])
		return err
	}
	return c
}

// writeFiles writes the files of a project into a folder that is not there yet. None gets out of it.
func writeFiles(dir string, files []client.File) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		content, err := flows.ContentOf(flows.File(f))
		if err != nil {
			return err
		}
		name := filepath.FromSlash(path.Clean(f.Name))
		if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := root.WriteFile(name, []byte(content), 0o666); err != nil {
			return err
		}
	}
	return nil
}
