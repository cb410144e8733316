package main

import (
	"fmt"
	"io"
	"strings"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/story"
)

// testReport is the result of a project's tests.
type testReport struct {
	Passed   int                  `json:"passed"`
	Failed   int                  `json:"failed"`
	Tests    []testedStory        `json:"tests"`
	Coverage []story.FlowCoverage `json:"coverage,omitempty"`
}

// testedStory is the result of one test.
type testedStory struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Name     string        `json:"name"`
	Passed   bool          `json:"passed"`
	Failure  *testFailure  `json:"failure,omitempty"`
	Timeline []story.Line  `json:"timeline"`
	Frames   []story.Frame `json:"frames,omitempty"`   // if they were asked for
	LeftOut  int           `json:"left_out,omitempty"` // frames beyond the most
	result   *story.Result // for text
}

// testFailure says where and why a test failed.
type testFailure struct {
	Span    diag.Span `json:"span"`
	Message string    `json:"message"`
	Diff    []string  `json:"diff,omitempty"` // "- " expected, "+ " got
}

func newTestReport(results []*story.Result, all []*flows.Flow, cover bool) *testReport {
	r := &testReport{Tests: []testedStory{}}
	for _, result := range results {
		t := testedStory{File: result.Test.File.Name, Line: result.Test.Span.Start.Line, Name: result.Test.Name,
			Passed: result.Failure == nil, Timeline: result.Timeline, Frames: result.Frames, LeftOut: result.LeftOut, result: result}
		if f := result.Failure; f != nil {
			t.Failure = &testFailure{Span: f.Span, Message: f.Message, Diff: f.Diff}
			r.Failed++
		} else {
			r.Passed++
		}
		r.Tests = append(r.Tests, t)
	}
	if cover {
		r.Coverage = coverage(results, all)
	}
	return r
}

func (r *testReport) write(out io.Writer, output format, suite *story.Suite, verbose bool) error {
	switch output {
	case asJSON:
		return writeJSON(out, r)
	case asJUnit:
		return r.junit(out)
	}
	for i := range r.Tests {
		if err := r.Tests[i].text(out, suite, verbose); err != nil {
			return err
		}
	}
	for _, c := range r.Coverage {
		fmt.Fprintf(out, "%s: %d of %d tested\n", c.Flow, c.Tested, c.All)
		for _, missing := range c.Missing {
			fmt.Fprintf(out, "  %s: never tested\n", missing)
		}
	}
	_, err := fmt.Fprintf(out, "%s: %d passed, %d failed\n", plural(len(r.Tests), "test"), r.Passed, r.Failed)
	return err
}

// text writes a failed test, or any test with its timeline.
func (t *testedStory) text(out io.Writer, suite *story.Suite, verbose bool) error {
	if t.Passed {
		if !verbose {
			return nil
		}
		fmt.Fprintf(out, "ok %s:%d: %s\n", t.File, t.Line, t.Name)
		return writeIndented(out, t.Timeline)
	}
	fmt.Fprintf(out, "failed: %s\n", t.Name)
	shown := diag.List{{Code: "test-failed", Span: t.Failure.Span, Message: t.Failure.Message}}
	if err := diag.Render(out, shown, suite.Source); err != nil {
		return err
	}
	if len(t.Failure.Diff) > 0 {
		fmt.Fprintln(out, "expected (-) and got (+):")
		for _, line := range t.Failure.Diff {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
	fmt.Fprintln(out, "what happened:")
	return writeIndented(out, t.Timeline)
}

func writeIndented(out io.Writer, lines []story.Line) error {
	var b strings.Builder
	if err := story.Write(&b, lines); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(out, "  "+line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}
