// Package prove explores every outcome of every wait, receipt, reply, timeout, split,
// fetch and unknown condition of a flow, and says what can become of a run: the most and
// the fewest messages, the longest life, every ending, and what breaks a promise.
//
//	proof := prove.Project(project)
//	for _, flow := range proof.Flows {
//		fmt.Println(flow.Flow, flow.Most, flow.Life)
//	}
//
// # How
//
// A run is walked through the flat program of its flow, as package engine does it, over
// a state that holds only what can still make a difference: the step it is parked on, the
// rounds of its loops, the statuses of messages that are asked for later, what is known
// of variables and outcomes, and how conditions on its data came out. States that are
// alike are one. What nobody can know beforehand (which input comes, how a condition on
// data comes out) goes both ways.
//
// Time is not walked through but reckoned with: a state keeps how far its alarms can lie
// from each other (see zone), so it stands for every instant at which it can be reached,
// and an alarm that cannot ring before another one does not.
//
// # What is claimed
//
//   - Most: no run sends more messages than that. A message counts that is handed to the
//     provider; one whose outcome is unknown may be handed over again under on_unknown:
//     resend, which Attempts counts.
//   - Fewest: no run that is not cancelled from outside sends fewer, where no message is
//     held back by a cap, an opt-out or the outbound mode.
//   - Life: no run lives longer than that after its start. The time that the provider, a
//     fetch, a stopped server or a cap takes is not counted; a message that waits for its
//     hours counts with the longest time that they are closed. A day counts as 24 hours.
//   - Endings and unreachable steps: there are no other endings, and no input leads to
//     such a step.
//
// A flow with more than [MaxStates] states is not proved, and its report says so: what it
// claims then is no bound.
//
// # Why this way
//
// Driving the engine itself with every input would need data for every condition, and an
// instant for every input: what happens only between two corners of time would be missed.
// The walk decides over all data and all instants at once. That it does what the engine
// does is shown by tests, which hold its bounds against the real engine over thousands of
// random flows.
package prove
