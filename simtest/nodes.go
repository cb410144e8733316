package simtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"nudge/channels"
	"nudge/cluster"
	"nudge/runner"
	"nudge/store/nodes"
)

// fleet is the nodes of a world. Which partitions each has is decided by [cluster.Holdings]; the processes of the world run on the
// nodes that have their partitions.
type fleet struct {
	w        *world
	dice     *rand.Rand
	began    time.Time
	registry *nodes.Memory
	all      []*simNode
	at       []*simNode // by partition: where its process runs; nil for nowhere
	born     int
	out      map[channels.Ref]int // posts, by what they say they are
}

const (
	fleetKey = 40923
	nodeTerm = 10 * time.Minute // of a lease: histories last for days, and everybody renews all the time
	nodeTurn = nodeTerm / 10    // a node looks what to do at least so often
)

// simNode is a machine of the cluster. It drives its holdings as a keeper does.
type simNode struct {
	*fleet
	h       *cluster.Holdings
	id      nodes.ID
	speed   float64       // of its clock
	wall    time.Duration // by how much its clock on the wall is wrong
	heard   heartbeat     // of the database
	still   time.Time     // until when it stands still
	cut     time.Time     // until when it does not reach the database
	dead    bool
	stops   bool
	serves  map[int]bool // partitions that serve here, and are not being closed
	working map[int]bool // partitions that are being opened, closed or dropped
	ghosts  []ghost
}

// ghost is a process that stood still while another node took its partition. When it wakes, it does not know that yet.
type ghost struct {
	of   *process
	loop *runner.Loop
	next []*delivery // what it would do next
}

// meet starts the nodes, and lets them share the partitions.
func (w *world) meet(seed uint64) {
	f := &fleet{out: map[channels.Ref]int{}, w: w, dice: rand.New(rand.NewPCG(seed, fleetKey)), began: w.now, at: make([]*simNode, len(w.parts))}
	f.registry = nodes.NewMemory(func() time.Time { return w.now })
	f.registry.Make(len(w.parts))
	w.fleet = f
	for range 2 + f.dice.IntN(3) {
		f.start()
	}
	if err := w.live(3 * nodeTurn); err == nil {
		w.later(0, f.trouble)
	}
}

func (f *fleet) upTo(most time.Duration) time.Duration {
	return time.Duration(f.dice.Int64N(int64(most))) + 1
}

func (f *fleet) strikes(rate float64) bool { return !f.w.calm && f.dice.Float64() < rate }

func (f *fleet) start() {
	n := &simNode{fleet: f, speed: 0.98 + 0.04*f.dice.Float64(), wall: f.upTo(10*time.Minute) - 5*time.Minute, h: cluster.NewHoldings(nodeTerm), serves: map[int]bool{}, working: map[int]bool{}}
	f.all = append(f.all, n)
	f.w.later(0, n.join)
}

// trouble does something bad to a node from time to time, and lets nodes come and go.
func (f *fleet) trouble() {
	w := f.w
	if w.calm {
		return
	}
	w.later(f.upTo(time.Hour), f.trouble)
	living := 0
	for _, n := range f.all {
		if !n.dead && !n.stops {
			living++
		}
	}
	n := f.all[f.dice.IntN(len(f.all))]
	switch what := f.dice.IntN(6); {
	case what == 5:
		f.stopAll()
	case n.dead || living < 2:
		f.start()
	case what == 0:
		w.reached["a node killed"]++
		n.end()
	case what == 1:
		w.reached["a node stopped"]++
		n.stops = true
	case what < 4:
		w.reached["a node stands still"]++
		n.still = w.now.Add(f.upTo(4 * nodeTerm))
	default:
		w.reached["a node without the database"]++
		n.cut = w.now.Add(f.upTo(4 * nodeTerm))
	}
}

// clock is the node's own.
func (n *simNode) clock() time.Duration {
	return time.Duration(float64(n.w.now.Sub(n.began))*n.speed) + time.Hour
}

// act does something once the node does not stand still.
func (n *simNode) act(in time.Duration, do func()) {
	n.w.later(in, func() {
		switch {
		case n.dead:
		case n.still.After(n.w.now):
			n.act(n.still.Sub(n.w.now), do)
		default:
			n.wakeGhosts()
			do()
		}
	})
}

var errCut = errors.New("sim: the database is not reached")

// ask asks the registry something; the question or its answer may be lost.
func (n *simNode) ask(question func(context.Context) error, answered func(error)) {
	late := n.upTo(50 * time.Millisecond)
	if n.strikes(0.1) {
		late = n.upTo(nodeTerm / 2)
	}
	n.w.later(late/2, func() {
		err := errCut
		if !n.cut.After(n.w.now) && !n.strikes(0.02) {
			err = question(context.Background())
		}
		if err == nil && n.strikes(0.02) {
			err = errCut
		}
		n.act(late/2, func() { answered(err) })
	})
}

