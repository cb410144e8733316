package virtual

import (
	"errors"
	"time"

	"nudge/engine"
	"nudge/runner"
)

// Outside plays all that surrounds the engine: people, the provider, HTTP services, and the
// audiences of campaigns. It is called after every step of the loop, with what the step led
// to and the groups that it applied. It answers by [World.Arrive] and [World.Later]. An error
// ends the world.
type Outside func(*runner.Step, []*runner.Group) error

// maxSteps is how many steps the loop may take at one instant.
const maxSteps = 100_000

// ErrRestless is returned where flows go round at one instant.
var ErrRestless = errors.New("the flows loop without end")

// PanicError is a panic of the engine: a fault of ours, and not of a flow.
type PanicError struct{ Text string } // what broke, and where

func (e *PanicError) Error() string { return "the engine broke: " + e.Text }

// World is a loop in virtual time. It belongs to one goroutine. After an error it must not
// be used again.
type World struct {
	// OneByOne applies a group only when all is done that follows from the group before
	// it. Else, what comes at the same instant is applied in the same step.
	OneByOne bool

	loop    *runner.Loop
	outside Outside
	now     time.Time
	timer   engine.Instant  // when the loop has one next; 0 for never
	again   bool            // the loop has more to do at once
	arrived []*runner.Group // to be applied at this instant
	future  future
}

// New returns a world that stands at an instant. The caller keeps the loop for looking at
// it, and leaves its steps to the world.
func New(loop *runner.Loop, now time.Time, outside Outside) *World {
	return &World{loop: loop, now: now, outside: outside}
}

// Now returns the present instant.
func (w *World) Now() time.Time { return w.now }

// Arrive has a group come at this instant, after those that have come already.
func (w *World) Arrive(g *runner.Group) { w.arrived = append(w.arrived, g) }

// Later has a group come at an instant, after those that are planned for it already. If the
// instant is past, the group comes now.
func (w *World) Later(at time.Time, g *runner.Group) {
	if !at.After(w.now) {
		w.Arrive(g)
		return
	}
	w.future.add(at, g)
}

// Next returns when something happens by itself: a timer, or something planned. It reports
// false if nothing ever does.
func (w *World) Next() (at time.Time, ok bool) {
	if len(w.future.planned) > 0 {
		at, ok = w.future.planned[0].at, true
	}
	if w.timer != 0 && (!ok || w.timer.Time().Before(at)) {
		at, ok = w.timer.Time(), true
	}
	return at, ok
}

// JumpTo sets the clock to an instant, if that is not past.
func (w *World) JumpTo(at time.Time) {
	if at.After(w.now) {
		w.now = at
	}
}

// Settle steps the loop until nothing is left to do at this instant. It makes at least one
// step.
func (w *World) Settle() error {
	for range maxSteps {
		if err := w.Step(w.take()); err != nil {
			return err
		}
		if len(w.arrived) == 0 && !w.again && !w.future.due(w.now) {
			return nil
		}
	}
	return ErrRestless
}

// take returns the groups for the next step. What was planned for this instant comes before
// what arrives at it; one by one, after all that follows from what came before.
func (w *World) take() (groups []*runner.Group) {
	if w.OneByOne {
		switch {
		case len(w.arrived) > 0:
			groups, w.arrived = w.arrived[:1], w.arrived[1:]
		case !w.again && w.future.due(w.now):
			groups = []*runner.Group{w.future.take()}
		}
		return groups
	}
	for w.future.due(w.now) {
		groups = append(groups, w.future.take())
	}
	groups = append(groups, w.arrived...)
	w.arrived = nil
	return groups
}

// Step makes one step of the loop at this instant, with exactly these groups.
func (w *World) Step(groups []*runner.Group) error {
	step, err := w.loop.Step(w.now, groups)
	if err != nil {
		return err
	}
	if len(step.Panics) > 0 {
		return &PanicError{step.Panics[0]}
	}
	w.timer, w.again = step.Next, step.Again
	return w.outside(step, groups)
}

// One is a group of one input.
func One(in *engine.Input) *runner.Group { return &runner.Group{Inputs: []*engine.Input{in}} }
