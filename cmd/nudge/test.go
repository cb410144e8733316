package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"nudge/engine/story"
	"nudge/flows"
	"nudge/flows/diag"
)

const testHelp = `Test plays the stories in tests/*.yaml in virtual time: days pass in microseconds, and no
message leaves this machine. A story says what happens and what must come of it; a
message that it does not expect fails it. docs/testing.md tells how to write one.

It exits with 1 when a story fails. --cover lists what no story has shown: steps that
were not taken, branches, and outcomes such as a message that fails. --update keeps the
messages of snapshots in tests/snapshots as they are now.`

const testExample = `  nudge test
  nudge test examples/order_shipped --cover
  nudge test --run 'cart.*bought' -v
  nudge test -o junit > report.xml`

const asJUnit format = "junit"

// testFlags are what nudge test is told.
type testFlags struct {
	run     string
	cover   bool
	update  bool
	verbose bool
	output  *format
}

func newTest() *cobra.Command {
	c := &cobra.Command{
		Use:     "test [DIR]",
		Short:   "Play the stories of a project in virtual time",
		Long:    testHelp,
		Example: testExample,
		Args:    cobra.MaximumNArgs(1),
	}
	f := &testFlags{output: outputFlagOf(c, asText, asJSON, asJUnit)}
	c.Flags().StringVar(&f.run, "run", "", "only the tests whose `FILE: NAME` this regular expression finds")
	c.Flags().BoolVar(&f.cover, "cover", false, "tell what no test has shown")
	c.Flags().BoolVar(&f.update, "update", false, "keep the messages of snapshots as they are now")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show every test, with its timeline")
	c.RunE = func(c *cobra.Command, args []string) error { return runTests(c, dirArgument(args), f) }
	return c
}

func runTests(c *cobra.Command, dir string, f *testFlags) error {
	p, suite, err := loadTests(dir, c)
	if err != nil {
		return err
	}
	tests, err := chosen(suite.Tests(), f.run)
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return wrongInput(fmt.Errorf("%s has no such tests; they are in %s/%s/*.yaml", dir, dir, story.Folder))
	}
	kept := newSnapshots(snapshotsIn(dir), f.update)
	bar := newProgress(c.ErrOrStderr(), "tests", nil)
	played := 0
	results, err := story.PlayAll(tests, kept.options(), func(*story.Result) {
		played++
		bar.show(played)
	})
	bar.clear()
	if err = errors.Join(err, kept.write()); err != nil {
		return failed(err)
	}
	report := newTestReport(results, p.Flows, f.cover)
	if err := report.write(c.OutOrStdout(), *f.output, suite, f.verbose); err != nil {
		return failed(err)
	}
	if report.Failed > 0 {
		return wrongInput(errShown)
	}
	return nil
}

// loadTests reads a project with its tests. What is wrong with either is shown.
func loadTests(dir string, c *cobra.Command) (*project, *story.Suite, error) {
	p, err := mustLoad(dir, readPeople(os.LookupEnv), c.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	suite, list := story.Load(p.folder, p.Project)
	if len(list) > 0 {
		if err := diag.Render(c.ErrOrStderr(), list, suite.Source); err != nil {
			return nil, nil, failed(err)
		}
	}
	if list.HasErrors() {
		return nil, nil, wrongInput(fmt.Errorf("the tests in %s do not load", dir))
	}
	return p, suite, nil
}

// chosen are the tests whose file and name an expression finds.
func chosen(tests []*story.Test, run string) ([]*story.Test, error) {
	want, err := regexp.Compile(run)
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--run: %w", err))
	}
	var all []*story.Test
	for _, t := range tests {
		if want.MatchString(t.File.Name + ": " + t.Name) {
			all = append(all, t)
		}
	}
	return all, nil
}

// coverage is what results have shown of the flows that they test.
func coverage(results []*story.Result, all []*flows.Flow) []story.FlowCoverage {
	shown := story.NewCoverage()
	for _, r := range results {
		shown.Add(r.Coverage)
	}
	var reports []story.FlowCoverage
	for _, f := range all {
		reports = append(reports, shown.Of(f))
	}
	return reports
}