func (n *simNode) join() {
	n.born++
	id, sent := nodes.ID(fmt.Sprintf("n%04d", n.born)), n.clock()
	n.ask(func(ctx context.Context) error { return n.registry.Join(ctx, nodes.Node{ID: id}, nodeTerm) }, func(err error) {
		if err != nil {
			n.act(nodeTurn, n.join)
			return
		}
		n.id = id
		n.h.Joined(id, sent)
		n.renew()
	})
}

func (n *simNode) turn() {
	switch now := n.clock(); {
	case !n.h.Valid(now):
		n.forfeit()
	case now >= n.h.RenewAt():
		n.renew()
	default:
		n.carryOut()
	}
}

// rest lets a while pass until the next turn: a longer one if nothing fails any more.
func (n *simNode) rest() {
	most := nodeTurn
	if n.w.calm {
		most *= 3
	}
	n.act(n.upTo(most), n.turn)
}

func (n *simNode) forfeit() {
	n.w.reached["a lease lost"]++
	for _, p := range n.h.Forfeit() {
		n.lose(p)
	}
	if n.stops {
		n.end()
		return
	}
	n.join()
}

func (n *simNode) renew() {
	sent := n.clock()
	var v nodes.View
	var shown time.Time
	n.ask(func(ctx context.Context) (err error) {
		v, err = n.registry.Renew(ctx, n.id, nodeTerm)
		shown = n.w.clock()
		return err
	}, func(err error) {
		switch {
		case errors.Is(err, nodes.ErrExpired):
			n.forfeit()
			return
		case err == nil:
			n.heard = heartbeat{shown, n.clock()}
			for _, p := range n.h.Renewed(v, sent, n.clock()) {
				n.lose(p)
			}
			for p := range n.at {
				if v := n.alone(p); v != nil && n.h.Holds(p, n.clock()) {
					n.w.err = v
					return
				}
			}
		}
		n.carryOut()
	})
}

// end is the end of the node, with all that runs on it.
func (n *simNode) end() {
	n.dead, n.ghosts = true, nil
	for p := range n.at {
		n.leave(p)
	}
}

// leave ends the process of a partition, if it runs on this node.
func (n *simNode) leave(p int) {
	if n.at[p] != n {
		return
	}
	n.at[p] = nil
	n.w.with(n.w.parts[p], func() {
		if n.w.loop != nil {
			n.w.kill()
			n.w.gone()
			n.w.obeyed(nil)
		}
	})
}

func (n *simNode) lose(p int) {
	if delete(n.serves, p); !n.working[p] {
		n.drop(p)
	}
}

func (n *simNode) drop(p int) {
	n.leave(p)
	n.work(p, func() { n.h.Dropped(p) })
}

// work takes a while.
func (n *simNode) work(p int, done func()) {
	n.working[p] = true
	n.act(n.upTo(nodeTurn), func() {
		delete(n.working, p)
		done()
	})
}

// carryOut does what is planned, one question after the other.
func (n *simNode) carryOut() {
	if n.stops {
		n.h.Stop()
		for _, other := range n.all {
			if other != n {
				other.h.Leaving(n.id)
			}
		}
		if n.h.Empty() {
			n.ask(func(ctx context.Context) error { return n.registry.Leave(ctx, n.id) }, func(error) {})
			n.end()
			return
		}
	}
	plan := n.h.Plan(n.clock())
	for _, p := range plan.Close {
		delete(n.serves, p)
		n.h.Closing(p)
		n.work(p, func() {
			n.leave(p)
			n.h.Closed(p)
		})
	}
	n.release(plan.Release, func() { n.take(plan.Take) })
}

func (n *simNode) release(all []nodes.Partition, then func()) {
	if len(all) == 0 {
		then()
		return
	}
	p := all[0]
	n.ask(func(ctx context.Context) error { return n.registry.Release(ctx, n.id, p.Number, p.Epoch) }, func(err error) {
		if err == nil {
			n.h.Released(p.Number, n.clock())
		}
		n.release(all[1:], then)
	})
}

func (n *simNode) take(numbers []int) {
	if len(numbers) == 0 {
		n.rest()
		return
	}
	var got []nodes.Partition
	n.ask(func(ctx context.Context) (err error) { got, err = n.registry.Take(ctx, n.id, numbers); return err }, func(err error) {
		if err != nil {
			got = nil
		}
		n.h.Taken(numbers, got, n.clock())
		for _, p := range got {
			n.work(p.Number, func() { n.open(p) })
		}
		n.rest()
	})
}

