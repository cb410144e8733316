package flows

import "slices"

// checkEarly warns of a step directly below a send that asks whether the message was sent.
// The provider's word for that comes later, so the answer is always false there.
func (r *reader) checkEarly(above, at int) {
	if above == End || r.flow.Steps[above].Verb != VerbSend {
		return
	}
	id := r.flow.Steps[above].ID
	step := &r.flow.Steps[at]
	asking := []*Expr{step.If}
	for _, arm := range step.Branch {
		asking = append(asking, arm.If)
	}
	for _, a := range step.Set {
		asking = append(asking, a.Value.Expr)
	}
	for _, e := range asking {
		if e != nil && slices.Contains(e.Read().Paths(), id+".sent") {
			r.list.Warnf(e.Span(), codeNotYetKnown, "write "+id+".accepted", "%s.sent is not known yet; %s.accepted is", id, id)
		}
	}
}
