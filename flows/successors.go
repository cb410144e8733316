package flows

import "slices"

// Successors returns the indexes of the steps that a step can lead to, whatever its conditions
// say; End for the end of the flow.
func (s *Step) Successors() []int {
	var next []int
	if s.Repeat == nil || s.Repeat.Times > 0 || s.If != nil {
		next = append(next, s.Next)
	}
	lines := func(all []Line) {
		for i := range all {
			next = append(next, all[i].Then)
		}
	}
	switch s.Verb {
	case VerbWait:
		lines(s.Wait.Lines)
	case VerbRepeat:
		next = append(next, s.Repeat.Body)
		lines(s.Repeat.Until)
	case VerbCollect:
		lines(s.Collect.Until)
	case VerbBranch:
		for _, arm := range s.Branch {
			next = append(next, arm.Then)
		}
	case VerbSplit:
		for _, share := range s.Split {
			next = append(next, share.Then)
		}
	case VerbFetch:
		next = append(next, s.Fetch.OnError)
	case VerbExit:
		if s.If == nil {
			return nil
		}
	}
	return next
}

// ExitSteps returns the index of the first step under the then of an exit; the number of steps
// without one. No step before it leads there.
func (f *Flow) ExitSteps() int {
	first := len(f.Steps)
	for i := range f.Exits {
		if f.Exits[i].HasThen {
			first = min(first, f.Exits[i].Then)
		}
	}
	return first
}

// ExitEnd returns the index after the last step of an exit.
func (f *Flow) ExitEnd(exit *Line) int {
	end := len(f.Steps)
	for i := range f.Exits {
		if next := f.Exits[i].Then; next > exit.Then {
			end = min(end, next)
		}
	}
	return end
}

// MayBegin reports whether a run can begin at a step: it is not inside a repeat, under a do or among the steps of an exit.
func (f *Flow) MayBegin(step int) bool {
	if step < 0 || step >= len(f.Steps) || len(f.Steps[step].Loops) > 0 {
		return false
	}
	seen := make([]bool, len(f.Steps))
	for open := []int{0}; len(open) > 0; open = open[1:] {
		at := open[0]
		if at == End || seen[at] {
			continue
		}
		if at == step {
			return true
		}
		seen[at] = true
		open = append(open, f.Steps[at].onward()...)
	}
	return false
}

// onward are the successors of a step without those under its dos.
func (s *Step) onward() []int {
	all := s.Successors()
	if s.Wait == nil {
		return all
	}
	for i := range s.Wait.Lines {
		if line := &s.Wait.Lines[i]; line.Do {
			all = slices.DeleteFunc(all, func(at int) bool { return at == line.Then })
		}
	}
	return all
}

// markLast finds the collects that no other collect can follow in a run. The lines of the
// loops around a step can lead on from it at any time.
func (f *Flow) markLast() {
	for i := range f.Steps {
		c := f.Steps[i].Collect
		if c == nil {
			continue
		}
		c.Last = true
		seen := make([]bool, len(f.Steps))
		for open := []int{i}; len(open) > 0 && c.Last; {
			s := &f.Steps[open[0]]
			open = open[1:]
			for _, next := range append(s.Successors(), s.Loops...) {
				if next == End || seen[next] {
					continue
				}
				seen[next], open = true, append(open, next)
				c.Last = c.Last && f.Steps[next].Collect == nil
			}
		}
	}
}
