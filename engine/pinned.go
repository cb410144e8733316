package engine

import "nudge/flows"

// pinned is a run with its flow version. Functions that need only these two are methods of
// pinned.
type pinned struct {
	*Run
	flow *flows.Flow
}

// pin returns a run with its flow.
func (e *Engine) pin(r *Run) pinned { return pinned{r, e.flowOf(r)} }

// step returns the step that the run is parked on.
func (r pinned) step() *flows.Step { return &r.flow.Steps[r.At] }

// sendOf returns the send step of a message.
func (r pinned) sendOf(m *Message) *flows.Send { return r.flow.Steps[m.Step].Send }

// editPinned returns the pair with the run for changing.
func (a *applier) editPinned(r pinned) pinned { return pinned{a.edit(r.ID), r.flow} }
