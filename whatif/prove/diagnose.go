package prove

import "nudge/lang/diag"

// The codes of what a proof finds. A code never changes its meaning.
const (
	CodeBroken    = "broken-promise"    // a run can break what the flow or its category promises
	CodeCircle    = "flows-in-a-circle" // warning: flows start each other
	CodeNotProved = "not-proved"        // warning: a promise of a flow that is too large to be explored
)

// Diagnose is what is wrong with a project by its proof.
func (p *Proof) Diagnose() diag.List {
	var list diag.List
	for _, r := range p.Flows {
		for _, b := range r.Broken {
			list.Errorf(b.Span, CodeBroken, "nudge prove "+r.Flow+" tells a story of it", "%s: %s", b.What, b.Found)
		}
		if promises := r.flow.Promises; promises != nil && !r.Proved {
			at := promises.MessagesAt
			if promises.Messages == 0 {
				at = promises.EndsAt
			}
			list.Warnf(at, CodeNotProved, "make it two flows, or ask for less of its messages",
				"%s has more than %d states: what it promises is not proved", r.Flow, MaxStates)
		}
	}
	for _, c := range p.Circles {
		list.Warnf(c.Span, CodeCircle, "let one of them have entry: { at_most: … }, or lead elsewhere",
			"these flows start each other: %s", c)
	}
	return list
}

// Explanations is what the codes mean, by code.
var Explanations = map[string]string{
	CodeBroken: `Everything that can happen to a run was explored, and one of the ways breaks what the flow
promises (messages, ends), or sends more than the cap of its category allows. nudge prove
tells the shortest story of it, which nudge test can play.

Wrong:

    promises: { messages: 1 }
    steps:
      - send: hello
      - wait: [ { read: hello }, { failed: hello }, { after: 1d, then: [ { send: hello } ] } ]

Right:

    promises: { messages: 2 }
`,
	CodeCircle: `A flow starts another one, by a start or by an event that it emits, and that one leads
back to it. A person who comes into such a circle may never leave it: at once it stops
after sixteen inputs, but where a wait lies between, it does not. Break it, or give one of
the flows an entry with at_most.

A flow that any reply starts and that sends is such a circle by itself: an absence note
answers it, and starts it again, ten times an hour at most. Give its trigger an if that looks
at the reply, or the flow an entry with at_most.
`,
	CodeNotProved: `The flow promises something, but there are so many ways through it that not all of them
could be explored: the promise is neither proved nor broken. Loops within loops whose
lines look out for any message are the most common reason; name the message, or make two
flows of it.
`,
}
