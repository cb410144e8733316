package simtest

import (
	"time"

	"nudge/engine"
	"nudge/runner"
)

// process is a machine as the world sees it: what is on its way to it, and when it works.
type process struct {
	*machine
	life     int // counts processes
	inbox    []*delivery
	busy     time.Time      // until when the process is in a commit
	waking   time.Time      // when it looks next; zero for not
	silences int            // questions of this process that are never answered
	claimed  map[string]int // messages of this process that have no outcome, by account
	untold   []*delivery    // of a step that is over, and of which nobody has heard
}

// delivery is a group on its way into the machine, and whom to tell.
type delivery struct {
	inputs  []*engine.Input
	frees   int
	account string                // whose messages it frees
	owed    bool                  // it has a place of its own in the queue
	life    int                   // of the process it is for; 0 for any
	told    func([]engine.Answer) // with nil: it was not taken, or nobody knows
	handed  *runner.Handover      // from another partition, in place of inputs; nil for none
}

// boot starts a process, now or, where that fails, somewhat later.
func (w *world) boot() {
	if w.loop != nil { // somebody was faster
		return
	}
	f := w.diskFault(recoveryFault, 0.3, 4)
	w.life++
	w.inbox, w.silences, w.claimed = nil, 0, map[string]int{}
	if w.apart == nil && w.strikes(func(o *oracle) float64 { return o.changes }) {
		w.lanes = w.oracle.otherwise(w.lanes)
	}
	step, err := w.start(w.processClock(), w.lanes, f)
	if err != nil {
		w.err = err
		return
	}
	if step == nil {
		w.reached["crash during recovery"]++
		if w.fleet == nil { // else the node gives it back
			w.later(w.between(time.Millisecond, 10*time.Second), w.boot)
		} else {
			w.fleet.onItsWay()
		}
		return
	}
	w.busy = w.now
	w.takeOver()
	if w.fleet != nil {
		w.fleet.withinPlaces(nil, step)
	}
	if w.apart != nil {
		w.joined()
	}
	w.handOn(step)
	w.wake(0)
}

// groupsOf are the groups of a delivery, as the loop takes them right now.
func (w *world) groupsOf(d *delivery) []*runner.Group {
	if d.handed == nil {
		return []*runner.Group{{Inputs: d.inputs, Frees: d.frees, Account: d.account}}
	}
	return w.handedGroups(d)
}

// diskFault draws whether something happens to one of the next operations of the disk.
func (w *world) diskFault(c class, most float64, ops int) fault {
	if !w.chance(c, most) {
		return fault{}
	}
	f := fault{kind: 1 + faultKind(w.dice.IntN(int(faultKinds)-1)), at: 1 + w.dice.IntN(ops)}
	f.late = w.fleet != nil && w.fleet.strikes(0.5)
	return f
}

// die ends the process.
func (w *world) die() {
	w.kill()
	w.dead()
}

// dead is what follows from the end of a process: those who waited for it learn
// nothing, and after a while there is a new one.
func (w *world) dead() {
	w.gone()
	if w.fleet != nil {
		w.fleet.onItsWay()
		w.fleet.failed(w.part.Number)
		w.obeyed(nil)
		return
	}
	pause := w.between(time.Millisecond, time.Minute)
	if w.chance(downtime, 0.3) {
		pause = w.between(time.Hour, 40*time.Hour)
	}
	if w.strikes(func(o *oracle) float64 { return o.stops }) {
		pause = w.between(24*time.Hour, 30*time.Hour)
	}
	w.later(pause, w.boot)
	if w.apart != nil {
		w.obeyed(nil)
	}
}

// gone tells those who wait for the process nothing: it is not there any more.
func (w *world) gone() {
	w.life++
	waiting := append(w.untold, w.inbox...)
	w.inbox, w.untold = nil, nil
	w.unheard(waiting)
}

// unheard tells those who wait that nobody knows. What became of messages goes to the process that has the partition next.
func (w *world) unheard(all []*delivery) {
	for _, d := range all {
		if d.told != nil {
			d.told(nil)
		}
		if w.fleet != nil && d.frees > 0 {
			for _, in := range d.inputs {
				w.fleet.belated(in, 0)
			}
		}
	}
}

