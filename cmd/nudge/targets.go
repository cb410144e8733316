package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
	"nudge/flows"
)

const targetsHelp = `Targets lists the servers that nudge.yaml of a project names under targets, asks each of them for
its active flows, and says which are not those of the folder. It changes nothing.

  targets:
    staging: { url: https://nudge.staging.example, token: "${STAGING_TOKEN}" }
    production: { url: https://nudge.example, token: "${NUDGE_TOKEN}", propose: true }

--target NAME chooses one of them, for every verb that talks to a server. With propose: true,
nudge flows deploy needs --propose there.`

// targetTime is how long nudge targets waits for each server.
const targetTime = 5 * time.Second

// targetShown is a target as it stands.
type targetShown struct {
	Name    string   `json:"name"`
	URL     string   `json:"url,omitempty"`
	Propose bool     `json:"propose"`
	Problem string   `json:"problem,omitempty"` // why nothing is known of its flows
	Differ  []string `json:"differ,omitempty"`  // flows that are not the same there and here, or only on one side
}

func newTargets() *cobra.Command {
	c := &cobra.Command{
		Use:     "targets [DIR]",
		Short:   "List the servers that a project is deployed to, and which flows differ there",
		Long:    targetsHelp,
		Example: "  nudge targets\n  nudge targets shop -o json",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := dirArgument(args)
		targets, err := app.Targets(dir)
		if err != nil {
			return err
		}
		p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
		if err != nil {
			return err
		}
		shown := []targetShown{}
		for i := range targets {
			shown = append(shown, lookAt(c.Context(), &targets[i], p.Flows))
		}
		return report(c, *output, shown, func(c *cobra.Command, all []targetShown) error {
			return targetList.write(c.OutOrStdout(), all)
		})
	}
	return c
}

var targetList = listing[targetShown]{
	empty: "nudge.yaml has no targets", header: []string{"TARGET", "URL", "DEPLOYS", "FLOWS"},
	cells: func(t targetShown) []any {
		deploys, state := "at once", "as here"
		if t.Propose {
			deploys = "by proposals"
		}
		switch n := len(t.Differ); {
		case t.Problem != "":
			state = t.Problem
		case n > 0:
			state = fmt.Sprintf("%s: %s", differ(n), strings.Join(t.Differ, ", "))
		}
		return []any{t.Name, t.URL, deploys, state}
	},
}

func differ(n int) string {
	if n == 1 {
		return "1 differs"
	}
	return fmt.Sprint(n, " differ")
}

// lookAt asks a target for its flows.
func lookAt(ctx context.Context, t *app.Target, here []*flows.Flow) targetShown {
	shown := targetShown{Name: t.Name, Propose: t.Propose}
	at, err := t.Access(os.LookupEnv)
	if u, wrong := url.Parse(at.URL); wrong == nil {
		shown.URL = u.Redacted()
	}
	var active []client.FlowVersion
	if err == nil {
		active, err = activeAt(ctx, at)
	}
	if err != nil {
		shown.Problem = errorText(err)
		return shown
	}
	shown.Differ = differing(active, here)
	return shown
}

// activeAt returns the active versions of a server's flows.
func activeAt(ctx context.Context, at app.Access) ([]client.FlowVersion, error) {
	server, err := clientAt(at)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, targetTime)
	defer cancel()
	all, err := server.Flows(ctx)
	return slices.DeleteFunc(all, func(v client.FlowVersion) bool { return !v.Active }), err
}

// differing names the flows that are not the same on both sides.
func differing(there []client.FlowVersion, here []*flows.Flow) (names []string) {
	versions := map[string]string{}
	for _, v := range there {
		versions[v.Flow] = v.Version
	}
	for _, f := range here {
		if versions[f.Name] != f.Version {
			names = append(names, f.Name)
		}
		delete(versions, f.Name)
	}
	for name := range versions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
