package prove

import "nudge/lang/diag"

// The codes of a proof's findings. A code never changes its meaning.
const (
	codeBroken    = "broken-promise"    // a run can break what the flow or its category promises
	codeCircle    = "flows-in-a-circle" // warning: flows start each other
	codeNotProved = "not-proved"        // warning: a promise of a flow that is too large to be explored
)

// Diagnose returns the findings of a proof as diagnostics: an error for each broken promise,
// a warning for each promise that could not be proved and for each circle of flows.
func (p *Proof) Diagnose() diag.List {
	var list diag.List
	for _, r := range p.Flows {
		for _, b := range r.Broken {
			list.Errorf(b.Span, codeBroken, "nudge prove --flow "+r.Flow+" shows a story that breaks it", "%s: %s", b.What, b.Found)
		}
		if promises := r.flow.Promises; promises != nil && !r.Proved {
			at := promises.MessagesAt
			if promises.Messages == 0 {
				at = promises.EndsAt
			}
			list.Warnf(at, codeNotProved, "make it two flows, or ask for less of its messages",
				"%s has more than %d states: what it promises is not proved", r.Flow, MaxStates)
		}
	}
	for _, c := range p.Circles {
		list.Warnf(c.Span, codeCircle, "give one of them entry: { at_most: … }, or break the circle",
			"these flows start each other: %s", c)
	}
	return list
}

// Explanations says what each code means.
var Explanations = map[string]string{
	codeBroken: `nudge explored everything that can happen to a run. One of the ways breaks a promise of the
flow (messages, ends), or sends more than the cap of its category allows. nudge prove shows
a shortest story of it. nudge test can play that story.

Wrong:

    promises: { messages: 1 }
    steps:
      - send: hello
      - wait: [ { read: hello }, { failed: hello }, { after: 1d, then: [ { send: hello } ] } ]

Right:

    promises: { messages: 2 }
`,
	codeCircle: `A flow starts another one, by a start step or by an event that it emits, and that one leads
back to the first. A person in such a circle may never leave it. Nudge stops a circle without
a wait after sixteen inputs, but not a circle with a wait in it. Break the circle, or give one
of the flows an entry with at_most.

A flow that starts on any reply and sends a message is a circle by itself: an absence note
answers the message and starts the flow again, up to ten times an hour. Give its trigger an if
that looks at the reply, or give the flow an entry with at_most.
`,
	codeNotProved: `The flow promises something, but there are so many ways through it that not all of them
could be explored: the promise is neither proved nor broken. Loops within loops whose
lines look out for any message are the most common reason; name the message, or make two
flows of it.
`,
}
