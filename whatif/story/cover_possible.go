package story

import (
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// possibility is one thing that can happen in a flow, with its words.
type possibility struct {
	covered
	text string
}

// possible is all that can happen in a flow: its steps, the arms of its branches, the
// outcomes of its waits, what becomes of messages that something looks out for, and
// the ways in which it ends.
func possible(f *flows.Flow) (all []possibility) {
	add := func(step int, outcome, text string) {
		all = append(all, possibility{covered{f.Name, step, outcome}, text})
	}
	for i := range f.Steps {
		s := &f.Steps[i]
		add(i, taken, s.ID+" taken")
		if s.If != nil {
			add(i, skipped, s.ID+" skipped")
		}
		for _, outcome := range outcomes(f, i) {
			add(i, outcome, s.ID+" "+outcome)
		}
	}
	for _, end := range ends(f) {
		add(engine.NoStep, end, "end "+end)
	}
	return all
}

// outcomes are the ways in which a step can go, in the order in which they stand.
func outcomes(f *flows.Flow, step int) (words []string) {
	s := &f.Steps[step]
	lines := func(lines []flows.Line) {
		for i := range lines {
			if !lines[i].Never && !lines[i].Do && !slices.Contains(words, lines[i].As) {
				words = append(words, lines[i].As)
			}
		}
	}
	switch s.Verb {
	case flows.VerbSend:
		if awaited(f, step) {
			words = append(words, "failed")
		}
	case flows.VerbBranch:
		arms(s, &words)
	case flows.VerbSplit:
		for i := range s.Split {
			words = append(words, armName(s.Split[i].As))
		}
	case flows.VerbWait:
		lines(s.Wait.Lines)
	case flows.VerbCollect:
		lines(s.Collect.Until)
	case flows.VerbRepeat:
		lines(s.Repeat.Until)
		if s.Repeat.Times > 0 && loopEnds(f, step) {
			words = append(words, engine.OutcomeCompleted)
		}
	case flows.VerbFetch:
		words = append(words, "answered", "error")
	}
	return words
}

func arms(s *flows.Step, words *[]string) {
	for _, arm := range s.Branch {
		*words = append(*words, armName(arm.As))
		if arm.If == nil {
			return
		}
	}
	*words = append(*words, armName(""))
}

// loopEnds reports whether the rounds of a loop can be used up: whether some step of a
// round leads back to it.
func loopEnds(f *flows.Flow, loop int) bool {
	for i := range f.Steps {
		if i != loop && slices.Contains(f.Steps[i].Loops, loop) && leadsTo(&f.Steps[i], loop) {
			return true
		}
	}
	return false
}

// leadsTo reports whether the next step after one can be another.
func leadsTo(s *flows.Step, to int) bool {
	if s.Verb == flows.VerbExit {
		return s.If != nil && s.Next == to
	}
	for _, arm := range s.Branch {
		if arm.Then == to {
			return true
		}
	}
	for _, share := range s.Split {
		if share.Then == to {
			return true
		}
	}
	for _, line := range linesOf(s) {
		if line.Then == to {
			return true
		}
	}
	return passesOn(s) && s.Next == to
}

// passesOn reports whether a step can lead to the one after it by itself.
func passesOn(s *flows.Step) bool {
	switch s.Verb {
	case flows.VerbSplit:
		return s.If != nil
	case flows.VerbBranch:
		last := s.Branch[len(s.Branch)-1]
		return last.If != nil || s.If != nil
	case flows.VerbWait:
		return s.If != nil || len(flows.Unnamed(s.Wait.Lines)) > 0
	}
	return true
}

func linesOf(s *flows.Step) []flows.Line {
	switch s.Verb {
	case flows.VerbWait:
		return s.Wait.Lines
	case flows.VerbCollect:
		return s.Collect.Until
	case flows.VerbRepeat:
		return s.Repeat.Until
	}
	return nil
}

// awaited reports whether some line looks out for what becomes of a message.
func awaited(f *flows.Flow, send int) bool {
	names := func(l flows.Line) bool {
		switch l.Signal {
		case flows.SignalRead, flows.SignalDelivered, flows.SignalFailed, flows.SignalReply:
			return l.Step == send || l.Step == flows.AnyStep
		}
		return false
	}
	if slices.ContainsFunc(f.Exits, names) {
		return true
	}
	return slices.ContainsFunc(f.Steps, func(s flows.Step) bool { return slices.ContainsFunc(linesOf(&s), names) })
}

// ends are the ways in which a run of the flow ends, as far as the flow says.
func ends(f *flows.Flow) (words []string) {
	end := func(steps []flows.Step) bool {
		return slices.ContainsFunc(steps, func(s flows.Step) bool { return leadsTo(&s, flows.End) })
	}
	for i := range f.Exits {
		if exit := &f.Exits[i]; !exit.HasThen || end(f.Steps[exit.Then:f.ExitEnd(exit)]) {
			words = append(words, exit.As)
		}
	}
	for i := range f.Steps {
		if s := &f.Steps[i]; s.Verb == flows.VerbExit {
			words = append(words, s.Exit.As)
		}
	}
	if end(f.Steps[:f.ExitSteps()]) {
		words = append(words, engine.OutcomeCompleted)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