// send puts a group into the machine's queue.
func (w *world) send(d *delivery) {
	signed(d.inputs)
	if w.apart != nil {
		w.sendApart(d)
		return
	}
	w.enqueue(d)
}

// enqueue puts a group into the queue of the process in hand.
func (w *world) enqueue(d *delivery) {
	switch {
	case w.loop == nil, d.life != 0 && d.life != w.life:
		if d.told != nil {
			d.told(nil)
		}
	case len(w.inbox) >= w.queue && d.frees == 0 && !d.owed:
		w.reached["queue full"]++
		d.told(nil)
	default:
		w.inbox = append(w.inbox, d)
		w.wake(0)
	}
}

// wake lets the process look after a while, at the latest.
func (w *world) wake(d time.Duration) {
	at := w.now.Add(d)
	if at.Before(w.busy) {
		at = w.busy
	}
	if !w.waking.IsZero() && !w.waking.After(at) && w.waking.After(w.now) {
		return
	}
	w.waking = at
	life := w.life
	w.later(at.Sub(w.now), func() {
		if life == w.life && w.loop != nil && w.waking.Equal(at) {
			w.waking = time.Time{}
			if w.fleet == nil || w.fleet.acts(w.part.Number) {
				w.work()
			}
		}
	})
}

// work is one step of the process.
func (w *world) work() {
	n := min(len(w.inbox), w.batch)
	taken := w.inbox[:n]
	w.inbox = append([]*delivery{}, w.inbox[n:]...)
	var groups []*runner.Group
	ends := make([]int, n) // of each among the groups
	if w.apart != nil {
		groups = w.commandsDue()
	}
	for i, d := range taken {
		groups = append(groups, w.groupsOf(d)...)
		ends[i] = len(groups)
	}
	if w.err != nil {
		return
	}
	f := w.diskFault(diskErrors, 0.02, 3)
	if f.kind == noFault {
		f = w.diskFault(crashes, 0.01, 2)
	}
	step, err := w.step(w.processClock(), groups, f)
	if err != nil {
		w.err = err
		return
	}
	took := w.config.latency
	if w.chance(slowDisk, 0.05) {
		took = w.between(time.Second, time.Minute)
	}
	w.busy = w.now.Add(took)
	if step == nil || w.chance(crashes, 0.005) { // died in it, or before anybody was told
		if step != nil {
			w.kill()
		}
		w.unheard(taken)
		w.dead()
		return
	}
	if w.fleet != nil {
		w.fleet.afterStep(taken, step, func() { w.finish(taken, groups, ends, step) })
		return
	}
	w.finish(taken, groups, ends, step)
}

// finish is what follows from a step that is durable. Ends are, of each delivery, among the groups.
func (w *world) finish(taken []*delivery, groups []*runner.Group, ends []int, step *runner.Step) {
	if w.apart != nil {
		w.obeyed(groups)
	}
	for i, d := range taken {
		switch {
		case d.told == nil:
		case d.handed != nil:
			d.told([]engine.Answer{})
		default:
			d.told(groups[ends[i]-1].Answers)
		}
	}
	w.handOn(step)
	if w.apart != nil && w.loop != nil {
		w.offer()
	}
	w.sleep(step)
}

// sleep is until when the process has nothing to do by itself.
func (w *world) sleep(step *runner.Step) {
	switch {
	case w.loop == nil:
	case step.Again || len(w.inbox) > 0:
		w.wake(0)
	case step.Next != 0:
		w.wake(max(0, step.Next.Time().Sub(w.processClock())))
	}
}

// handOn carries out what a step led to. The process may die before any of it.
func (w *world) handOn(step *runner.Step) {
	for i := range step.Posts {
		if w.chance(crashes, 0.01) {
			w.reached["crash with messages claimed"]++
			w.die()
			return
		}
		w.dispatch(step.Posts[i])
	}
	for _, f := range step.Freezes {
		w.freeze(f)
	}
	for _, p := range step.Fetches {
		w.ask(p)
	}
	for _, q := range step.Asks {
		if w.chance(crashes, 0.05) {
			w.reached["crash with questions open"]++
			w.die()
			return
		}
		w.inquire(q)
	}
}
