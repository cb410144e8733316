package runner

import (
	"slices"
	"sync"
	"time"

	"nudge/engine"
)

// commandLog is the commands that all partitions take, in one order. It is durable in the store of the first one.
type commandLog struct {
	store Store
	of    engine.Installation
	from  int // their number as a sender

	adding  sync.Mutex // held while one is made durable
	mu      sync.Mutex // guards all below
	last    uint64     // number of the newest
	taken   []uint64   // by partition
	pending []order
	stopped bool
}

// order is a command that is not answered yet.
type order struct {
	number uint64
	w      *waiting
}

// openCommandLog returns the log of an installation.
func openCommandLog(parts []Part) (*commandLog, error) {
	c := &commandLog{store: parts[0].Store, of: parts[0].Core.State.Installation, from: len(parts)}
	for _, p := range parts {
		c.taken = append(c.taken, p.Core.State.SeenOf(c.from))
	}
	c.last = slices.Max(c.taken)
	kept, err := c.store.Commands(c.last)
	if len(kept) > 0 {
		c.last = kept[len(kept)-1].Origin.Number
	}
	return c, err
}

// add makes a command durable. From then on all partitions take it, whatever happens; it is answered when they have.
func (c *commandLog) add(in *engine.Input) (*waiting, error) {
	c.adding.Lock()
	defer c.adding.Unlock()
	w := &waiting{Group: Group{Inputs: []*engine.Input{in}, Answers: make([]engine.Answer, 1)}, done: make(chan error, 1), arrived: time.Now()}
	number, err := c.expect(w)
	if err != nil {
		return nil, err
	}
	one := *in
	one.Origin = &engine.Origin{From: c.from, Number: number}
	err = c.store.AddCommand(&one)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.pending = slices.DeleteFunc(c.pending, func(o order) bool { return o.number == number })
		return nil, err
	}
	c.last = number
	return w, nil
}

// expect makes a command that is about to be added have an answer: a partition that takes one before it may see it at once.
func (c *commandLog) expect(w *waiting) (number uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return 0, ErrStopped
	}
	number = c.last + 1
	c.pending = append(c.pending, order{number, w})
	return number, nil
}

// after returns the commands that a partition has not taken. Each partition gets records of its own.
func (c *commandLog) after(partition int) (*Handover, error) {
	c.mu.Lock()
	taken, last := c.taken[partition], c.last
	c.mu.Unlock()
	h := &Handover{Store: c.of, From: c.from}
	if taken == last {
		return h, nil
	}
	var err error
	h.Inputs, err = c.store.Commands(taken)
	return h, err
}

// applied notes what a partition has taken, and answers the commands that all have.
func (c *commandLog) applied(partition int, taken uint64, groups []*Group) error {
	done, all := c.note(partition, taken, groups)
	for _, o := range done {
		o.w.done <- nil
	}
	if all == 0 {
		return nil
	}
	return c.store.DropCommands(all)
}

// note does so, and returns which commands can be answered, and up to which one all have taken them; 0 if that is not new.
func (c *commandLog) note(partition int, taken uint64, groups []*Group) (done []order, all uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := slices.Min(c.taken)
	c.taken[partition] = taken
	for _, g := range groups {
		for _, o := range c.pending {
			if partition == 0 && o.number == g.Inputs[0].Origin.Number {
				o.w.Answers = g.Answers
			}
		}
	}
	if all = slices.Min(c.taken); all == before {
		return nil, 0
	}
	c.pending = slices.DeleteFunc(c.pending, func(o order) bool {
		if o.number <= all {
			done = append(done, o)
		}
		return o.number <= all
	})
	return done, all
}

// takenByAllBut returns the number of the last command that all partitions but one have taken.
func (c *commandLog) takenByAllBut(partition int) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	least := c.last
	for n, taken := range c.taken {
		if n != partition {
			least = min(least, taken)
		}
	}
	return least
}

// stop answers nobody any more. Commands that some partition has not taken are taken at the next start.
func (c *commandLog) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	for _, o := range c.pending {
		o.w.done <- ErrStopped
	}
	c.pending = nil
}

// obey applies the common commands that the partition has not taken, before anything else: they change whom that concerns.
func (d *driver) obey() error {
	h, err := d.r.commands.after(d.number)
	if err != nil || len(h.Inputs) == 0 {
		return err
	}
	groups, err := d.loop.Take(h)
	if err != nil {
		return err
	}
	began := time.Now()
	step, err := d.loop.Step(d.r.config.Clock.Now(), groups)
	if err != nil {
		return err
	}
	d.r.metrics.step(d.number, step, nil, time.Since(began))
	d.handOn(step)
	return d.obeyed(groups)
}

// obeyed tells the others what the partition has taken of the common commands.
func (d *driver) obeyed(groups []*Group) error {
	d.publish()
	return d.r.commands.applied(d.number, d.loop.core.State.SeenOf(len(d.r.drivers)), groups)
}
