package graph

import (
	"fmt"
	"slices"

	"nudge/flows"
)

// exits returns the exits of the flow, each with the steps that it takes and its end.
func (b *builder) exits() (all []arm) {
	for i := range b.f.Exits {
		line := &b.f.Exits[i]
		a := arm{id: fmt.Sprintf("exit-%d", i+1), tone: toneOf(line), label: b.line(line)}
		if line.HasThen {
			a.steps = b.block(line.Then, b.f.ExitEnd(line))
		}
		if !a.steps.ends() {
			a.steps = append(a.steps, &node{id: fmt.Sprintf("Exit%d", i+1), step: flows.End, verb: flows.VerbExit, title: line.As, goal: line.Goal, exit: i + 1})
		}
		all = append(all, a)
	}
	return all
}

// exitText describes an exit in a line.
func (b *builder) exitText(exit int) string {
	line := &b.f.Exits[exit]
	text := b.line(line) + ": " + line.As
	if line.Goal {
		text += " (goal)"
	}
	return text
}

// hasGoal reports whether an ending of the flow is its goal.
func (b *builder) hasGoal() bool {
	return slices.ContainsFunc(b.f.Exits, func(line flows.Line) bool { return line.Goal }) ||
		slices.ContainsFunc(b.f.Steps, func(s flows.Step) bool { return s.Exit != nil && s.Exit.Goal })
}

// own returns the steps of an exit, or none if it only ends the run.
func (a *arm) own() block {
	if len(a.steps) == 1 && a.steps[0].exit > 0 {
		return nil
	}
	return a.steps
}

// steps returns the steps of the flow itself.
func (b *builder) steps() block { return b.block(0, b.f.ExitSteps()) }

// leave is an exit by which runs leave a step.
type leave struct {
	exit int
	ways []Way
}

// stays reports whether a run can stay at a step, so that an exit can come meanwhile.
func (n *node) stays(f *flows.Flow) bool {
	switch n.verb {
	case flows.VerbWait, flows.VerbCollect:
		return true
	case flows.VerbRepeat:
		r := f.Steps[n.step].Repeat
		return r.Every != (flows.Duration{}) || r.Till != nil
	case flows.VerbStart:
		return f.Steps[n.step].Start.Wait
	}
	return false
}

// leaves notes at each step of the flow by which exits it is left, and returns those before the first step.
func (l *layout) leaves(steps block) (before []leave) {
	for exit := range l.b.f.Exits {
		from := map[string]bool{}
		if l.Left != nil {
			for _, step := range l.Left(exit) {
				from[step] = true
			}
		}
		known := len(from) > 0
		some := false
		steps.each(func(n *node) {
			if from[n.id] || !known && n.stays(l.b.f) {
				n.leaves, some = append(n.leaves, leave{exit, []Way{{Count: ByExit, Step: n.id, At: exit}}}), true
			}
		})
		if from[""] || !some {
			before = append(before, leave{exit, []Way{{Count: ByExit, At: exit}}})
		}
	}
	return before
}

// each calls visit for every step of a block and inside it.
func (b block) each(visit func(*node)) {
	for _, n := range b {
		visit(n)
		n.inside(visit)
	}
}

func (n *node) inside(visit func(*node)) {
	n.body.each(visit)
	for i := range n.arms {
		n.arms[i].steps.each(visit)
	}
}

// left returns the exits that leave a block, in order.
func (l *layout) left(b block) (exits []int) {
	has := map[int]bool{}
	b.each(func(n *node) {
		for _, x := range n.leaves {
			has[x.exit] = true
		}
	})
	for exit := range l.b.f.Exits {
		if has[exit] {
			exits = append(exits, exit)
		}
	}
	return exits
}

// close makes a step that is too large one box: the exits of the steps inside leave it.
func (n *node) close() {
	n.inside(func(inner *node) {
		n.closed = append(n.closed, inner.id)
		for _, x := range inner.leaves {
			n.leaveBy(x)
		}
	})
	inside := "1 step inside"
	if len(n.closed) != 1 {
		inside = fmt.Sprintf("%d steps inside", len(n.closed))
	}
	n.notes = append(n.notes, inside)
	n.outs = n.out()
	n.final = n.ends()
	n.body, n.arms = nil, nil
}

func (n *node) leaveBy(x leave) {
	for i := range n.leaves {
		if n.leaves[i].exit == x.exit {
			n.leaves[i].ways = append(n.leaves[i].ways, x.ways...)
			return
		}
	}
	n.leaves = append(n.leaves, leave{x.exit, append([]Way{}, x.ways...)})
}

// closeLarge closes steps if the flow has more boxes than may be drawn, and in those that are open again.
func (l *layout) closeLarge(steps block, exits []arm) {
	boxes := steps.boxes()
	for i := range exits {
		boxes += 1 + exits[i].steps.boxes()
	}
	if l.Most > 0 && boxes > l.Most {
		l.closeIn(steps)
	}
}

func (l *layout) closeIn(steps block) {
	for _, n := range steps {
		switch {
		case len(n.body) == 0 && len(n.arms) == 0:
		case !slices.Contains(l.Open, n.id):
			n.close()
		case block{n}.boxes() > l.Most:
			l.closeIn(n.body)
			for i := range n.arms {
				l.closeIn(n.arms[i].steps)
			}
		}
	}
}

// boxes returns how many boxes a block has.
func (b block) boxes() int {
	boxes := 0
	b.each(func(n *node) { boxes += 1 + len(n.arms) })
	return boxes
}

// Completes reports whether a run can get past the last step of a flow, so far as the ways between its
// steps say.
func Completes(f *flows.Flow) bool { return !(&builder{f: f}).steps().ends() }
