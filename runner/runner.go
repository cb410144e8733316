package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"nudge/engine"
	"nudge/runner/live"
)

// ErrStopped is returned by Submit once the runner has stopped or is stopping. What
// was submitted is not acknowledged, and may or may not have been taken.
var ErrStopped = errors.New("the engine has stopped")

// Runner drives a loop with real goroutines: one that steps it, and the senders.
// Run starts them and ends after the last of them.
type Runner struct {
	config      Config
	loop        *Loop // belongs to Run's goroutine
	queue       *queue
	dispatchers []*dispatcher // one for each account, in their order
	askers      []*asker      // likewise; nil for an account that cannot be asked
	fetches     chan engine.FetchPost
	freezes     chan engine.SnapshotRequest
	suspects    chan engine.RunID
	settling    chan settling // capacity 1 for each endpoint
	refused     refusals
	live        *live.Hub
	metrics     *metrics
	over        chan struct{}             // closed when no outcome of a post is taken any more
	stepping    atomic.Pointer[time.Time] // when the step under way began; nil between steps
	asleep      atomic.Bool               // the loop waits for an input or a timer
	wakesAt     atomic.Int64              // what it waits for then, an [engine.Instant]; 0 for nothing
	inFlight    atomic.Int64              // posts without a result
	waited      atomic.Int64              // how long the oldest input of the newest step had waited, a [time.Duration]
	due         atomic.Int64              // the first timer that is not taken, an [engine.Instant]; 0 for none

	mu      sync.RWMutex // guards stopped, and every push against it
	stopped bool

	batch    []*waiting // reused by each step
	groups   []*Group
	returned []*waiting // messages that were not posted after all, for the next step
	flying   int        // posts without a result
}

// New returns a runner that continues from the store's state. It takes over the engine.
func New(store Store, core *engine.Engine, config Config) (*Runner, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Runner{
		config:  config,
		over:    make(chan struct{}),
		fetches: make(chan engine.FetchPost, maxFetches),
		freezes: make(chan engine.SnapshotRequest, maxFreezes),

		live:     live.New(),
		suspects: make(chan engine.RunID, maxSuspects),
		settling: make(chan settling, len(config.Endpoints)+1),
	}
	var accounts []AccountSettings
	senders := 0
	for _, a := range config.Accounts {
		k := r.askerOf(a)
		accounts = append(accounts, AccountSettings{Account: a.Name, Places: a.places(), Rate: a.Rate, ByID: a.ByID, Verify: a.Verify, Asks: k != nil})
		r.dispatchers, r.askers = append(r.dispatchers, r.dispatcherOf(a)), append(r.askers, k)
		senders += a.Senders
	}
	r.metrics = newMetrics(config.Accounts)
	r.loop = NewLoopOf(timedStore{store, r.metrics.commits}, core, accounts)
	r.loop.UseAudiences(config.Audiences)
	r.loop.Keep(config.Retention)
	r.loop.Tell(config.Endpoints)
	r.loop.NoteArrivals()
	r.queue = newQueue(config.Queue, senders)
	return r, errors.Join(r.metrics.register(config.Registry), r.registerGauges(config.Registry))
}

// Submit applies inputs together, all of them or none, and returns their answers once
// they are durable. It fails with ErrBusy, with ErrStopped, or with ctx's error; with
// the last two the inputs may still have been applied. The kind of the first input decides
// in which queue they wait, and a deploy must come alone.
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
	w := &waiting{Group: Group{Inputs: inputs}, done: make(chan error, 1), arrived: time.Now()}
	if err := r.push(w); err != nil {
		return nil, err
	}
	return &Ticket{w}, nil
}

// Ticket is inputs that were begun.
type Ticket struct{ w *waiting }

