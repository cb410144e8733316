package prove

import (
	"maps"
	"math/bits"

	"nudge/flows"
)

// asked is what the lines and conditions of a flow ask of a run, from one step of it on.
// What nobody asks for any more is forgotten, so that states can be the same.
type asked struct {
	sends  map[int]need    // of the messages that are named, by step
	any    need            // of any message
	paths  map[string]bool // what conditions read
	clocks map[string]bool // the times of day that are waited for
	age    bool            // a moment counts from the start of the run
	hears  bool            // a wait listens to events or replies, which may have come before it
}

// need is what is asked of a message, as bits.
type need uint8

const (
	needPosted need = 1 << iota // whether it has been out, for a reply
	needLost
	needDelivered
	needRead
	needAll = needPosted | needLost | needDelivered | needRead
)

// of is what a status must be told apart from others for.
func (n need) of(s status) bool {
	switch s {
	case lost, unsent:
		return n&needLost != 0
	case delivered:
		return n&needDelivered != 0
	case read:
		return n&(needRead|needDelivered) != 0
	}
	return true
}

// seen is a status as far as it is asked for.
func (n need) seen(s status) status {
	switch {
	case s == none, n.of(s) && (s != read || n&needRead != 0):
		return s
	case s == read && n&needDelivered != 0:
		return delivered
	case s == unsent:
		return unsent // it never comes to anything
	}
	return open
}

func newAsked() *asked {
	return &asked{sends: map[int]need{}, paths: map[string]bool{}, clocks: map[string]bool{}}
}

func (a *asked) join(b *asked) {
	for step, n := range b.sends {
		a.sends[step] |= n
	}
	for path := range b.paths {
		a.paths[path] = true
	}
	maps.Copy(a.clocks, b.clocks)
	a.any |= b.any
	a.age, a.hears = a.age || b.age, a.hears || b.hears
}

// expr notes what a condition reads.
func (a *asked) expr(f *flows.Flow, e *flows.Expr) {
	if e == nil {
		return
	}
	for _, path := range e.Read().Paths() {
		a.paths[path] = true
		root := pathRoot(path)
		if step := f.StepNamed(root); step >= 0 && f.Steps[step].Verb == flows.VerbSend {
			a.sends[step] = needAll
		}
	}
}

// lines notes what lines ask for. Those of a wait ask besides whether all is lost.
func (a *asked) lines(f *flows.Flow, lines []flows.Line, ofWait bool) {
	for i := range lines {
		line := &lines[i]
		n := needsOf[line.Signal]
		if n != 0 && ofWait {
			n |= needLost
		}
		switch {
		case n == 0:
		case line.Step == flows.AnyStep:
			a.any |= n
		default:
			a.sends[line.Step] |= n
		}
		if line.Signal == flows.SignalAt {
			a.age = a.age || line.At.Of != nil
			a.clock(line.At)
			for _, e := range line.At.Exprs() {
				a.expr(f, e)
			}
		}
		a.hears = a.hears || line.Signal == flows.SignalEvent || line.Signal == flows.SignalReply
		a.expr(f, line.If)
	}
}

var needsOf = map[flows.Signal]need{
	flows.SignalRead: needRead, flows.SignalDelivered: needDelivered, flows.SignalFailed: needLost, flows.SignalReply: needPosted,
}

// askedFrom is, for each step, what it and all that can follow it ask for. The exits
// are asked everywhere.
func askedFrom(f *flows.Flow) []*asked {
	from := make([]*asked, len(f.Steps))
	for i := range f.Steps {
		from[i] = newAsked()
		from[i].lines(f, f.Exits, false)
		from[i].age, from[i].hears = false, false // exits look at the start of the run once
		from[i].step(f, &f.Steps[i])
	}
	for changed := true; changed; { // a loop leads back: until nothing is learned
		changed = false
		for i := len(f.Steps) - 1; i >= 0; i-- {
			before := from[i].size()
			for _, next := range append(f.Steps[i].Successors(), exitSteps(f)...) {
				if next != flows.End {
					from[i].join(from[next])
				}
			}
			changed = changed || from[i].size() != before
		}
	}
	return from
}

func (a *asked) size() int {
	n := len(a.paths) + len(a.clocks) + bits.OnesCount8(uint8(a.any)) + int(bit(a.age)+bit(a.hears))
	for _, need := range a.sends {
		n += bits.OnesCount8(uint8(need))
	}
	return n
}

func (a *asked) step(f *flows.Flow, s *flows.Step) {
	a.expr(f, s.If)
	switch s.Verb {
	case flows.VerbWait:
		a.lines(f, s.Wait.Lines, true)
	case flows.VerbRepeat:
		a.lines(f, s.Repeat.Until, false)
		a.clock(s.Repeat.Till)
	case flows.VerbCollect:
		a.lines(f, s.Collect.Until, false)
		a.hears = true
		a.expr(f, s.Collect.If)
	case flows.VerbBranch:
		for i := range s.Branch {
			a.expr(f, s.Branch[i].If)
		}
	case flows.VerbSplit:
		a.paths[dealt(s)] = true // in a loop it is come to again
	case flows.VerbSet:
		for i := range s.Set {
			a.expr(f, s.Set[i].Value.Expr)
		}
	}
}

// exitSteps are the first steps of exits, to which each step can lead.
func exitSteps(f *flows.Flow) (steps []int) {
	for i := range f.Exits {
		if f.Exits[i].HasThen {
			steps = append(steps, f.Exits[i].Then)
		}
	}
	return steps
}
