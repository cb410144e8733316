package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"nudge/engine"
)

// Part is a store of its own, or one of the partitions of an installation.
type Part struct {
	Store Store
	Core  *engine.Engine
}

// driver steps the loop of one partition with what arrives for it.
type driver struct {
	r        *Runner
	number   int                // of the partition
	cancel   context.CancelFunc // ends run; nil: the runner ends all together
	over     chan struct{}      // closed when run has ended; nothing more is committed then
	lost     atomic.Bool        // another process may have the partition
	loop     *Loop              // belongs to the goroutine of run
	queue    *queue
	suspects chan engine.RunID
	settling chan settling // capacity 1 for each endpoint
	refused  refusals
	stepping atomic.Pointer[time.Time] // when the step under way began; nil between steps
	asleep   atomic.Bool               // the loop waits for an input or a timer
	wakesAt  atomic.Int64              // what it waits for then, an [engine.Instant]; 0 for nothing
	inFlight atomic.Int64              // posts without a result
	waited   atomic.Int64              // how long the oldest input of the newest step had waited, a [time.Duration]
	due      atomic.Int64              // the first timer that is not taken, an [engine.Instant]; 0 for none

	steps   sync.Mutex   // held during each step; see [Runner.Pause]
	mu      sync.RWMutex // guards stopped, and every push against it
	stopped bool

	batch    []*waiting // reused by each step
	groups   []*Group
	returned []*waiting // messages that were not posted after all, for the next step
	flying   int        // posts without a result
	held     []bool     // by account: nothing goes to it at present

	handing handing
}

func (r *Runner) newDriver(number int, p Part) *driver {
	var accounts []AccountSettings
	senders := 0
	for n, a := range r.config.Accounts {
		places := a.places()
		if r.elsewhere == nil {
			places = r.share(places)
		} // else it changes how many partitions share them, which the room for each says
		accounts = append(accounts, AccountSettings{Account: a.Name, Places: places, Rate: a.Rate, ByID: a.ByID, Verify: a.Verify, Asks: r.askers[n] != nil})
		senders += a.Senders
	}
	d := &driver{
		r: r, number: number, over: make(chan struct{}),
		queue:    newQueue(r.config.Queue, senders),
		suspects: make(chan engine.RunID, maxSuspects),
		settling: make(chan settling, len(r.config.Endpoints)+1),
		held:     make([]bool, len(accounts)),
	}
	d.loop = NewLoopOf(timedStore{p.Store, r.metrics.commits}, p.Core, accounts)
	d.loop.UseAudiences(r.config.Audiences)
	d.loop.Keep(r.config.Retention)
	d.loop.Tell(r.config.Endpoints)
	d.loop.NoteArrivals()
	return d
}

func (d *driver) push(w *waiting) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.stopped {
		return d.stopping()
	}
	err := d.queue.push(w)
	if err != nil && w.handover == nil {
		d.r.metrics.busy.WithLabelValues(w.Inputs[0].Kind().String()).Inc()
	}
	return err
}

// stopping is why a loop that has stopped takes nothing.
func (d *driver) stopping() error {
	if d.r.elsewhere != nil {
		return ErrElsewhere
	}
	return ErrStopped
}

// errLost ends the loop of a partition that another process may have.
var errLost = errors.New("another process may have the partition")

// run applies inputs until ctx ends, and then what is in the queue.
func (d *driver) run(ctx context.Context, stopSending func()) error {
	if err := d.work(ctx); err != nil {
		return err
	}
	return d.drain(stopSending)
}

// recover settles the messages that the last process left without an outcome.
func (d *driver) recover() error {
	step, err := d.loop.Recover(d.r.config.Clock.Now())
	if err != nil {
		return fmt.Errorf("settle what was under way: %w", err)
	}
	d.r.metrics.damaged.Add(float64(len(step.Damaged)))
	n := 0
	for i := range step.Changes {
		if before := step.Changes[i].Before; before == nil || before.StatusCheck.Until == 0 { // it asks again
			n++
		}
	}
	if n > 0 {
		d.r.config.Log.Warn("messages of unknown outcome after the last stop", "messages", n)
	}
	if err := d.countOutbox(); err != nil {
		return fmt.Errorf("count the outbox: %w", err)
	}
	d.handOn(step)
	if d.r.commands != nil {
		return d.obeyed(nil)
	}
	return nil
}

// work steps the loop until ctx ends.
func (d *driver) work(ctx context.Context) error {
	for ctx.Err() == nil {
		step, err := d.step()
		if err != nil {
			return err
		}
		if step.Again {
			continue
		}
		d.sleep(ctx, step.Next)
	}
	return nil
}

