package story

import (
	"maps"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// Coverage is what stories have shown of flows. It belongs to one goroutine.
type Coverage struct {
	seen map[covered]bool
}

// covered is one thing that can happen in a flow.
type covered struct {
	flow    string
	step    int // or NoStep
	outcome string
}

// NewCoverage is the coverage of no story.
func NewCoverage() *Coverage { return &Coverage{seen: map[covered]bool{}} }

// Add adds what another coverage has.
func (c *Coverage) Add(other *Coverage) { maps.Copy(c.seen, other.seen) }

// What can happen to any step.
const (
	taken   = ""
	skipped = "skipped" // its condition was false
)

func (c *Coverage) step(_ *engine.Run, f *flows.Flow, step int) {
	c.seen[covered{f.Name, step, taken}] = true
}

// entry notes what an entry of a timeline shows.
func (c *Coverage) entry(f *flows.Flow, e engine.Entry) {
	note := func(outcome string) { c.seen[covered{f.Name, e.Step, outcome}] = true }
	switch e.Kind {
	case engine.KindSkipped:
		note(skipped)
	case engine.KindBranch:
		note(armName(e.Detail))
	case engine.KindWaitEnded:
		note(e.Detail)
	case engine.KindEnded:
		c.seen[covered{f.Name, engine.NoStep, e.Detail}] = true
	case engine.KindUnsent, engine.KindRefused:
		note("failed")
		if e.UnsentReason() == engine.ReasonSkipped { // false when its hours came
			note(skipped)
		}
	case engine.KindReceipt:
		if status := firstWord(e.Detail); status == "failed" || status == "expired" {
			note("failed")
		}
	case engine.KindFetched:
		note(fetchOutcome(e.Detail))
	}
}

// armName is an arm that a branch or a split took, or that it took none.
func armName(name string) string {
	if name == "" {
		return "no arm"
	}
	return "arm " + name
}

func firstWord(text string) string {
	for i, c := range text {
		if c == ':' || c == ' ' {
			return text[:i]
		}
	}
	return text
}

// fetchOutcome is whether a service gave a good answer.
func fetchOutcome(detail string) string {
	if strings.HasPrefix(detail, "answered with status 2") || strings.HasPrefix(detail, "answered with status 3") {
		return "answered"
	}
	return "error"
}

// FlowCoverage is what stories have shown of one flow.
type FlowCoverage struct {
	Flow    string   `json:"flow"`
	All     int      `json:"all"`     // things that can happen
	Tested  int      `json:"tested"`  // of those
	Missing []string `json:"missing"` // "reminder failed"; in the order of the flow; of a step not taken, only that
}

// Of is what was shown of a flow.
func (c *Coverage) Of(f *flows.Flow) FlowCoverage {
	report := FlowCoverage{Flow: f.Name, Missing: []string{}}
	for _, can := range possible(f) {
		report.All++
		step := covered{f.Name, can.step, taken}
		switch {
		case c.seen[can.covered]:
			report.Tested++
		case can.covered == step || can.step == engine.NoStep || c.seen[step] || can.outcome == skipped:
			report.Missing = append(report.Missing, can.text)
		}
	}
	return report
}
