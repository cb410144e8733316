package simtest

import (
	"context"
	"time"

	"nudge/engine"
	"nudge/runner"
)

// heartbeat is what the clock of the database showed, and when a node heard of it by its own.
type heartbeat struct {
	shown time.Time
	at    time.Duration
}

// now is the clock by which the processes of a node work: that of the database, whatever the wall of the node shows.
func (n *simNode) now() time.Time { return n.heard.shown.Add(n.clock() - n.heard.at) }

// mostAhead is how far a node's idea of the database's clock may be ahead: its own clock goes wrong for as long as a lease lasts.
const mostAhead = nodeTerm / 40

// processClock is what the clock of the process in hand shows.
func (w *world) processClock() time.Time {
	if w.fleet == nil {
		return w.clock()
	}
	if n := w.fleet.at[w.part.Number]; n != nil {
		return n.now().Truncate(time.Microsecond)
	}
	return w.clock()
}

// timely holds that nothing is stamped later than the clock of the database (I5): a timer would be early. If somebody sets that clock, nodes
// hear of it late.
func (f *fleet) timely() {
	w := f.w
	if w.rate[clockSteps] > 0 || w.err != nil {
		return
	}
	if stamp := w.loop.Core().State.Stamp.Time(); stamp.After(w.clock().Add(mostAhead)) {
		w.err = broken("I5", "partition %d is at %s, and by the clock of the database it is %s", w.part.Number, stamp, w.clock())
	}
}

// withinPlaces holds that the process in hand never has more messages without an outcome than places at their account (I10).
func (f *fleet) withinPlaces(taken []*delivery, step *runner.Step) {
	w := f.w
	lane := func(account string) *runner.AccountSettings {
		for i, x := range w.lanes {
			if x.Account == account || x.Account == engine.AnyAccount {
				return &w.lanes[i]
			}
		}
		return &w.lanes[0]
	}
	for _, d := range taken {
		if d.life == w.life && d.frees > 0 {
			w.claimed[lane(d.account).Account] -= d.frees
		}
	}
	for i := range step.Posts {
		x := lane(step.Posts[i].Account)
		if w.claimed[x.Account]++; w.claimed[x.Account] > x.Places && w.err == nil {
			w.err = broken("I10", "%d messages of partition %d have no outcome, and its account %s has %d places", w.claimed[x.Account], w.part.Number, x.Account, x.Places)
		}
	}
}

// owns reports whether a node really has a partition, as the registry says. One that was set back says nothing.
func (n *simNode) owns(p int) bool {
	if n.w.blind() {
		return true
	}
	v, err := n.registry.View(context.Background())
	if err != nil || v.Partitions[p].Owner != n.id {
		return false
	}
	for _, x := range v.Nodes {
		if x.ID == n.id {
			return !x.Dead && n.w.now.Before(x.Expires)
		}
	}
	return false
}

// afterStep ends a step of the process in hand. Its node may stand still before anybody is told, and looks at its lease then.
func (f *fleet) afterStep(taken []*delivery, step *runner.Step, tell func()) {
	w, n, life, p := f.w, f.at[f.w.part.Number], f.w.life, f.w.part.Number
	f.timely()
	f.withinPlaces(taken, step)
	w.untold = taken
	end := func() {
		mine := life == w.life && n.h.Holds(p, n.clock())
		if !mine {
			w.reached["nothing is said after a look at the lease"]++
			if life == w.life {
				w.untold = nil
				w.unheard(taken)
			}
			f.giveBack(step.Posts)
			return
		}
		if !n.owns(p) && w.err == nil {
			w.err = broken("I12", "node %s answers for partition %d, which it has lost", n.id, p)
			return
		}
		w.untold = nil
		tell()
	}
	if !f.strikes(0.01) {
		end()
		return
	}
	w.reached["a node stands still before it answers"]++
	n.still = w.now.Add(f.upTo(3 * nodeTerm))
	w.busy = n.still
	n.act(0, end)
}

// dispatch gives a message to the senders of the node.
func (w *world) dispatch(p engine.Post) {
	if w.fleet == nil {
		w.post(p)
		return
	}
	w.fleet.at[w.part.Number].dispatch(p)
}

// dispatch posts a message after a while, if the partition is still the node's then.
func (n *simNode) dispatch(post engine.Post) {
	w, life, p := n.w, n.w.life, n.w.part.Number
	in := n.upTo(time.Second)
	if n.strikes(0.1) {
		in = n.upTo(2 * nodeTerm)
	}
	n.act(in, func() {
		mine := life == w.life && n.h.Holds(p, n.clock())
		if !mine {
			w.reached["not posted after a look at the lease"]++
			n.giveBack([]engine.Post{post})
			return
		}
		if !n.owns(p) && w.err == nil {
			w.err = broken("I12", "node %s posts message %d of run %s, of partition %d, which it has lost", n.id, post.Message, post.Run, p)
			return
		}
		n.goesOut(post)
		w.post(post)
	})
}

