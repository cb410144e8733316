package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/explain"
	"nudge/whatif/story"
)

const testHelp = `Test plays the stories in tests/*.yaml in virtual time: days pass in microseconds, and no
message leaves this machine. A story says what happens and what must follow. A message that
the story does not expect fails it. docs/testing.md explains how to write one.

Test exits with 1 when a story fails. --cover lists what no story has shown: steps that
were not taken, branches, and outcomes such as a message that fails. --update rewrites the
message snapshots in tests/snapshots.

--from-run writes a test from a past run, out of the journal of the running server: the same
events, receipts and replies at the same pace. The person is called ann, and every text that
no condition uses is replaced.`

const testExample = `  nudge test
  nudge test examples/order_shipped --cover
  nudge test --run 'cart.*bought' -v
  nudge test -o junit > report.xml
  nudge test --frames -o json
  nudge test --from-run 01JCWZ7Q4N0000000000000001 > tests/incident.yaml`

const asJUnit format = "junit"

// testFlags are the flags of nudge test.
type testFlags struct {
	run     string
	cover   bool
	update  bool
	verbose bool
	frames  bool
	fromRun string // a run to be made a test of
	store   string // where its journal is; empty: the server's
	api     *apiFlags
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
	c.Flags().StringVar(&f.run, "run", "", "only tests whose `FILE: NAME` matches this regular expression")
	c.Flags().BoolVar(&f.cover, "cover", false, "list what no test has shown")
	c.Flags().BoolVar(&f.update, "update", false, "rewrite the message snapshots")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show every test, with its timeline")
	c.Flags().BoolVar(&f.frames, "frames", false, "with -o json: add the frames of each story, one for each thing that happens")
	c.Flags().StringVar(&f.fromRun, "from-run", "", "write an anonymous test from a past `RUN`")
	c.Flags().StringVar(&f.store, "store", "", "with --from-run: read the journal of this data folder instead of the server's")
	f.api = addAPIFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if f.fromRun != "" {
			return testFromRun(c, dirArgument(args), f)
		}
		return runTests(c, dirArgument(args), f)
	}
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
	if f.frames && *f.output != asJSON {
		return wrongUsage(errors.New("--frames is for programs: add -o json"))
	}
	if len(tests) == 0 {
		return wrongInput(fmt.Errorf("%s has no such tests; they are in %s/%s/*.yaml", dir, dir, story.Folder))
	}
	kept := newSnapshots(snapshotsIn(dir))
	kept.update = f.update
	bar := newProgress(c.ErrOrStderr(), "tests", nil)
	played := 0
	options := kept.options()
	options.Frames = f.frames
	results, err := story.PlayAll(tests, options, func(*story.Result) {
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

// testFromRun writes a test from a past run.
func testFromRun(c *cobra.Command, dir string, f *testFlags) error {
	id, err := engine.ParseRunID(f.fromRun)
	if err != nil {
		return wrongUsage(err)
	}
	p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
	if err != nil {
		return err
	}
	from, err := openJournals(c, f.api.in(dir), f.store, ofRun(id))
	if err != nil {
		return err
	}
	defer from.Close()
	bar, done := newProgress(c.ErrOrStderr(), "input", nil), 0
	recording, err := explain.Record(c.Context(), from.one(), id, func() { done++; bar.show(done) })
	bar.clear()
	if err != nil {
		return wrongInput(err)
	}
	text, err := recording.Test(p.Project)
	if err != nil {
		return wrongInput(err)
	}
	_, err = io.WriteString(raw(c.OutOrStdout()), text)
	return failed(err)
}

// loadTests reads a project with its tests, and shows the mistakes in both.
func loadTests(dir string, c *cobra.Command) (*app.Project, *story.Suite, error) {
	p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	suite, list := story.Load(p.Folder, p.Project)
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

// chosen returns the tests whose file and name match an expression.
func chosen(tests []*story.Test, run string) ([]*story.Test, error) {
	want, err := regexp.Compile(run)
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--run: the regular expression is wrong: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
	}
	var all []*story.Test
	for _, t := range tests {
		if want.MatchString(t.File.Name + ": " + t.Name) {
			all = append(all, t)
		}
	}
	return all, nil
}

// coverage returns which parts of the flows the tests have covered.
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
