package runner

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"nudge/engine"
	"nudge/store"
)

// place is a partition as this process sees it.
type place struct {
	number int
	store  Store                  // to look into it, whichever process has it
	view   *store.Store           // the same, of a store that several processes have; else nil
	driver atomic.Pointer[driver] // nil while another process has it, or none
	remote *remote                // nil: this process has all partitions
}

// home is what takes inputs for a partition.
type home interface{ push(*waiting) error }

// homeOf returns what takes inputs for a partition: its loop, or what brings them to another process. While the loop is being closed,
// they wait there for the next process that has it.
func (r *Runner) homeOf(partition int) home {
	p := r.places[partition]
	if d := p.driver.Load(); p.remote == nil || d != nil && d.has() && !d.closing() {
		return d
	}
	return p.remote
}

// closing reports whether the loop takes nothing any more.
func (d *driver) closing() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.stopped
}

// own visits the loops of the partitions that this process has.
func (r *Runner) own() iter.Seq[*driver] {
	return func(yield func(*driver) bool) {
		for _, p := range r.places {
			if d := p.driver.Load(); d != nil && !yield(d) {
				return
			}
		}
	}
}

// owned is how many partitions this process has; 1 if it has none, since others divide by it.
func (r *Runner) owned() (n int) {
	if r.elsewhere == nil {
		return len(r.places)
	}
	for range r.own() {
		n++
	}
	return max(n, 1)
}

// Serves reports whether the loop of a partition runs in this process.
func (r *Runner) Serves(partition int) bool { return r.heldBy(partition) != nil }

// has reports whether this process has the partition at this moment.
func (d *driver) has() bool {
	return d.r.elsewhere == nil || !d.lost.Load() && d.r.elsewhere.Has(d.number)
}

// NewShared returns a runner of an installation that several processes have together. The stores are those of all
// partitions, in their order, to be read; this process has none of them before [Runner.Open].
func NewShared(stores []*store.Store, elsewhere Elsewhere, config Config) (*Runner, error) {
	r, err := newRunner(len(stores), config)
	if err != nil {
		return nil, err
	}
	r.elsewhere = elsewhere
	for n, s := range stores {
		p := &place{number: n, store: s, view: s}
		p.remote = r.newRemote(p)
		r.places = append(r.places, p)
	}
	if r.commands, err = openCommandLog(r.places); err != nil {
		return nil, err
	}
	return r, r.register()
}

// Open takes a partition up, which this process has from now on: it applies what is outstanding, settles what the last process
// left without an outcome, and begins to take inputs. It takes over the engine. It must be called after Run.
func (r *Runner) Open(ctx context.Context, partition int, p Part) error {
	if err := r.commands.look(r.places, nil); err != nil { // a command may have been added that this process has not heard of
		return err
	}
	d := r.newDriver(partition, p)
	if err := r.join(d); err != nil {
		return err
	}
	if err := d.recover(); err != nil {
		return err
	}
	var running context.Context
	running, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.places[partition].driver.Store(d)
	go func() { // ends when Close or Drop ends it, or when its store fails
		err := d.run(running, func() {})
		d.lost.Store(true) // this process may take the partition again, and then has it for another loop
		r.places[partition].driver.CompareAndSwap(d, nil)
		d.refuseRest(ErrElsewhere)
		d.unshow()
		close(d.over)
		d.sweep(ErrElsewhere)
		if err != nil && err != errLost {
			d.abandon()
			r.elsewhere.Lost(partition, err)
		}
	}()
	return nil
}

// Close gives a partition up in order: nothing more is taken and claimed, and the posts under way end within the grace time.
// When it returns, nothing more is committed.
func (r *Runner) Close(ctx context.Context, partition int) error {
	d := r.places[partition].driver.Load()
	if d == nil {
		return nil
	}
	d.cancel()
	select {
	case <-d.over:
		if partition == 0 {
			r.commands.giveUp()
		}
		d.abandon()
		return nil
	case <-ctx.Done():
		r.Drop(partition)
		return ctx.Err()
	}
}

// Drop ends the loop of a partition that this process has lost, at once: what it was at is answered by nobody.
func (r *Runner) Drop(partition int) {
	d := r.places[partition].driver.Swap(nil)
	if d == nil {
		return
	}
	d.lost.Store(true)
	d.cancel()
	d.abandon()
	if partition == 0 {
		r.commands.giveUp()
	}
}

// unshow makes the numbers of this process leave out the partition, which it does not have any more.
func (d *driver) unshow() {
	for n, x := range d.r.dispatchers {
		if d.held[n] {
			d.r.note(x, false)
		}
		d.r.metrics.health[x.account.Name].note(d.number, hold{})
	}
	d.r.metrics.recount(d.number, nil)
}

// abandon takes back the messages of a partition that no sender has taken, for the next process that has it.
func (d *driver) abandon() {
	for _, x := range d.r.dispatchers {
		d.takeBack(x.recall(d))
	}
}

// lateFor is how long what became of a message is kept for the process that has its partition now. After that the message is
// decided without it; see [engine.UnknownHold].
const lateFor = 15 * time.Minute

// forwardResults brings what became of messages to the process that has their partition now. The loop that claimed them is not there any
// more, so no place at an account becomes free.
func (r *Runner) forwardResults(partition int, results []*engine.Input) {
	r.belated.Go(func() {
		until := time.Now().Add(lateFor)
		for time.Now().Before(until) {
			w := &waiting{Group: Group{Inputs: results}, done: make(chan error, 1), arrived: time.Now()}
			err := r.homeOf(partition).push(w)
			if err == nil {
				select {
				case err = <-w.done:
				case <-r.over:
					return
				}
			}
			if err == nil {
				return
			}
			select {
			case <-time.After(forwardAgain):
			case <-r.over:
				return
			}
		}
	})
}

// shared runs the loops of the partitions that are opened, until ctx ends.
func (r *Runner) shared(ctx context.Context) {
	bringing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	for _, p := range r.places {
		r.belated.Go(func() { p.remote.run(bringing) })
	}
	r.belated.Go(func() { r.watchCommands(bringing) })
	<-ctx.Done()
	for d := range r.own() {
		d.cancel()
		<-d.over
		d.abandon()
	}
}

// gone is closed when the loop takes nothing any more.
func (d *driver) gone() <-chan struct{} {
	if d.r.elsewhere != nil {
		return d.over
	}
	return d.r.over
}
