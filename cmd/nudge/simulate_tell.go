package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nudge/client"
	"nudge/whatif/story"
)

// simulated is a simulation as JSON.
type simulated struct {
	Timeline []story.Line   `json:"timeline"`
	Runs     []simulatedRun `json:"runs,omitempty"`
	Failure  *testFailure   `json:"failure,omitempty"` // of a test
}

// simulatedRun is the state of a run at the end of the simulation.
type simulatedRun struct {
	Run      int    `json:"run"`
	Flow     string `json:"flow"`
	Profile  string `json:"profile"`
	Outcome  string `json:"outcome,omitempty"`
	Goal     bool   `json:"goal,omitempty"`
	Step     string `json:"step,omitempty"` // where it waits
	Messages int    `json:"messages"`       // that went out
}

func runsOf(t *telling) []simulatedRun {
	var all []simulatedRun
	for _, r := range t.world.Runs() {
		if t.hides(r.Campaign != 0, r.Flow.Name) {
			continue
		}
		told := simulatedRun{Run: r.Number, Flow: r.Flow.Name, Profile: r.Profile, Outcome: r.Outcome, Goal: r.Goal}
		if r.Live() {
			told.Step = r.Flow.Steps[r.At].ID
		}
		for _, m := range t.world.Messages {
			if m.Run == r {
				told.Messages++
			}
		}
		all = append(all, told)
	}
	return all
}

func (r *simulatedRun) text() string {
	text := fmt.Sprintf("run %d of %s for %s ", r.Run, r.Flow, r.Profile)
	switch {
	case r.Outcome == "":
		text += "is still at " + r.Step
	case r.Goal:
		text += "ended: " + r.Outcome + ", which is its goal"
	default:
		text += "ended: " + r.Outcome
	}
	return text + "; " + plural(r.Messages, "message")
}

// telling writes a timeline as it grows.
type telling struct {
	world *story.World
	flow  string // that was asked for
	all   bool   // also what the schedules of other flows do
	out   io.Writer
	quiet bool
	told  int
}

// hides reports whether an entry is hidden: one from a schedule of another flow.
func (t *telling) hides(campaign bool, flow string) bool { return campaign && flow != t.flow && !t.all }

// shown returns the lines that are shown.
func (t *telling) shown(lines []story.Line) []story.Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l story.Line) bool { return t.hides(l.Campaign, l.Flow) })
}

// rest lets time pass until an instant, or until all runs from the event have ended.
func (t *telling) rest(until time.Time) error {
	for t.all || slices.ContainsFunc(t.world.Runs(), func(r *story.Run) bool { return r.Campaign == 0 && r.Live() }) {
		next, ok := t.world.Next()
		if !ok || next.After(until) {
			return nil
		}
		if err := t.world.Rest(next); err != nil {
			return err
		}
	}
	return nil
}

// tell writes new entries.
func (t *telling) tell() error {
	lines := t.world.Timeline()[t.told:]
	t.told += len(lines)
	if t.quiet {
		return nil
	}
	return story.Write(t.out, t.shown(lines))
}

// playStory plays a test and writes its timeline.
func (s *simulation) playStory(c *cobra.Command) error {
	_, suite, err := loadTests(s.dir, c)
	if err != nil {
		return err
	}
	test, err := findTest(suite, s.story)
	if err != nil {
		return err
	}
	result, err := story.Play(test, newSnapshots(snapshotsIn(s.dir)).options())
	if err != nil {
		return failed(err)
	}
	out := c.OutOrStdout()
	told := simulated{Timeline: result.Timeline}
	if f := result.Failure; f != nil {
		told.Failure = &testFailure{Span: f.Span, Message: f.Message, Diff: f.Diff}
	}
	if *s.output == asJSON {
		err = writeJSON(out, told)
	} else {
		err = failed(story.Write(out, result.Timeline))
	}
	if err != nil {
		return err
	}
	if told.Failure != nil {
		return wrongInput(fmt.Errorf("%s: %s\n%s", told.Failure.Span, told.Failure.Message, strings.Join(told.Failure.Diff, "\n")))
	}
	return nil
}

// findTest is a test by its FILE#NAME.
func findTest(suite *story.Suite, text string) (*story.Test, error) {
	file, name, _ := strings.Cut(text, "#")
	var known []string
	for _, t := range suite.Tests() {
		if t.File.Name == file && t.Name == name {
			return t, nil
		}
		known = append(known, t.File.Name+"#"+t.Name)
	}
	return nil, wrongUsage(fmt.Errorf("there is no test %q; %s", text, didYouMean(text, known)))
}

// decodeEvent reads an event as it is sent.
func decodeEvent(raw []byte, into *client.Event) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return wrongInput(fmt.Errorf("--file is not an event with type, profile, data and profile_data: %s", jsonMistake(raw, err)))
	}
	return nil
}

// answersOf reads STEP=JSON and STEP=STATUS.
func answersOf(texts []string) (story.Answers, error) {
	all := story.Answers{}
	for _, text := range texts {
		step, value, _ := strings.Cut(text, "=")
		status, err := strconv.Atoi(value)
		switch {
		case err == nil && status >= 100 && status < 600:
			all[step] = story.Answer{Status: status}
		case step != "" && json.Valid([]byte(value)):
			all[step] = story.Answer{Status: 200, JSON: json.RawMessage(value)}
		default:
			return nil, fmt.Errorf("--answer %q: want STEP=JSON, or STEP=STATUS such as report=500", text)
		}
	}
	return all, nil
}
