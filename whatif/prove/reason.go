package prove

import (
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// reasonOf is the path of why a message is where it is.
func reasonOf(s *flows.Step) string { return s.ID + ".reason" }

// note notes why the newest message of a step is unsent, where a condition asks.
func (w *walk) note(step int, reason string) {
	s := &w.f.Steps[step]
	if w.asked[step].paths[reasonOf(s)] {
		w.s.values[reasonOf(s)] = reason
	}
}

// holdBack keeps a message back. Where a condition asks for the reason, each that is
// possible is another way.
func (w *walk) holdBack(step int) {
	w.newMessage(step, unsent)
	if s := &w.f.Steps[step]; w.asked[step].paths[reasonOf(s)] {
		reasons := w.reasons(s.Send)
		w.note(step, reasons[w.t.choose(len(reasons))])
	}
}

// reasons are why a message may be held back for good.
func (x *explorer) reasons(s *flows.Send) []string {
	all := []string{engine.ReasonOutbound, engine.ReasonTemplate, engine.ReasonMergeField}
	c := x.f.Categories[s.Category]
	if c == nil {
		c = &flows.Category{}
	}
	if !c.Always {
		all = append(all, engine.ReasonOptedOut)
	}
	if len(c.Caps) > 0 {
		all = append(all, engine.ReasonCapped)
	}
	if s.MaxDelay != (flows.Duration{}) || s.Window != nil && c.Window != nil {
		all = append(all, engine.ReasonLate)
	}
	if s.Expires != (flows.Duration{}) {
		all = append(all, engine.ReasonExpired)
	}
	return all
}

// isReason decides a comparison of the reason of a message that was sent, or that the
// provider refused: it is none of those for which Nudge holds messages back.
func (w *walk) isReason(a flows.Atom) (holds, ok bool) {
	reason, isText := a.Literal.(string)
	step := w.f.StepNamed(pathRoot(a.Path))
	if !isText || step < 0 || a.Path != reasonOf(&w.f.Steps[step]) || w.f.Steps[step].Verb != flows.VerbSend {
		return false, false
	}
	if m := w.s.sends[step].status; m == none || m == unsent || !slices.Contains(engine.UnsentReasons, reason) {
		return false, false
	}
	return a.Op == "!=", a.Op == "==" || a.Op == "!="
}
