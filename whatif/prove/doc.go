// Package prove explores everything that can happen to a run of a flow: every outcome of
// every wait, receipt, reply, timeout, split and fetch, and every unknown condition. It
// reports the most and the fewest messages, the longest life, every ending, and each way
// to break a promise.
//
//	proof := prove.Project(project)
//	for _, flow := range proof.Flows {
//		fmt.Println(flow.Flow, flow.Most, flow.Life)
//	}
//
// # How
//
// The explorer takes the steps of a flow as package engine does, over a small state. The
// state holds only facts that can still make a difference: the step on which the run is
// parked, the rounds of its loops, the statuses of messages that a later step asks for,
// known variables and outcomes, and how conditions on the data came out. Equal states are
// one. Where nobody can know the answer beforehand (which input comes, how a condition on
// data comes out), the explorer tries both.
//
// The explorer does not step through time. A state keeps how far its alarms can be from
// each other (see zone), so it stands for every instant at which a run can reach it. An
// alarm that cannot ring before another one does not.
//
// # What is claimed
//
//   - Most: no run sends more messages. A message counts when it is handed to the
//     provider. Attempts also counts the repeated posts of on_unknown: resend.
//   - Fewest: no run sends fewer, unless it is cancelled from outside, or a cap, an
//     opt-out or the outbound mode holds a message back.
//   - Life: no run lives longer. The time of the provider, of a fetch, of a stopped server
//     and of a cap does not count. A message that waits for its hours counts with the
//     longest time for which they are closed. A day counts as 24 hours.
//   - Endings and unreachable steps: there are no other endings, and no input leads to
//     such a step.
//
// # Loops
//
// A loop of a hundred rounds has the states of one round: rounds are one where no condition
// tells them apart, and a state does not hold how old the run is unless something asks. How
// often a loop goes round, and how long that takes, is computed on the ways between states.
// A way through an inner loop is found once for each state in which it begins (see region),
// so loops within loops add up and do not multiply.
//
// # The budget
//
// A [Budget] limits states, bytes and steps, but not time: a project gives the same words
// on every machine. First a flow is explored exactly. If half the budget is not enough,
// states that differ only in their instants become one that holds them all: the proof is
// coarse. No run exceeds its bounds, but perhaps none comes up to them. So a coarse proof
// calls a promise broken only with a story that shows it. Where the whole budget is not
// enough, the flow is not proved, and its report names the place.
//
// # Why this way
//
// Driving the engine itself would need data for every condition and an instant for every
// input, and would miss what happens between two chosen instants. The explorer decides
// over all data and all instants at once. Tests compare its bounds with the real engine
// over thousands of random flows.
package prove
