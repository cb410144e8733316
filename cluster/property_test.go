package cluster

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"nudge/store/nodes"
)

// The world of this test has nodes that drive [Holdings] as a keeper does, in virtual time: each has a clock of its own speed, the
// registry answers late, not at all, or after it has done what it was asked, and nodes are killed and stand still.

const (
	simTerm       = 10 * time.Second
	simPartitions = 16
)

type simWorld struct {
	dice     *rand.Rand
	now      time.Duration
	agenda   agenda
	registry *nodes.Memory
	nodes    []*simNode
	born     int
	calm     bool // nothing goes wrong any more
	broken   error
	seen     map[string]int // what the history had
}

type happening struct {
	at time.Duration
	do func()
}

type agenda []happening

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at < a[j].at }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(happening)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func (w *simWorld) later(in time.Duration, do func()) {
	heap.Push(&w.agenda, happening{w.now + in, do})
}

func (w *simWorld) upTo(most time.Duration) time.Duration {
	return time.Duration(w.dice.Int64N(int64(most)) + 1)
}

func (w *simWorld) strikes(rate float64) bool { return !w.calm && w.dice.Float64() < rate }

// play runs the world for a while, and holds after each happening that no two nodes may act for one partition.
func (w *simWorld) play(d time.Duration) {
	end := w.now + d
	for w.broken == nil && len(w.agenda) > 0 && w.agenda[0].at <= end {
		next := heap.Pop(&w.agenda).(happening)
		w.now = next.at
		next.do()
		for p := range simPartitions {
			var owner *simNode
			for _, n := range w.nodes {
				switch {
				case n.dead || !n.holds(p):
				case owner != nil:
					w.broken = fmt.Errorf("at %v partition %d is that of %s and of %s", w.now, p, owner.id, n.id)
				default:
					owner = n
				}
			}
		}
	}
	w.now = end
}

// simNode is a process with a keeper.
type simNode struct {
	w       *simWorld
	speed   float64
	h       *Holdings
	id      nodes.ID
	paused  time.Duration // until when it does nothing
	dead    bool
	stops   bool
	working map[int]bool // calls of Parts under way
}

func (w *simWorld) start() {
	n := &simNode{w: w, speed: 0.97 + 0.06*w.dice.Float64(), h: NewHoldings(simTerm), working: map[int]bool{}}
	w.nodes = append(w.nodes, n)
	w.later(0, n.join)
}

// clock is the node's own.
func (n *simNode) clock() time.Duration { return time.Duration(float64(n.w.now)*n.speed) + time.Hour }

func (n *simNode) holds(p int) bool {
	return n.h.Holds(p, n.clock())
}

// act does something once the node does not stand still.
func (n *simNode) act(in time.Duration, do func()) {
	n.w.later(in, func() {
		switch {
		case n.dead:
		case n.paused > n.w.now:
			n.act(n.paused-n.w.now, do)
		default:
			do()
		}
	})
}

// ask asks the registry something. The answer comes late, and may be lost, as may the question.
func (n *simNode) ask(question func() error, answered func(error)) {
	w := n.w
	late := w.upTo(50 * time.Millisecond)
	if w.strikes(0.1) {
		late = w.upTo(4 * time.Second)
	}
	w.later(late/2, func() {
		err := errors.New("cut")
		if !w.strikes(0.05) {
			err = question()
		}
		if err == nil && w.strikes(0.05) {
			w.seen["an answer lost"]++
			err = errors.New("cut")
		}
		n.act(late/2, func() { answered(err) })
	})
}

func (n *simNode) join() {
	n.w.born++
	id := nodes.ID(fmt.Sprintf("n%03d", n.w.born))
	sent := n.clock()
	n.ask(func() error { return n.w.registry.Join(context.Background(), nodes.Node{ID: id}, simTerm) }, func(err error) {
		if err != nil {
			n.act(time.Second, n.join)
			return
		}
		n.id = id
		n.h.Joined(id, sent)
		n.renew()
	})
}

// turn does what a keeper does at each turn.
func (n *simNode) turn() {
	now := n.clock()
	switch {
	case !n.h.Valid(now):
		n.forfeit()
	case now >= n.h.RenewAt():
		n.renew()
	default:
		n.carryOut()
	}
}

func (n *simNode) again() { n.act(n.w.upTo(time.Second), n.turn) }

func (n *simNode) forfeit() {
	n.w.seen["a lease lost"]++
	for _, p := range n.h.Forfeit() {
		n.lose(p)
	}
	if n.stops {
		n.end()
		return
	}
	n.join()
}

// end is the end of the process.
func (n *simNode) end() { n.dead = true }

func (n *simNode) renew() {
	sent := n.clock()
	var v nodes.View
	n.ask(func() (err error) { v, err = n.w.registry.Renew(context.Background(), n.id, simTerm); return err }, func(err error) {
		switch {
		case errors.Is(err, nodes.ErrExpired):
			n.forfeit()
			return
		case err == nil:
			for _, p := range n.h.Renewed(v, sent, n.clock()) {
				n.lose(p)
			}
		}
		n.carryOut()
	})
}

func (n *simNode) lose(p int) {
	if !n.working[p] {
		n.drop(p)
	}
}

func (n *simNode) drop(p int) { n.work(p, func() { n.h.Dropped(p) }) }

// work is a call of Parts, which takes a while.
func (n *simNode) work(p int, done func()) {
	n.working[p] = true
	n.act(n.w.upTo(2*time.Second), func() {
		delete(n.working, p)
		done()
	})
}

