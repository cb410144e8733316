// Package virtual runs the real loop in virtual time: nothing sleeps, and the clock jumps
// from one thing that happens to the next.
//
// Three drivers live in it. A story plays what a test says (whatif/story), a plan plays one
// run to its end (whatif/plan), and a backtest plays a recorded window again with other flows
// (whatif/backtest). They differ in what surrounds the engine: who reads, what the provider
// answers, what services say. That is the driver's [Outside]. The rest stands here once:
//
//   - the clock, which never goes back;
//   - what will come: groups of inputs that are planned for an instant, in order;
//   - the steps of the loop, until nothing is left to do at an instant;
//   - a panic of the engine. The loop quarantines the run and goes on, which is right for a
//     server. A driver that went on would report a result that no flow has, so here every
//     panic is an error.
//
// A driver is a loop around [World.Next], [World.JumpTo] and [World.Settle]:
//
//	w := virtual.New(loop, start, outside)
//	w.Arrive(virtual.One(deploy))
//	err := w.Settle()
//	for at, ok := w.Next(); err == nil && ok && !at.After(end); at, ok = w.Next() {
//		w.JumpTo(at)
//		err = w.Settle()
//	}
package virtual
