package prove

import "nudge/lang/diag"

// The codes of a proof's findings. A code never changes its meaning.
const (
	codeBroken    = "broken-promise"    // a run can break what the flow or its category promises
	codeCircle    = "flows-in-a-circle" // warning: flows start each other
	codeNotProved = "not-proved"        // warning: a promise of a flow that is too large to be explored
)

// budgetHint says what to do about a flow that is too large.
const budgetHint = "try nudge prove, which has ten times the budget, or make two flows of it"

// Diagnose returns the findings of a proof as diagnostics: an error for each broken promise,
// a warning for each promise that could not be proved and for each circle of flows.
func (p *Proof) Diagnose() diag.List {
	var list diag.List
	for _, r := range p.Flows {
		for _, b := range r.Broken {
			list.Errorf(b.Span, codeBroken, "nudge prove --flow "+r.Flow+" shows a story that breaks it", "%s: %s", b.What, b.Found)
		}
		for _, u := range r.Unproved {
			list.Warnf(u.Span, codeNotProved, u.hint, "not proved: %s: %s: %s", r.Flow, u.What, u.Found)
		}
		if promises := r.flow.Promises; promises != nil && !r.Proved {
			at := promises.MessagesAt
			if promises.Messages == 0 {
				at = promises.EndsAt
			}
			list.Warnf(at, codeNotProved, budgetHint, "not proved: %s has too many states from %s on (%s)", r.Flow, r.Place.Step, r.Place.Span)
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
	codeNotProved: `The flow promises something, or its category has a cap, and there are too many ways through
the flow: within the budget the promise is neither proved nor broken. nudge prove has ten
times the budget of nudge check. A flow has too many states when later steps ask for many
messages, when lines within loops look out for any message, or when many conditions on the
data come one after the other. Name the message, or make two flows of it.

A promise is not proved either where times of day, the hours of messages, the calendar or what
remaining says decide, and no story shows that it is broken. The hint says what to do then.
`,
}