// sleep waits until something arrives or a timer is due.
func (d *driver) sleep(ctx context.Context, next engine.Instant) {
	at := next.Time()
	if next == 0 {
		at = d.r.config.Clock.Now().Add(time.Hour)
	}
	timer := d.r.config.Clock.Wake(at)
	defer timer.Stop()
	d.wakesAt.Store(int64(next))
	d.inFlight.Store(int64(d.flying))
	d.asleep.Store(true)
	defer d.asleep.Store(false)
	select {
	case <-d.queue.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// standing returns how long the step under way has taken by now; 0 between steps.
func (d *driver) standing() time.Duration {
	if began := d.stepping.Load(); began != nil {
		return time.Since(*began)
	}
	return 0
}

// step takes the inputs that have arrived and applies them.
func (d *driver) step() (*Step, error) {
	d.steps.Lock()
	defer d.steps.Unlock()
	if !d.has() {
		return nil, errLost
	}
	if d.r.commands != nil {
		d.delivered()
		if err := d.obey(); err != nil {
			return nil, err
		}
	}
	d.batch, d.returned = append(d.batch[:0], d.returned...), nil
	d.batch = d.queue.take(d.batch, d.r.config.Batch)
	d.groups = d.groups[:0]
	for _, w := range d.batch {
		d.flying -= w.Frees
	}
	if err := d.gather(); err != nil {
		d.giveUp()
		return nil, err
	}
	d.makeRoom()
	began := time.Now()
	d.stepping.Store(&began)
	d.waited.Store(int64(oldest(d.batch, began)))
	defer d.stepping.Store(nil)
	d.loop.Suspect(d.suspected()...)
	settled := d.settled()
	d.takeRefusals()
	step, err := d.loop.Step(d.r.config.Clock.Now(), d.groups)
	if err != nil {
		d.giveUp()
		return nil, err
	}
	if !d.has() { // what was read may be old: nothing is answered that no commit has proved
		d.giveUp()
		d.takeBack(step.Posts)
		return nil, errLost
	}
	for _, s := range settled {
		s.done <- nil
	}
	d.r.metrics.step(d.number, step, d.batch, time.Since(began))
	if d.r.commands != nil {
		d.publish() // before the answers: who has one may expect that others know
	}
	d.answer()
	if len(step.Damaged) > 0 {
		if err := d.countOutbox(); err != nil {
			return nil, err
		}
	}
	step.Again = step.Again || !d.queue.empty()
	d.handOn(step)
	if d.r.commands != nil {
		err = d.handOver()
	}
	return step, err
}

// makeRoom tells the loop how many messages each account may take, of which every partition gets its share, and until when the
// provider wants none.
func (d *driver) makeRoom() {
	for _, x := range d.r.dispatchers {
		d.loop.Room(x.account.Name, d.r.share(x.room()))
		if p := x.pause.Load(); p != nil {
			d.loop.queueOf(x.account.Name).limit.pauseUntil(engine.InstantOf(d.r.config.Clock.Now()), p.until, p.why)
		}
	}
}

// giveUp tells those who wait for the batch that nobody can say what became of it. Results of messages go to the process that has the
// partition next.
func (d *driver) giveUp() {
	err := ErrStopped
	if d.r.elsewhere != nil {
		err = ErrUnsure
	}
	for _, w := range d.batch {
		if w.Frees > 0 && d.r.elsewhere != nil {
			d.r.forwardResults(d.number, w.Inputs)
			continue
		}
		w.end(err)
	}
	d.batch = d.batch[:0]
}

// handOn carries out the effects of a step, after its commit.
func (d *driver) handOn(step *Step) {
	for _, q := range step.Damaged {
		d.r.config.Log.Error("the record of a run is damaged; the run is quarantined", "run", q.Run, "ended_before", q.Ended, "damage", q.Reason)
	}
	for _, p := range step.Panics {
		d.r.config.Log.Error("a fault of ours; the run concerned is quarantined", "panic", p)
	}
	d.show()
	d.tell(step)
	if step.Noticed && d.r.config.Noticed != nil {
		d.r.config.Noticed()
	}
	d.dispatch(step.Posts)
	d.r.handOnFetches(step.Fetches)
	d.r.handOnFreezes(step.Freezes)
	d.handOnAsks(step.Asks)
}

// drain refuses new inputs, applies what is in the queue, and waits for the posts
// under way. Those that outlast the grace time are cut off and become unknown.
func (d *driver) drain(stopSending func()) error {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.loop.Hold()
	grace := time.NewTimer(d.r.config.Grace)
	defer grace.Stop()
	for {
		if _, err := d.step(); err != nil {
			return err
		}
		if d.flying == 0 && len(d.batch) == 0 {
			return errors.Join(d.loop.writeArrivalsNow(), d.loop.dropOwedNow())
		}
		if len(d.batch) > 0 {
			continue
		}
		select {
		case <-d.queue.wake:
		case <-grace.C:
			stopSending()
			if d.r.elsewhere != nil { // what becomes of them reaches the next process that has the partition
				return nil
			}
		}
	}
}

// refuseRest answers everybody who is still in the queue.
func (d *driver) refuseRest(why error) {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.sweep(why)
	if d.r.elsewhere != nil {
		for _, w := range d.returned {
			d.r.forwardResults(d.number, w.Inputs)
		}
	}
	for _, f := range d.handing.follows {
		f.w.done <- nil // the other partitions apply the rest after the next start
	}
	d.handing.follows = nil
}

// sweep refuses what is in the queue. Results of messages go to the process that has the partition next.
func (d *driver) sweep(why error) {
	for _, w := range d.queue.take(nil, 1<<30) {
		if w.Frees > 0 && d.r.elsewhere != nil {
			d.r.forwardResults(d.number, w.Inputs)
			continue
		}
		w.end(why)
	}
}

// hear takes what became of posts of the loop.
func (d *driver) hear(w *waiting) {
	taken := d.queue.wait(w, d.gone())
	if d.r.elsewhere == nil {
		return // what nobody takes is settled at the next start
	}
	if !taken {
		d.r.forwardResults(d.number, w.Inputs)
		return
	}
	select {
	case <-d.over: // perhaps nobody looks into the queue any more
		d.sweep(ErrElsewhere)
	default:
	}
}

// takeBack gives messages back that were claimed and that nobody posts, for the process that has the partition next.
func (d *driver) takeBack(posts []engine.Post) {
	if len(posts) > 0 {
		d.r.forwardResults(d.number, d.notPosted(Account{}, posts, "its partition moved before it was posted").Inputs)
	}
}
