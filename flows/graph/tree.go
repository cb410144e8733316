package graph

import "nudge/flows"

// block is a list of steps that follow each other.
type block []*node

// node is a step with the steps inside it.
type node struct {
	step  int
	id    string
	verb  flows.Verb
	title string
	notes []string
	goal  bool // of an exit
	body  block
	arms  []arm

	leaves []leave  // exits by which runs leave it
	exit   int      // an end that stands for an exit of the flow: its place from 1
	ways   []Way    // of such an end: what comes to it
	closed []string // the steps inside that are not drawn
	final  bool     // closed, and nothing leads on
	outs   []Way    // closed: what leads on
}

// arm is one way on from a step.
type arm struct {
	id    string
	label string
	tone  Tone // of what it depends on
	way   Way
	ways  []Way // of an exit: all that its lines carry
	steps block
	back  bool // it leads back to the step, which goes on

	least float64 // height of its label
}

// ends reports whether nothing leads on from the block.
func (b block) ends() bool {
	if len(b) == 0 {
		return false
	}
	return b[len(b)-1].ends()
}

// ends reports whether the arm does not lead on to the step after its own.
func (a *arm) ends() bool { return a.back || a.steps.ends() }

func (n *node) ends() bool {
	if len(n.closed) > 0 {
		return n.final
	}
	if n.verb == flows.VerbExit {
		return len(n.notes) == 0 // one with a condition may be passed over
	}
	for i := range n.arms {
		if !n.arms[i].ends() {
			return false
		}
	}
	return len(n.arms) > 0
}

// out returns what leads on from a step.
func (n *node) out() (all []Way) {
	switch {
	case n.ends():
		return nil
	case len(n.closed) > 0:
		return n.outs
	case n.verb == flows.VerbExit:
		return []Way{{Count: Skipped, Step: n.id}}
	case len(n.arms) == 0:
		return []Way{{Count: On, Step: n.id}}
	}
	for i := range n.arms {
		all = append(all, n.arms[i].out()...)
	}
	return all
}

// out returns what leads on from an arm to the step after its own.
func (a *arm) out() []Way {
	switch {
	case a.ends():
		return nil
	case len(a.steps) == 0:
		return []Way{a.way}
	}
	return a.steps[len(a.steps)-1].out()
}

// builder builds the tree of a flow from its program. The steps of an arm have the indexes
// from its first step up to the beginning of the next arm, or of the step after the whole.
type builder struct{ f *flows.Flow }

// block returns the steps from an index on that follow each other before a limit.
func (b *builder) block(from, limit int) block {
	var all block
	for at := from; at != flows.End && at < limit; {
		s := &b.f.Steps[at]
		next := s.Next
		if next <= at || next > limit { // it leads back, or out of the block
			next = limit
		}
		all = append(all, b.node(at, next))
		at = next
	}
	return all
}

// entrance is a way on from a step, with its target.
type entrance struct {
	arm
	then int
	own  bool // it has steps of its own
}

// node returns a step; all its arms end before a limit.
func (b *builder) node(at, limit int) *node {
	s := &b.f.Steps[at]
	n := &node{step: at, id: s.ID, verb: s.Verb}
	b.describe(n, s)
	ways := b.ways(at, s)
	body := -1
	if s.Verb == flows.VerbRepeat {
		body = s.Repeat.Body
	}
	until := func(from int) int { // where the steps that begin there end
		end := limit
		for _, w := range ways {
			if w.own && w.then > from && w.then < end {
				end = w.then
			}
		}
		return end
	}
	if body >= 0 {
		n.body = b.block(body, until(body))
	}
	for _, w := range ways {
		if w.own {
			w.steps = b.block(w.then, until(w.then))
		}
		n.arms = append(n.arms, w.arm)
	}
	return n
}

// ways returns the ways on from a step that need an arm of their own, or none if all lead
// to the same step.
func (b *builder) ways(at int, s *flows.Step) []entrance {
	var all []entrance
	own := func(then int) bool { return then > at && then != s.Next && then != flows.End }
	lines := func(of []flows.Line) {
		for i := range of {
			w := entrance{then: of[i].Then, own: of[i].HasThen && own(of[i].Then)}
			w.id, w.label, w.tone, w.way = lineID(s.ID, i), b.line(&of[i]), toneOf(&of[i]), Way{Count: ByLine, Step: s.ID, At: i}
			if w.back = of[i].Do; w.back {
				w.own, w.label = true, "meanwhile, "+w.label
			}
			all = append(all, w)
		}
	}
	arm := func(label string, then int, count Count, as string) {
		w := entrance{then: then, own: own(then)}
		w.id, w.label, w.tone, w.way = lineID(s.ID, len(all)), label, Choose, Way{Count: count, Step: s.ID, As: as}
		all = append(all, w)
	}
	switch s.Verb {
	case flows.VerbWait:
		lines(s.Wait.Lines)
	case flows.VerbCollect:
		lines(s.Collect.Until)
	case flows.VerbRepeat:
		arm("completed", s.Next, ByEnd, "completed")
		all[0].id = lineID(s.ID, -1) // it is no line of its until
		lines(s.Repeat.Until)
	case flows.VerbBranch:
		otherwise := true
		for _, a := range s.Branch {
			if a.If == nil {
				otherwise = false
				arm("else", a.Then, ByArm, a.As)
			} else {
				arm(a.If.String(), a.Then, ByArm, a.As)
			}
		}
		if otherwise {
			arm("else", s.Next, ByArm, "")
		}
	case flows.VerbSplit:
		for _, share := range s.Split {
			arm(share.As+", "+b.share(s.Split, share.Weight), share.Then, ByArm, share.As)
		}
	case flows.VerbFetch:
		arm("answered", s.Next, Rest, "")
		arm("no good answer", s.Fetch.OnError, ByEnd, "error")
	}
	for _, w := range all {
		if w.own {
			return all
		}
	}
	return nil
}
