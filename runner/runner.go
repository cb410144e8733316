package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"nudge/engine"
	"nudge/runner/live"
)

// ErrStopped is returned by Submit once the runner has stopped or is stopping. What
// was submitted is not acknowledged, and may or may not have been taken.
var ErrStopped = errors.New("the engine has stopped")

// Runner drives the loop of a store, or those of all partitions of one, with real goroutines: one for each loop, and the
// senders, which all loops share. Run starts them and ends after the last of them.
type Runner struct {
	config      Config
	places      []*place      // by partition; one, if the installation is not divided
	elsewhere   Elsewhere     // nil: this process has all partitions
	dispatchers []*dispatcher // one for each account, in their order
	askers      []*asker      // likewise; nil for an account that cannot be asked
	fetches     chan engine.FetchPost
	freezes     chan engine.SnapshotRequest
	commands    *commandLog // nil: the installation is not divided
	homes       homes
	live        *live.Hub
	metrics     *metrics
	over        chan struct{}  // closed when no outcome of a post is taken any more
	belated     sync.WaitGroup // what brings things to other processes
}

// New returns a runner that continues from the store's state. It takes over the engine.
func New(store Store, core *engine.Engine, config Config) (*Runner, error) {
	return NewOf([]Part{{Store: store, Core: core}}, config)
}

// NewOf returns a runner of all partitions of an installation, in their order. It takes over the engines.
func NewOf(parts []Part, config Config) (*Runner, error) {
	r, err := newRunner(len(parts), config)
	if err != nil {
		return nil, err
	}
	for n, p := range parts {
		r.places = append(r.places, &place{number: n, store: p.Store})
	}
	for n, p := range parts {
		r.places[n].driver.Store(r.newDriver(n, p))
	}
	if len(parts) > 1 {
		if err := r.divide(); err != nil {
			return nil, err
		}
	}
	return r, r.register()
}

// newRunner returns a runner of n partitions that has none yet.
func newRunner(n int, config Config) (*Runner, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Runner{
		config:  config,
		over:    make(chan struct{}),
		fetches: make(chan engine.FetchPost, maxFetches),
		freezes: make(chan engine.SnapshotRequest, maxFreezes),
		live:    live.New(),
		metrics: newMetrics(config.Accounts, n),
	}
	for _, a := range config.Accounts {
		r.dispatchers, r.askers = append(r.dispatchers, r.dispatcherOf(a)), append(r.askers, r.askerOf(a))
	}
	return r, nil
}

func (r *Runner) register() error {
	return errors.Join(r.metrics.register(r.config.Registry), r.registerGauges(r.config.Registry))
}

// share returns how many of some places each partition has that this process has: all together have no fewer.
func (r *Runner) share(places int) int {
	n := r.owned()
	return (places + n - 1) / n
}

// Submit applies inputs together, all of them or none, and returns their answers once
// they are durable. It fails with ErrBusy, with ErrStopped, or with ctx's error; with
// the last two the inputs may still have been applied. The kind of the first input decides
// in which queue they wait, and a deploy must come alone.
//
// If the installation is divided, those of each partition are applied together, or none of them, and the answers come
// once the other partitions have applied what follows for them, or after a second.
func (r *Runner) Submit(ctx context.Context, inputs ...*engine.Input) ([]engine.Answer, error) {
	ticket, err := r.Begin(inputs...)
	if err != nil {
		return nil, err
	}
	return ticket.Wait(ctx)
}

// Begin puts inputs into the queue as Submit does, without waiting for the answers. Inputs
// of one class that one goroutine begins are applied in that order.
func (r *Runner) Begin(inputs ...*engine.Input) (*Ticket, error) {
	if r.commands != nil {
		return r.beginApart(inputs)
	}
	w := &waiting{Group: Group{Inputs: inputs}, done: make(chan error, 1), arrived: time.Now()}
	if err := r.places[0].driver.Load().push(w); err != nil {
		return nil, err
	}
	return &Ticket{whole: w}, nil
}

// Ticket is inputs that were begun.
type Ticket struct {
	whole *waiting // nil: they were divided
	apart *apart
}

// Wait returns the answers once they are durable. It may be called once.
func (t *Ticket) Wait(ctx context.Context) ([]engine.Answer, error) {
	if t.whole == nil {
		return t.apart.wait(ctx)
	}
	return t.whole.wait(ctx)
}

func (w *waiting) wait(ctx context.Context) ([]engine.Answer, error) {
	select {
	case err := <-w.done:
		return w.Answers, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Run applies inputs until ctx ends, then lets the posts under way end within the
// grace time, and returns. An error means that the store failed: nothing after the
// last answer was acknowledged.
func (r *Runner) Run(ctx context.Context) error {
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	var senders sync.WaitGroup
	for _, d := range r.dispatchers {
		d.start(sending, &senders)
	}
	var asking sync.WaitGroup
	for _, k := range r.askers {
		if k != nil {
			k.start(sending, &asking)
		}
	}
	fetching := r.startFetchers(sending)
	freezeUntil, stopFreezing := context.WithCancel(ctx)
	freezing := r.startFreezers(freezeUntil)
	var err error
	if r.elsewhere != nil {
		r.shared(ctx)
	} else {
		err = r.drive(ctx, stopSending)
	}
	stopSending()
	stopFreezing()
	close(r.over)
	for _, d := range r.dispatchers {
		d.close()
	}
	for _, k := range r.askers {
		if k != nil {
			close(k.asks)
		}
	}
	close(r.fetches)
	close(r.freezes)
	senders.Wait()
	asking.Wait()
	fetching.Wait()
	freezing.Wait()
	r.belated.Wait()
	for d := range r.own() {
		d.refuseRest(ErrStopped)
	}
	if r.commands != nil {
		r.commands.stop()
	}
	return err
}

// drive runs all loops. If the store of one fails, the others end, too.
func (r *Runner) drive(ctx context.Context, stopSending func()) error {
	for d := range r.own() {
		if err := d.recover(); err != nil {
			return err
		}
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	failures := make([]error, len(r.places))
	var all sync.WaitGroup
	for d := range r.own() {
		all.Go(func() {
			if failures[d.number] = d.run(ctx, stopSending); failures[d.number] != nil {
				end()
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

// driverOf returns the driver of the partition that has a run; nil if another process has it.
func (r *Runner) driverOf(run engine.RunID) *driver {
	n, err := r.partitionOf(run)
	if err != nil {
		r.config.Log.Error("it cannot be found out which partition has a run", "run", run, "error", err)
	}
	return r.places[n].driver.Load()
}

// Pause lets no loop begin a step until resume is called, and returns when those under way have ended. Everything that is
// applied is then committed in all partitions.
func (r *Runner) Pause() (resume func()) {
	all := slices.Collect(r.own())
	for _, d := range all {
		d.steps.Lock()
	}
	return func() {
		for _, d := range all {
			d.steps.Unlock()
		}
	}
}

// Standing returns how long the step under way has taken by now, the longest one of all partitions; 0 between steps. A
// step takes milliseconds: after seconds, the disk or an input holds the engine up.
func (r *Runner) Standing() (longest time.Duration) {
	for d := range r.own() {
		longest = max(longest, d.standing())
	}
	return longest
}
