package graph

import (
	"fmt"

	"nudge/flows"
)

// exits returns the exits of the flow with the steps that they take before the run ends.
func (b *builder) exits() (all []arm) {
	for i := range b.f.Exits {
		line := &b.f.Exits[i]
		a := arm{id: fmt.Sprintf("exit%d", i+1), kind: kindOf(line), label: b.line(line) + ": " + line.As}
		if line.Goal {
			a.label += " (goal)"
		}
		if line.HasThen {
			a.steps = b.block(line.Then, b.f.ExitEnd(line))
			if !a.steps.ends() {
				a.steps = append(a.steps, &node{id: fmt.Sprintf("Exit%d", i+1), verb: flows.VerbExit, title: line.As, goal: line.Goal})
			}
		}
		all = append(all, a)
	}
	return all
}

// steps returns the steps of the flow itself.
func (b *builder) steps() block { return b.block(0, b.f.ExitSteps()) }

// Completes reports whether a run can get past the last step of a flow, so far as the ways between its
// steps say.
func Completes(f *flows.Flow) bool { return !(&builder{f: f}).steps().ends() }
