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

	mu      sync.Mutex
	last    uint64          // number of the newest
	tail    []*engine.Input // the newest, of which some partition has not taken all
	taken   []uint64        // by partition
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
	var err error
	c.tail, err = c.store.Commands(slices.Min(c.taken))
	if len(c.tail) > 0 {
		c.last = c.tail[len(c.tail)-1].Origin.Number
	}
	return c, err
}

// add makes a command durable. From then on all partitions take it, whatever happens; it is answered when they have.
func (c *commandLog) add(in *engine.Input) (*waiting, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil, ErrStopped
	}
	one := *in
	one.Origin = &engine.Origin{From: c.from, Number: c.last + 1}
	if err := c.store.AddCommand(&one); err != nil {
		return nil, err
	}
	c.last++
	c.tail = append(c.tail, &one)
	w := &waiting{Group: Group{Inputs: []*engine.Input{in}, Answers: make([]engine.Answer, 1)}, done: make(chan error, 1), arrived: time.Now()}
	c.pending = append(c.pending, order{c.last, w})
	return w, nil
}

// after returns the commands that a partition has not taken.
func (c *commandLog) after(partition int) *Handover {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &Handover{Store: c.of, From: c.from}
	for _, in := range c.tail {
		if in.Origin.Number > c.taken[partition] {
			one := *in
			h.Inputs = append(h.Inputs, &one)
		}
	}
	return h
}

// applied notes what a partition has taken, and answers the commands that all have.
func (c *commandLog) applied(partition int, taken uint64, groups []*Group) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if taken == c.taken[partition] {
		return nil
	}
	c.taken[partition] = taken
	for _, g := range groups {
		for _, o := range c.pending {
			if partition == 0 && o.number == g.Inputs[0].Origin.Number {
				o.w.Answers = g.Answers
			}
		}
	}
	all := slices.Min(c.taken)
	if len(c.tail) == 0 || c.tail[0].Origin.Number > all {
		return nil
	}
	c.tail = slices.DeleteFunc(c.tail, func(in *engine.Input) bool { return in.Origin.Number <= all })
	c.pending = slices.DeleteFunc(c.pending, func(o order) bool {
		if o.number > all {
			return false
		}
		o.w.done <- nil
		return true
	})
	return c.store.DropCommands(all)
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

// obeys returns the common commands that the partition has not taken, as groups.
func (d *driver) obeys() ([]*Group, error) {
	if d.r.commands == nil {
		return nil, nil
	}
	h := d.r.commands.after(d.number)
	if len(h.Inputs) == 0 {
		return nil, nil
	}
	return d.loop.Take(h)
}