// Wait returns the answers once they are durable. It may be called once.
func (t *Ticket) Wait(ctx context.Context) ([]engine.Answer, error) {
	select {
	case err := <-t.w.done:
		return t.w.Answers, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *Runner) push(w *waiting) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.stopped {
		return ErrStopped
	}
	err := r.queue.push(w)
	if err != nil {
		r.metrics.busy.WithLabelValues(w.Inputs[0].Kind().String()).Inc()
	}
	return err
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
	err := r.recover()
	if err == nil {
		err = r.work(ctx)
	}
	if err == nil {
		err = r.drain(stopSending)
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
	r.refuseRest()
	return err
}

// recover settles the messages that the last process left without an outcome.
func (r *Runner) recover() error {
	step, err := r.loop.Recover(r.config.Clock.Now())
	if err != nil {
		return fmt.Errorf("settle what was under way: %w", err)
	}
	r.metrics.damaged.Add(float64(len(step.Damaged)))
	n := 0
	for i := range step.Changes {
		if before := step.Changes[i].Before; before == nil || before.StatusCheck.Until == 0 { // it asks again
			n++
		}
	}
	if n > 0 {
		r.config.Log.Warn("messages of unknown outcome after the last stop", "messages", n)
	}
	if err := r.countOutbox(); err != nil {
		return fmt.Errorf("count the outbox: %w", err)
	}
	r.handOn(step)
	return nil
}

// work steps the loop until ctx ends.
func (r *Runner) work(ctx context.Context) error {
	for ctx.Err() == nil {
		step, err := r.step()
		if err != nil {
			return err
		}
		if step.Again {
			continue
		}
		r.sleep(ctx, step.Next)
	}
	return nil
}

// sleep waits until something arrives or a timer is due.
func (r *Runner) sleep(ctx context.Context, next engine.Instant) {
	at := next.Time()
	if next == 0 {
		at = r.config.Clock.Now().Add(time.Hour)
	}
	timer := r.config.Clock.Wake(at)
	defer timer.Stop()
	r.wakesAt.Store(int64(next))
	r.inFlight.Store(int64(r.flying))
	r.asleep.Store(true)
	defer r.asleep.Store(false)
	select {
	case <-r.queue.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Standing returns how long the step under way has taken by now; 0 between steps. A step takes
// milliseconds: after seconds, the disk or an input holds the engine up.
func (r *Runner) Standing() time.Duration {
	if began := r.stepping.Load(); began != nil {
		return time.Since(*began)
	}
	return 0
}

// step takes the inputs that have arrived and applies them.
func (r *Runner) step() (*Step, error) {
	r.batch, r.returned = append(r.batch[:0], r.returned...), nil
	r.batch = r.queue.take(r.batch, r.config.Batch)
	r.groups = r.groups[:0]
	for _, w := range r.batch {
		r.groups = append(r.groups, &w.Group)
		r.flying -= w.Frees
	}
	for _, d := range r.dispatchers {
		r.loop.Room(d.account.Name, d.room())
	}
	began := time.Now()
	r.stepping.Store(&began)
	r.waited.Store(int64(oldest(r.batch, began)))
	defer r.stepping.Store(nil)
	r.loop.Suspect(r.suspected()...)
	settled := r.settled()
	r.takeRefusals()
	step, err := r.loop.Step(r.config.Clock.Now(), r.groups)
	if err != nil {
		for _, w := range r.batch {
			w.done <- ErrStopped
		}
		return nil, err
	}
	for _, s := range settled {
		s.done <- nil
	}
	r.metrics.step(step, r.batch, time.Since(began))
	for _, w := range r.batch {
		w.done <- nil
	}
	if len(step.Damaged) > 0 {
		if err := r.countOutbox(); err != nil {
			return nil, err
		}
	}
	step.Again = step.Again || !r.queue.empty()
	r.handOn(step)
	return step, nil
}

// handOn carries out the effects of a step, after its commit.
func (r *Runner) handOn(step *Step) {
	for _, q := range step.Damaged {
		r.config.Log.Error("the record of a run is damaged; the run is quarantined", "run", q.Run, "ended_before", q.Ended, "damage", q.Reason)
	}
	for _, p := range step.Panics {
		r.config.Log.Error("a fault of ours; the run concerned is quarantined", "panic", p)
	}
	r.show()
	r.tell(step)
	if step.Noticed && r.config.Noticed != nil {
		r.config.Noticed()
	}
	r.dispatch(step.Posts)
	r.handOnFetches(step.Fetches)
	r.handOnFreezes(step.Freezes)
	r.handOnAsks(step.Asks)
}

// drain refuses new inputs, applies what is in the queue, and waits for the posts
// under way. Those that outlast the grace time are cut off and become unknown.
func (r *Runner) drain(stopSending func()) error {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.loop.Hold()
	grace := time.NewTimer(r.config.Grace)
	defer grace.Stop()
	for {
		if _, err := r.step(); err != nil {
			return err
		}
		if r.flying == 0 && len(r.batch) == 0 {
			return r.loop.writeArrivalsNow()
		}
		if len(r.batch) > 0 {
			continue
		}
		select {
		case <-r.queue.wake:
		case <-grace.C:
			stopSending()
		}
	}
}

// refuseRest answers everybody who is still in the queue.
func (r *Runner) refuseRest() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	for _, w := range r.queue.take(nil, 1<<30) {
		w.done <- ErrStopped
	}
}
