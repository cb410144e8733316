package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const rootHelp = `Nudge runs notification flows written in YAML: it sends messages to people and remembers
where each of them stands.

A project is a folder: nudge.yaml has the settings that its flows share, flows/ has the
flows, and templates/ has the messages.

  nudge demo          watch five people go through a flow, in seconds
  nudge new shop      make a new project
  nudge dev shop      run it against a local service
  nudge serve         run a project for real`

// newRoot returns the command with all its verbs.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "nudge",
		Short:         "Run notification flows written in YAML",
		Long:          rootHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Example:       "  nudge demo",
		Args:          cobra.ArbitraryArgs,
		RunE:          onlyVerbs,
	}
	root.AddCommand(
		newDemo(), newDev(), newServe(), newSandbox(),
		newNew(), newCheck(), newProve(), newGraph(), newTest(), newSimulate(), newExplain(), newPlan(), newBacktest(), newSchema(), newLSP(),
		newSend(), newEvents(), newProfiles(), newFlows(), newDeploys(), newTargets(), newRuns(), newCampaigns(), newSchedule(), newAudit(), newNotices(), newJobs(), newTemplates(), newHealth(), newCluster(), newClock(), newInbox(),
		newStore(), newToken(), newBench(), newWebhooks(), newVersion(), newMan(),
	)
	root.InitDefaultCompletionCmd()
	completeFromServer(root)
	markUsage(root)
	borrowExamples(root)
	return root
}

// borrowExamples gives a verb without an example of its own the first one of each verb below
// it.
func borrowExamples(c *cobra.Command) {
	var lines []string
	for _, verb := range c.Commands() {
		borrowExamples(verb)
		line, _, _ := strings.Cut(verb.Example, "\n")
		lines = append(lines, line)
	}
	if c.Example == "" && c.Name() != "completion" {
		c.Example = strings.Join(lines, "\n")
	}
}

// markUsage marks what cobra itself refuses about a command line, for a verb and for those
// below it: flags it does not know, and too many or too few arguments.
func markUsage(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return wrongUsage(flagError(err)) })
	if args := c.Args; args != nil {
		c.Args = func(c *cobra.Command, given []string) error {
			if args(c, given) == nil {
				return nil
			}
			return wrongUsage(argumentError(c, given))
		}
	}
	for _, verb := range c.Commands() {
		markUsage(verb)
	}
}

// argumentError says which arguments are missing or too many, and how the verb is used.
func argumentError(c *cobra.Command, given []string) error {
	var wanted []string // the arguments that the usage names
	for _, word := range strings.Fields(c.Use)[1:] {
		if word == "|" || strings.HasPrefix(word, "-") {
			break
		}
		wanted = append(wanted, word)
	}
	usage := "usage: " + c.CommandPath() + strings.TrimPrefix(c.Use, c.Name())
	if len(given) > len(wanted) {
		return fmt.Errorf("%q is one argument too many; %s", given[len(wanted)], usage)
	}
	return fmt.Errorf("%s is missing; %s", strings.Join(wanted[len(given):], " and "), usage)
}

// group is a verb that only has verbs below it.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE:  onlyVerbs,
	}
	c.AddCommand(verbs...)
	return c
}

// onlyVerbs runs a verb that only has verbs below it.
func onlyVerbs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownVerb(c, args[0])
	}
	return c.Help()
}

func unknownVerb(c *cobra.Command, name string) error {
	var known []string
	for _, verb := range c.Commands() {
		if verb.IsAvailableCommand() {
			known = append(known, verb.Name())
		}
	}
	return wrongUsage(fmt.Errorf("%s has no verb %q; %s", c.CommandPath(), name, didYouMean(name, known)))
}

// badFlag is how cobra refuses the value of a flag: the value, the flag's names and why.
var badFlag = regexp.MustCompile(`^invalid argument ("(?s:.*)") for "(?:-\w, )?(--[\w-]+)" flag: ((?s:.*))$`)

// flagError is an error of a flag in our own words.
func flagError(err error) error {
	m := badFlag.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	want := m[3]
	switch {
	case strings.HasPrefix(want, "strconv.ParseBool"):
		want = "want true or false"
	case strings.HasPrefix(want, "strconv."):
		want = "want a whole number"
	case strings.HasPrefix(want, "slog: "):
		want = "want debug, info, warn or error"
	}
	return fmt.Errorf("%s %s: %s", m[2], m[1], want)
}
