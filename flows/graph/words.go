package graph

import (
	"fmt"
	"strings"

	"nudge/flows"
)

func lineID(step string, line int) string { return fmt.Sprintf("line-%s-%d", step, line+1) }

// describe sets the title and notes of a step.
func (b *builder) describe(n *node, s *flows.Step) {
	switch s.Verb {
	case flows.VerbSend:
		b.describeSend(n, s)
	case flows.VerbWait:
		b.describeLines(n, "wait", s.Wait.Lines)
	case flows.VerbCollect:
		b.describeLines(n, "collect "+strings.Join(s.Collect.Events, " or "), s.Collect.Until)
	case flows.VerbRepeat:
		b.describeRepeat(n, s.Repeat)
	case flows.VerbBranch:
		n.title = "branch"
	case flows.VerbSplit:
		n.title = "split"
	case flows.VerbSet:
		var names []string
		for _, a := range s.Set {
			names = append(names, a.Name)
		}
		n.title = "set " + strings.Join(names, ", ")
	case flows.VerbEmit:
		n.title = "emit " + s.Emit.Event
	case flows.VerbStart:
		if n.title = "start " + s.Start.Flow; s.Start.Wait {
			n.notes = append(n.notes, "and wait for its end")
		}
		if s.Start.To != nil {
			n.notes = append(n.notes, "for "+s.Start.To.String())
		}
	case flows.VerbFetch:
		n.title = "fetch " + s.ID
	case flows.VerbOpt:
		n.title = map[bool]string{true: "opt in", false: "opt out"}[s.Opt.In]
		if s.Opt.Category != "" {
			n.title += " of " + s.Opt.Category
		}
	case flows.VerbExit:
		n.title, n.goal = s.Exit.As, s.Exit.Goal
	}
	if s.If != nil {
		n.notes = append(n.notes, "if "+s.If.String())
	}
}

func (b *builder) describeSend(n *node, s *flows.Step) {
	n.title = s.Send.Template
	if s.ID != s.Send.Template {
		n.notes = append(n.notes, "as "+s.ID)
	}
	if s.Send.Category != "" && s.Send.Category != b.f.Category {
		n.notes = append(n.notes, s.Send.Category)
	}
	if s.Send.Window != nil {
		n.notes = append(n.notes, s.Send.Window.String())
	}
	if s.Send.MaxDelay != (flows.Duration{}) {
		n.notes = append(n.notes, "at most "+s.Send.MaxDelay.String()+" late")
	}
}

// describeLines sets the lines that a step waits for, unless they become arms.
func (b *builder) describeLines(n *node, title string, lines []flows.Line) {
	n.title = title
	if len(lines) == 1 && lines[0].If == nil {
		if n.title = title + " until " + b.line(&lines[0]); lines[0].Signal == flows.SignalAfter {
			n.title = title + " " + b.line(&lines[0])
		}
		return
	}
	for i := range lines {
		if lines[i].HasThen || lines[i].Do {
			return
		}
	}
	for i := range lines {
		word := "or "
		if i == 0 {
			word = "until "
		}
		n.notes = append(n.notes, word+b.line(&lines[i]))
	}
}

func (b *builder) describeRepeat(n *node, r *flows.Repeat) {
	n.title = "repeat"
	if r.Times > 0 {
		n.title = fmt.Sprintf("repeat up to %d times", r.Times)
	}
	if r.Every != (flows.Duration{}) {
		n.title += ", every " + r.Every.String()
	}
	if r.Till != nil {
		n.title += ", every " + r.Till.String()
	}
	for i := range r.Until {
		if !r.Until[i].HasThen {
			n.notes = append(n.notes, "until "+b.line(&r.Until[i]))
		}
	}
}

// line describes the signal of a line.
func (b *builder) line(l *flows.Line) string {
	text := l.Signal.String()
	switch l.Signal {
	case flows.SignalRead, flows.SignalDelivered, flows.SignalFailed, flows.SignalReply:
		of := "any"
		if l.Step != flows.AnyStep {
			of = b.f.Steps[l.Step].ID
		}
		if text = of + " " + text; l.Signal == flows.SignalReply {
			text = "reply to " + of
			if l.Anywhere {
				text += " in any conversation"
			}
		}
	case flows.SignalEvent:
		text = l.Event
	case flows.SignalAfter:
		if text = l.After.String(); l.Never {
			text = "never"
		}
		if l.Open != nil {
			text += " of " + l.Open.String()
		}
	case flows.SignalAt:
		text = l.At.String()
	case flows.SignalOpen:
		text = l.Open.String() + " is open"
	case flows.SignalQuiet:
		text = l.After.String() + " of quiet"
	case flows.SignalItems:
		text = fmt.Sprintf("%d items", l.Items)
	case flows.SignalIf:
		return "if " + l.If.String()
	}
	if l.If != nil {
		text += " if " + l.If.String()
	}
	return text
}

// toneOf returns the colour of what a line depends on.
func toneOf(l *flows.Line) Tone {
	switch l.Signal {
	case flows.SignalFailed:
		return Bad
	case flows.SignalEvent, flows.SignalItems:
		return Do
	case flows.SignalAfter, flows.SignalAt, flows.SignalOpen, flows.SignalQuiet:
		return Wait
	case flows.SignalIf:
		return Choose
	}
	return Good
}

// share returns the part of an arm in a split, in percent.
func (b *builder) share(all []flows.Share, weight int) string {
	total := 0
	for _, s := range all {
		total += s.Weight
	}
	return fmt.Sprintf("%.3g %%", 100*float64(weight)/float64(total))
}

// Starts describes the triggers of a flow, one after the other, as drawings do; a flow without one is
// started by a call.
func Starts(f *flows.Flow) []string {
	var all []string
	for i := range f.Triggers {
		t := &f.Triggers[i]
		text := "a reply"
		switch {
		case t.Event != "" && t.Schedule != nil:
			text = t.Event + " for an audience"
		case t.Event != "":
			text = t.Event
		case t.Schedule != nil && t.Schedule.Cron != nil:
			text = "cron " + t.Schedule.Cron.Spec
		case t.Schedule != nil && t.Schedule.Every != nil:
			text = "every " + t.Schedule.Every.String()
		case t.Schedule != nil:
			text = t.Schedule.At.String()
		}
		if t.If != nil {
			text += " if " + t.If.String()
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		all = []string{"a call"}
	}
	return all
}

// LineText describes what a line of a flow looks out for, as drawings do.
func LineText(f *flows.Flow, l *flows.Line) string { return (&builder{f: f}).line(l) }
