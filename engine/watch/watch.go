// Package watch says which lines of a flow are in effect for a run, and in which order they
// are asked. It has no state.
package watch

import "nudge/flows"

// Exits is the place of the flow's exits, which belong to no step.
const Exits = -1

// Parked is where a run is parked. It decides which lines are in effect.
type Parked struct {
	Loops []int // steps of the run's repeats, the innermost last
	At    int   // the wait or collect step of the run; NoWait for none
}

// NoWait is the Parked.At of a run that does not wait.
const NoWait = -1

// Lines are lines that come into effect together: the flow's exits, the until of a repeat,
// or the wait that the run is parked on.
type Lines struct {
	Place int // index of the step, or Exits
	Lines []flows.Line
}

// Set holds all lines that are in effect for a run, in the order in which they are asked:
// the exits, then the loops from the outermost on, then the wait. Within each the first line
// is asked first.
type Set struct {
	all         []Lines
	exits, wait int // indexes where the loops and the wait begin
}

// All returns the lines of the set in order.
func (s Set) All() []Lines { return s.all }

// Exits returns the flow's exits.
func (s Set) Exits() []Lines { return s.all[:s.exits] }

// Loops returns the until lines of the repeats.
func (s Set) Loops() []Lines { return s.all[s.exits:s.wait] }

// Wait returns the wait or collect that the run is parked on.
func (s Set) Wait() []Lines { return s.all[s.wait:] }

// Inner returns the loops and the wait.
func (s Set) Inner() []Lines { return s.all[s.exits:] }

// ExitsOf returns the exits of a flow, which are in effect wherever a run is.
func ExitsOf(f *flows.Flow) []Lines {
	if len(f.Exits) == 0 {
		return nil
	}
	return []Lines{{Exits, f.Exits}}
}

// InEffect returns the lines that are in effect.
func InEffect(f *flows.Flow, p Parked) Set {
	s := Set{all: append(make([]Lines, 0, 2+len(p.Loops)), ExitsOf(f)...)}
	s.exits = len(s.all)
	for _, step := range p.Loops {
		s.all = append(s.all, Lines{step, f.Steps[step].Repeat.Until})
	}
	s.wait = len(s.all)
	if p.At == NoWait {
		return s
	}
	switch own := &f.Steps[p.At]; own.Verb {
	case flows.VerbWait:
		s.all = append(s.all, Lines{p.At, own.Wait.Lines})
	case flows.VerbCollect:
		s.all = append(s.all, Lines{p.At, own.Collect.Until})
	}
	return s
}
