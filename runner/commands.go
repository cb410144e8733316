package runner

import (
	"context"
	"slices"
	"sync"
	"time"

	"nudge/engine"
)

// commandLog is the commands that all partitions take, in one order. It is durable in the store of the first one. Each process
// has one, and the process that has the first partition adds to it.
type commandLog struct {
	store Store // of the first partition, to be read
	of    engine.Installation
	from  int // their number as a sender

	adding  sync.Mutex    // held while one is made durable
	kick    chan struct{} // capacity 1: somebody wants to know the newest at once
	mu      sync.Mutex    // guards all below
	first   *driver       // of the first partition; nil: another process has it
	last    uint64        // number of the newest
	taken   []uint64      // by partition
	dropped uint64        // up to where they are dropped
	pending []order
	stopped bool
}

// order is a command that is not answered yet.
type order struct {
	number uint64
	w      *waiting
}

// openCommandLog returns the log of an installation.
func openCommandLog(places []*place) (*commandLog, error) {
	c := &commandLog{store: places[0].store, from: len(places), taken: make([]uint64, len(places)), kick: make(chan struct{}, 1)}
	return c, c.look(places, nil)
}

// look reads the newest commands, and what partitions have taken that this process does not have and that lack some; with nil
// what all have taken.
func (c *commandLog) look(places []*place, own func(int) bool) error {
	kept, err := c.store.Commands(c.newest())
	if err != nil {
		return err
	}
	last := c.newest()
	if len(kept) > 0 {
		last = kept[len(kept)-1].Origin.Number
	}
	for n, p := range places {
		if own != nil && (own(n) || c.takenBy(n) >= last) {
			continue
		}
		state, err := p.store.State()
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.of, c.taken[n] = state.Installation, max(c.taken[n], state.SeenOf(c.from))
		last = max(last, c.taken[n])
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, last)
	return nil
}

// takenBy returns the number of the last command that a partition is known to have taken.
func (c *commandLog) takenBy(partition int) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken[partition]
}

// opened notes a loop that this process has.
func (c *commandLog) opened(d *driver) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken[d.number] = d.loop.core.State.SeenOf(c.from)
	c.last = max(c.last, c.taken[d.number])
	if d.number == 0 {
		c.first = d
	}
}

// add makes a command durable. From then on all partitions take it, whatever happens; it is answered when they have.
func (c *commandLog) add(w *waiting) error {
	c.adding.Lock()
	defer c.adding.Unlock()
	w.Answers = make([]engine.Answer, 1)
	number, first, err := c.expect(w)
	if err != nil {
		return err
	}
	one := *w.Inputs[0]
	one.Origin = &engine.Origin{From: c.from, Number: number}
	err = first.loop.store.AddCommand(&one)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.pending = slices.DeleteFunc(c.pending, func(o order) bool { return o.number == number })
		return err
	}
	c.last = max(c.last, number)
	if e := first.r.elsewhere; e != nil {
		e.Ordered()
	}
	return nil
}

// expect makes a command that is about to be added have an answer: a partition that takes one before it may see it at once.
func (c *commandLog) expect(w *waiting) (number uint64, first *driver, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.stopped:
		return 0, nil, ErrStopped
	case c.first == nil || !c.first.has() || c.first.r.elsewhere != nil && c.first.closing():
		return 0, nil, ErrElsewhere
	}
	number = c.last + 1
	c.pending = append(c.pending, order{number, w})
	return number, c.first, nil
}

// after returns the commands that a partition has not taken. Each partition gets records of its own.
func (c *commandLog) after(partition int) (*Handover, error) {
	c.mu.Lock()
	taken, last := c.taken[partition], c.last
	h := &Handover{Store: c.of, From: c.from}
	c.mu.Unlock()
	if taken == last {
		return h, nil
	}
	var err error
	h.Inputs, err = c.store.Commands(taken)
	return h, err
}

// applied notes what a partition has taken, and answers the commands that all have.
func (c *commandLog) applied(partition int, taken uint64, groups []*Group) error {
	c.mu.Lock()
	c.taken[partition] = taken
	for _, g := range groups {
		for _, o := range c.pending {
			if partition == 0 && o.number == g.Inputs[0].Origin.Number {
				o.w.Answers = g.Answers
			}
		}
	}
	c.mu.Unlock()
	return c.settle()
}

// settle answers the commands that all partitions have taken, and drops them if this process has the first one.
func (c *commandLog) settle() error {
	var done []order
	c.mu.Lock()
	all, first := slices.Min(c.taken), c.first
	c.pending = slices.DeleteFunc(c.pending, func(o order) bool {
		if o.number <= all {
			done = append(done, o)
		}
		return o.number <= all
	})
	drop := all > c.dropped && first != nil
	if drop {
		c.dropped = all
	}
	c.mu.Unlock()
	for _, o := range done {
		o.w.done <- nil
	}
	if !drop {
		return nil
	}
	return first.loop.store.DropCommands(all)
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
func (c *commandLog) stop() { c.end(ErrStopped, true) }

// giveUp does so while another process takes the first partition over.
func (c *commandLog) giveUp() { c.end(ErrUnsure, false) }

func (c *commandLog) end(why error, stopped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped, c.first = stopped, nil
	for _, o := range c.pending {
		o.w.done <- why
	}
	c.pending = nil
}

// stale makes the newest commands be looked for at once.
func (c *commandLog) stale() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// LookForCommands makes the runner look for common commands at once: another process has added one.
func (r *Runner) LookForCommands() { r.commands.stale() }

// watchCommands looks for the commands of other processes, and for what they have taken, until ctx ends.
func (r *Runner) watchCommands(ctx context.Context) {
	for {
		tick := time.NewTimer(watchEvery)
		select {
		case <-tick.C:
		case <-r.commands.kick:
			tick.Stop()
		case <-ctx.Done():
			tick.Stop()
			return
		}
		before := r.commands.newest()
		err := r.commands.look(r.places, func(n int) bool { return r.heldBy(n) != nil })
		if err == nil {
			err = r.commands.settle()
		}
		if err != nil {
			r.config.Log.Warn("common commands cannot be looked for; the next look is in a moment", "error", err)
			continue
		}
		if r.commands.newest() != before {
			r.nudge()
		}
	}
}

// Behind returns the partitions that have not taken all common commands.
func (r *Runner) Behind() []int {
	behind := []int{}
	if r.commands == nil {
		return behind
	}
	last := r.commands.newest()
	for n := range r.places {
		if r.commands.takenBy(n) < last {
			behind = append(behind, n)
		}
	}
	return behind
}

// newest returns the number of the newest command that is known.
func (c *commandLog) newest() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
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
	return d.r.commands.applied(d.number, d.loop.core.State.SeenOf(len(d.r.places)), groups)
}