// giveBack says of messages that they were not posted. That has an ID, since it may come twice, and the message may be on its way again then.
func (f *fleet) giveBack(posts []engine.Post) {
	for _, p := range posts {
		result := &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Returned: true}
		result.Reason = "its partition moved before it was posted"
		f.belated(&engine.Input{ID: f.w.unique("returned"), Payload: result}, 0)
	}
}

// belated brings what became of a message to the process that has its partition now, if the one that posted it still can.
func (f *fleet) belated(in *engine.Input, tries int) {
	w := f.w
	if tries == 0 && f.strikes(0.3) || tries > 15 {
		return
	}
	w.later(f.upTo(time.Minute), func() {
		again := *in
		w.send(&delivery{inputs: []*engine.Input{&again}, owed: true, told: func(answers []engine.Answer) {
			if answers == nil {
				f.belated(in, tries+1)
				return
			}
			w.reached["a belated result"]++
		}})
	})
}

// onItsNode lets something happen after a while, once the node of the process in hand does not stand still.
func (w *world) onItsNode(d time.Duration, do func()) {
	if w.fleet != nil {
		if n := w.fleet.at[w.part.Number]; n != nil {
			n.act(d, do)
			return
		}
	}
	w.later(d, do)
}

// onItsWay lets a commit arrive whose process has not heard of it, unless the fence refuses it then.
func (f *fleet) onItsWay() {
	w, c := f.w, f.w.disk.sent
	if w.disk.sent = nil; c == nil {
		return
	}
	before := w.blind()
	w.later(f.upTo(3*nodeTurn), func() {
		if before != w.blind() {
			return // its connection is broken
		}
		if c.by.fence(w.disk.commits) != nil {
			w.reached["a commit that arrives too late"]++
			return
		}
		if w.loop != nil && w.err == nil {
			w.err = broken("I12", "a commit of a process that has ended is kept in partition %d, where another process works", w.part.Number)
			return
		}
		w.reached["a commit that arrives after its process has ended"]++
		err := w.disk.arrive(c)
		if err == nil && c.batch != nil {
			err = w.committed(c.batch)
		}
		if err != nil && w.err == nil {
			w.err = err
		}
	})
}

// forwardTime is how long a node waits for another one to which it has forwarded something.
const forwardTime = 10 * time.Second

// deliver brings a delivery to the process in hand: to its node, or through another one.
func (w *world) deliver(d *delivery) {
	if w.fleet == nil || d.life != 0 || !w.fleet.strikes(0.5) {
		w.enqueue(d)
		return
	}
	w.fleet.forward(d)
}

// forward brings a delivery to the process in hand through another node. It may come late, twice or never, and so may its answer.
func (f *fleet) forward(d *delivery) {
	w, ended := f.w, false
	end := func(answers []engine.Answer) {
		if !ended && d.told != nil {
			ended = true
			d.told(answers)
		}
	}
	there, back := f.upTo(50*time.Millisecond), f.upTo(50*time.Millisecond)
	if f.strikes(0.05) {
		w.reached["forwarded late"]++
		there = f.upTo(3 * forwardTime)
	}
	if f.strikes(0.05) {
		w.reached["an answer to what was forwarded comes late"]++
		back = f.upTo(3 * forwardTime)
	}
	goes, comes := !f.strikes(0.02), !f.strikes(0.02)
	if !goes || !comes || there+back > forwardTime {
		w.reached["no answer to what was forwarded"]++
		w.later(forwardTime, func() { end(nil) })
	}
	one := *d
	one.told = func(answers []engine.Answer) {
		if comes {
			w.later(back, func() { end(answers) })
		}
	}
	if goes {
		w.later(there, func() { w.enqueue(&one) })
	}
	if repeatable(d.inputs) && f.strikes(0.1) {
		w.reached["forwarded twice"]++
		again := delivery{owed: d.owed, told: func([]engine.Answer) {}}
		for _, in := range d.inputs {
			c := *in
			again.inputs = append(again.inputs, &c)
		}
		w.later(there+f.upTo(time.Minute), func() { w.enqueue(&again) })
	}
}

// repeatable reports whether inputs may come again: each has an ID.
func repeatable(inputs []*engine.Input) bool {
	for _, in := range inputs {
		if in.ID == "" {
			return false
		}
	}
	return true
}

// stopAll sets the kill switch for a while.
func (f *fleet) stopAll() {
	if f.dice.IntN(2) == 0 {
		return
	}
	on, off := true, false
	f.w.control(engine.Control{Kill: &on})
	f.w.later(f.upTo(time.Hour), func() { f.w.control(engine.Control{Kill: &off}) })
}

// lag is how late a process hears of a common command beside what it takes to tell it.
func (f *fleet) lag() time.Duration {
	if f == nil || !f.strikes(0.2) {
		return 0
	}
	return f.upTo(20 * time.Minute)
}

// takesCommands reports whether somebody has the first partition, which keeps the common commands.
func (f *fleet) takesCommands() bool {
	n := f.at[0]
	if n == nil || f.w.parts[0].loop == nil || n.still.After(f.w.now) || !n.h.Holds(0, n.clock()) {
		f.w.reached["a common command that nobody takes"]++
		return false
	}
	return true
}