// open begins the process of a partition on this node.
func (n *simNode) open(taken nodes.Partition) {
	w, p := n.w, taken.Number
	if n.h.Holds(p, n.clock()) {
		if v := n.alone(p); v != nil {
			w.err = v
			return
		}
		n.replace(p)
		n.at[p] = n
		w.parts[p].owned = &owned{registry: n.registry, partition: p, owner: taken.Owner, epoch: taken.Epoch}
		w.with(w.parts[p], w.boot)
		if w.err != nil || n.at[p] != n { // it died again, in the first things it did
			return
		}
		if w.parts[p].loop == nil {
			n.at[p] = nil
			n.h.NotOpened(p, n.clock())
			return
		}
	}
	if !n.h.Opened(p, n.clock()) {
		n.drop(p)
		return
	}
	n.serves[p] = true
}

// alone holds that no other node may act for a partition that this one may act for (I12). If the database has lost a renewal, it may, for as
// long as the lost tail was.
func (n *simNode) alone(p int) error {
	if n.w.blind() {
		return nil
	}
	for _, other := range n.all {
		if other != n && !other.dead && other.h.Holds(p, other.clock()) {
			return broken("I12", "node %s may act for partition %d, and so may node %s", n.id, p, other.id)
		}
	}
	return nil
}

// replace makes the process of a partition, which another node has not ended yet, a ghost.
func (n *simNode) replace(p int) {
	w, old := n.w, n.at[p]
	if old == nil || old == n {
		return
	}
	w.with(w.parts[p], func() {
		if w.loop == nil {
			return
		}
		w.reached["taken from a node that stands still"]++
		old.ghosts = append(old.ghosts, ghost{w.process, w.loop, w.inbox[:min(len(w.inbox), 5)]})
		w.kill()
		w.gone()
	})
}

// failed takes that the process of a partition has died by itself.
func (f *fleet) failed(p int) {
	n := f.at[p]
	if n == nil {
		return
	}
	f.at[p] = nil
	switch {
	case n.serves[p]:
		delete(n.serves, p)
		n.h.Failed(p, n.clock())
		n.work(p, func() { n.h.Dropped(p) })
	case n.h.Opened(p, n.clock()): // within the step that began it
		n.h.Failed(p, n.clock())
		n.work(p, func() { n.h.Dropped(p) })
	default:
		n.drop(p)
	}
}

// acts reports whether the process of a partition may work now. If its node stands still, it works later.
func (f *fleet) acts(p int) bool {
	n, w := f.at[p], f.w
	switch {
	case n == nil:
		return false
	case n.still.After(w.now):
		w.reached["a step of a node that stands still"]++
		w.wake(n.still.Sub(w.now))
		return false
	}
	n.wakeGhosts()
	return n.h.Holds(p, n.clock()) // else it is dropped at the node's next turn
}

// wakeGhosts lets processes go on that stood still while others took their partitions: they do what was next, and nothing of it
// may be kept or go out (I12).
func (n *simNode) wakeGhosts() {
	all := n.ghosts
	n.ghosts = nil
	for _, g := range all {
		n.w.with(g.of, func() {
			if err := n.haunt(g); err != nil && n.w.err == nil {
				n.w.err = err
			}
		})
	}
}

func (n *simNode) haunt(g ghost) error {
	w := n.w
	if n.h.Holds(w.part.Number, n.clock()) && !w.blind() {
		return broken("I12", "node %s may act for partition %d, which another node has taken", n.id, w.part.Number)
	}
	for _, d := range g.next {
		if d.handed != nil {
			continue
		}
		again := &runner.Group{Frees: d.frees, Account: d.account}
		for _, in := range d.inputs {
			one := *in
			again.Inputs = append(again.Inputs, &one)
		}
		updates, refused := w.disk.updates, w.disk.refused
		step, err := g.loop.Step(w.clock(), []*runner.Group{again})
		switch {
		case w.disk.updates != updates:
			return broken("I12", "a process of node %s wrote to partition %d, which another node has", n.id, w.part.Number)
		case errors.Is(err, nodes.ErrNotOwner):
			w.reached["refused by the fence"]++
			return nil
		case err != nil && w.blind() && w.stopsFor(err):
			return nil
		case err != nil:
			return broken("I13", "a process that woke stopped without a fault: %v", err)
		case w.disk.refused != refused:
			return broken("I11", "a process of node %s went on after its commit to partition %d was refused", n.id, w.part.Number)
		case len(step.Posts) > 0:
			return broken("I12", "a process of node %s posts messages of partition %d, which another node has", n.id, w.part.Number)
		}
	}
	return nil
}