// carryOut does what is planned, one question after the other.
func (n *simNode) carryOut() {
	if n.stops {
		n.h.Stop()
		for _, other := range n.w.nodes {
			if other != n && !n.w.strikes(0.3) {
				other.h.Leaving(n.id)
			}
		}
		if n.h.Empty() {
			n.ask(func() error { return n.w.registry.Leave(context.Background(), n.id) }, func(error) {})
			n.end()
			return
		}
	}
	p := n.h.Plan(n.clock())
	for _, number := range p.Close {
		n.h.Closing(number)
		n.work(number, func() { n.closed(number) })
	}
	n.release(p.Release, func() { n.take(p.Take) })
}

func (n *simNode) closed(p int) {
	if n.w.strikes(0.1) {
		n.h.NotClosed(p)
		n.drop(p)
		return
	}
	n.h.Closed(p)
}

func (n *simNode) release(all []nodes.Partition, then func()) {
	if len(all) == 0 {
		then()
		return
	}
	p := all[0]
	n.ask(func() error { return n.w.registry.Release(context.Background(), n.id, p.Number, p.Epoch) }, func(err error) {
		if err == nil {
			n.h.Released(p.Number, n.clock())
		}
		n.release(all[1:], then)
	})
}

func (n *simNode) take(numbers []int) {
	if len(numbers) == 0 {
		n.again()
		return
	}
	var got []nodes.Partition
	n.ask(func() (err error) { got, err = n.w.registry.Take(context.Background(), n.id, numbers); return err }, func(err error) {
		if err != nil {
			got = nil
		}
		n.h.Taken(numbers, got, n.clock())
		for _, p := range got {
			n.work(p.Number, func() { n.opened(p.Number) })
		}
		n.again()
	})
}

func (n *simNode) opened(p int) {
	switch {
	case n.w.strikes(0.1):
		n.w.seen["not opened"]++
		n.h.NotOpened(p, n.clock())
	case !n.h.Opened(p, n.clock()):
		n.w.seen["lost while it was opened"]++
		n.drop(p)
	case n.w.strikes(0.2):
		n.act(n.w.upTo(20*time.Second), func() { n.fail(p) })
	}
}

// fail ends the loop of a partition.
func (n *simNode) fail(p int) {
	if n.h.parts[p].stage != open {
		return
	}
	n.w.seen["a loop failed"]++
	n.h.Failed(p, n.clock())
	n.drop(p)
}

// trouble does something bad to a node, again and again.
func (w *simWorld) trouble() {
	if w.calm {
		return
	}
	n := w.nodes[w.dice.IntN(len(w.nodes))]
	switch what := w.dice.IntN(6); {
	case n.dead && what < 4:
		w.seen["started"]++
		w.start()
	case n.dead:
	case what == 0:
		w.seen["killed"]++
		n.end()
	case what == 1:
		w.seen["stopped"]++
		n.stops = true
	case what == 2:
		w.seen["stood still"]++
		n.paused = w.now + w.upTo(3*simTerm)
	}
	w.later(w.upTo(8*time.Second), w.trouble)
}

// TestTwoNeverOwn plays histories of nodes that join, are killed, stop, stand still and have clocks of different speeds. No two
// of them may act for one partition, ever. When nothing goes wrong any more, all partitions are served within two terms, and
// later they are spread evenly.
func TestTwoNeverOwn(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(22) {
		w := &simWorld{dice: rand.New(rand.NewPCG(seed, 11)), seen: seen}
		w.registry = nodes.NewMemory(func() time.Time { return noon.Add(w.now) })
		w.registry.Make(simPartitions)
		for range 2 + w.dice.IntN(3) {
			w.start()
		}
		w.later(w.upTo(simTerm), w.trouble)
		w.play(3 * time.Minute)
		w.settle()
		if w.broken != nil {
			t.Fatalf("seed %d: %v", seed, w.broken)
		}
	}
	for _, what := range []string{"an answer lost", "a lease lost", "not opened", "lost while it was opened", "a loop failed", "started", "killed", "stopped", "stood still"} {
		if seen[what] == 0 {
			t.Errorf("no history had this: %s", what)
		}
	}
}

// settle lets nothing go wrong any more.
func (w *simWorld) settle() {
	w.calm = true
	living := 0
	for _, n := range w.nodes {
		n.paused = min(n.paused, w.now)
		if !n.dead && !n.stops {
			living++
		}
	}
	if living == 0 {
		w.start()
	}
	served := false
	for range 20 { // the leases of those who were killed end, and pauses after failures too
		w.play(simTerm / 2)
		if least, _ := w.spread(); least >= 0 {
			served = true
			break
		}
	}
	least, most := 0, 0
	if w.play(12 * simTerm); w.broken == nil {
		least, most = w.spread()
	}
	switch {
	case w.broken != nil:
	case !served || least < 0:
		w.broken = fmt.Errorf("at %v not all partitions are served", w.now)
	case most > least+1:
		w.broken = fmt.Errorf("at %v a node has %d partitions and another one %d", w.now, most, least)
	}
}

// spread returns the fewest and the most partitions of a living node; -1 and -1 while one is not served.
func (w *simWorld) spread() (least, most int) {
	all := 0
	least = simPartitions
	for _, n := range w.nodes {
		if n.dead {
			continue
		}
		count := 0
		for p := range n.h.parts {
			if n.h.parts[p].stage == open && n.holds(p) {
				count++
			}
		}
		all += count
		least, most = min(least, count), max(most, count)
	}
	if all != simPartitions {
		return -1, -1
	}
	return least, most
}
