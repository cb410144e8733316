package cluster

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nudge/runner"
	"nudge/store/nodes"
)

// Parts is what a node does with its partitions. Calls for one partition never overlap.
type Parts interface {
	// Open takes a partition up and returns when it serves. After an error it is released again. It ends early with ctx.
	Open(ctx context.Context, p nodes.Partition) error
	// Close gives a partition back in order: no claims, posts under way end, and then nothing more is committed. If it fails, the
	// partition is dropped. When ctx ends, the partition is lost; Close returns an error soon then.
	Close(ctx context.Context, number int) error
	// Drop ends a partition that is lost, at once: nothing more is answered, posted or committed.
	Drop(number int)
}

// Config is what a keeper needs.
type Config struct {
	Registry nodes.Registry
	Parts    Parts
	Name     string        // of the node, for operators
	Address  string        // where other nodes reach it
	Level    int           // the newest level of records that it can write
	Term     time.Duration // how long a lease lasts; 0 means DefaultTerm
	Tell     func(Notice)  // lets the other nodes know something; it must not block. nil: nobody is told
	Metrics  *Metrics      // nil: nothing is counted
	Log      *slog.Logger  // nil: nothing is logged
}

// Keeper keeps a node's lease, takes partitions and gives them back.
type Keeper struct {
	config Config
	clock  func() time.Duration // the node's own; see elapsed

	until  atomic.Int64                    // end of the lease, by the clock
	epochs atomic.Pointer[[]atomic.Uint64] // by partition, under which it is held; 0: it is not
	seen   atomic.Pointer[sighting]        // the newest view
	base   atomic.Pointer[heartbeat]       // by which Now counts
	latest atomic.Int64                    // what Now said last, in nanoseconds
	looks  sync.Mutex                      // held while somebody looks

	wake chan struct{} // capacity 1
	mu   sync.Mutex    // guards news
	news news

	// The rest belongs to the goroutine of Run.
	h       *Holdings
	node    nodes.Node
	joined  bool                       // once
	cancels map[int]context.CancelFunc // of calls under way, by partition
	retry   time.Duration              // nothing is asked of the registry before, after an error
}

// news is what others report to the goroutine of Run.
type news struct {
	ended   []ended
	failed  map[int]error
	leaving []nodes.ID
	renew   bool
}

// ended is a call of Parts that has ended.
type ended struct {
	number int
	call   stage // opening, closing or dropping
	err    error
}

// sighting is a view, and when it was asked for.
type sighting struct {
	nodes.View
	sent time.Duration
}

// heartbeat is what the registry's clock said, and when its answer came.
type heartbeat struct {
	now time.Time
	at  time.Duration
}

// NewKeeper returns the keeper of a node that has not joined. Run lets it join.
func NewKeeper(config Config) *Keeper { return newKeeper(config, elapsed) }

func newKeeper(config Config, clock func() time.Duration) *Keeper {
	config.Term = cmp.Or(config.Term, DefaultTerm)
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Tell == nil {
		config.Tell = func(Notice) {}
	}
	if config.Metrics == nil {
		config.Metrics = NewMetrics()
	}
	k := &Keeper{config: config, clock: clock, wake: make(chan struct{}, 1), h: NewHoldings(config.Term),
		cancels: map[int]context.CancelFunc{}}
	k.news.failed = map[int]error{}
	k.epochs.Store(new([]atomic.Uint64))
	config.Metrics.leaseLeft.set(func() float64 { return k.left().Seconds() })
	return k
}

// Valid reports whether the node may act for its partitions now.
func (k *Keeper) Valid() bool { return k.left() > 0 }

func (k *Keeper) left() time.Duration { return max(time.Duration(k.until.Load())-k.clock(), 0) }

// Holds reports whether the node may act for a partition now. Ask before each post, and after each load before an answer.
func (k *Keeper) Holds(number int) bool {
	_, holds := k.Epoch(number)
	return holds
}

// Epoch returns under which epoch the node may act for a partition now. Whoever began something for a partition may go on only
// under the same one.
func (k *Keeper) Epoch(number int) (epoch uint64, holds bool) {
	all := *k.epochs.Load()
	if number < 0 || number >= len(all) {
		return 0, false
	}
	epoch = all[number].Load()
	return epoch, epoch > 0 && k.Valid()
}

// Now is the instant by the clock of the registry, as the last heartbeat said and what has passed since. It never falls. Before
// the first heartbeat it is the machine's.
func (k *Keeper) Now() time.Time {
	base := k.base.Load()
	if base == nil {
		return time.Now()
	}
	now := base.now.Add(k.clock() - base.at).UnixNano()
	for {
		latest := k.latest.Load()
		if now <= latest {
			return time.Unix(0, latest).UTC()
		}
		if k.latest.CompareAndSwap(latest, now) {
			return time.Unix(0, now).UTC()
		}
	}
}

// Wake returns a timer for an instant by that clock.
func (k *Keeper) Wake(at time.Time) *time.Timer { return runner.WakeIn(at.Sub(k.Now())) }

var _ runner.Clock = (*Keeper)(nil)

// Failed reports that the loop of a partition has ended by itself, because of an error. The partition is dropped, and taken
// again under a new epoch.
func (k *Keeper) Failed(number int, err error) {
	k.report(func(n *news) { n.failed[number] = err })
}

// Hear takes what another node let this one know.
func (k *Keeper) Hear(notice Notice) {
	k.report(func(n *news) {
		if notice.Leaving != "" {
			n.leaving = append(n.leaving, notice.Leaving)
		}
		n.renew = n.renew || len(notice.Released) > 0
	})
}

func (k *Keeper) report(add func(*news)) {
	k.mu.Lock()
	add(&k.news)
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run joins and keeps partitions until ctx ends. Then it gives everything back, and leaves.
func (k *Keeper) Run(ctx context.Context) {
	always := context.WithoutCancel(ctx)
	done := ctx.Done() // nil while it stops
	for {
		k.turn(always, done == nil)
		if done == nil && k.h.Empty() {
			break
		}
		timer := time.NewTimer(k.rest())
		select {
		case <-k.wake:
		case <-timer.C:
		case <-done:
			done = nil
			k.stop()
		}
		timer.Stop()
	}
	k.leave(always, k.node.ID)
	k.until.Store(0)
}

// rest is how long there is nothing to do, unless something is reported.
func (k *Keeper) rest() time.Duration {
	now, rest := k.clock(), k.config.Term/10
	if k.node.ID == "" {
		return rest
	}
	if now >= k.retry {
		rest = min(rest, k.h.RenewAt()-now)
	}
	return max(min(rest, k.h.Left(now)), 0)
}

// turn does what is due.
func (k *Keeper) turn(ctx context.Context, stopping bool) {
	renew := k.hear()
	if k.node.ID != "" && !k.h.Valid(k.clock()) {
		k.forfeit(ctx, "its end was reached")
	}
	now := k.clock()
	switch {
	case k.node.ID == "" && !stopping && now >= k.retry:
		k.join(ctx)
	case k.node.ID != "" && (renew || now >= max(k.h.RenewAt(), k.retry)):
		k.renew(ctx)
	}
	if stopping && k.node.ID != "" {
		k.config.Tell(Notice{Leaving: k.node.ID})
	}
	k.carryOut(ctx, k.h.Plan(k.clock()))
	k.config.Metrics.show(k.h)
}

// stop begins to give everything back.
func (k *Keeper) stop() {
	k.config.Log.Info("this node gives its partitions back", "node", k.node.ID)
	k.h.Stop()
	for n, cancel := range k.cancels {
		if k.h.parts[n].stage == opening {
			cancel()
		}
	}
}

// ask bounds a question to the registry, so that the lease's end is noticed meanwhile.
func (k *Keeper) ask(ctx context.Context) (context.Context, context.CancelFunc) {
	most := k.config.Term / 3
	if k.node.ID != "" {
		most = min(most, max(k.h.Left(k.clock()), time.Millisecond))
	}
	return context.WithTimeout(ctx, most)
}

// join makes the process a node with a new ID.
func (k *Keeper) join(ctx context.Context) {
	asking, cancel := k.ask(ctx)
	defer cancel()
	n := nodes.Node{ID: nodes.ID(rand.Text()), Name: k.config.Name, Address: k.config.Address, Level: k.config.Level}
	sent := k.clock()
	if err := k.config.Registry.Join(asking, n, k.config.Term); err != nil {
		k.wait("this node could not join; it tries again", err)
		return
	}
	k.node = n
	k.h.Joined(n.ID, sent)
	k.until.Store(int64(k.h.lease.until))
	k.config.Metrics.joined(k.joined)
	k.joined = true
	k.config.Log.Info("this node has joined", "node", n.ID, "address", n.Address)
	k.renew(ctx)
}

// wait logs an error of the registry, and asks nothing for a while.
func (k *Keeper) wait(text string, err error) {
	k.retry = k.clock() + k.config.Term/10
	k.config.Log.Warn(text, "node", k.node.ID, "error", err)
}

// renew renews the lease.
func (k *Keeper) renew(ctx context.Context) {
	asking, cancel := k.ask(ctx)
	defer cancel()
	sent := k.clock()
	v, err := k.config.Registry.Renew(asking, k.node.ID, k.config.Term)
	now := k.clock()
	switch {
	case errors.Is(err, nodes.ErrExpired):
		k.forfeit(ctx, err.Error())
		return
	case err != nil:
		k.wait("the lease could not be renewed; it is tried again", err)
		return
	}
	k.base.Store(&heartbeat{v.Now, now})
	k.see(v, sent)
	k.grow(len(v.Partitions))
	for _, n := range k.h.Renewed(v, sent, now) {
		k.lose(n, whyTaken)
	}
	k.until.Store(int64(k.h.lease.until))
}

// see keeps a view for routing, if it was asked for later than the one that is kept.
func (k *Keeper) see(v nodes.View, sent time.Duration) {
	next := &sighting{v, sent}
	for {
		old := k.seen.Load()
		if old != nil && old.sent > sent || k.seen.CompareAndSwap(old, next) {
			return
		}
	}
}

// correct notes what this node has changed since the view that is kept.
func (k *Keeper) correct(p nodes.Partition) {
	for {
		old := k.seen.Load()
		next := *old
		next.Partitions = slices.Clone(old.Partitions)
		next.Partitions[p.Number] = p
		if k.seen.CompareAndSwap(old, &next) {
			return
		}
	}
}

// grow makes room for the epochs of all partitions.
func (k *Keeper) grow(n int) {
	if len(*k.epochs.Load()) < n {
		all := make([]atomic.Uint64, n) // there were none before: the number of partitions stays
		k.epochs.Store(&all)
	}
}

// forfeit drops everything: the lease is lost. The process may join again.
func (k *Keeper) forfeit(ctx context.Context, why string) {
	k.until.Store(0)
	old := k.node.ID
	k.node = nodes.Node{}
	lost := k.h.Forfeit()
	k.config.Log.Error("this node has lost its lease", "node", old, "why", why, "partitions", len(lost))
	for _, n := range lost {
		k.lose(n, whyLease)
	}
	k.leave(ctx, old)
}

// leave lets others take at once what the node had. Without it, they wait for the end of its lease.
func (k *Keeper) leave(ctx context.Context, id nodes.ID) {
	if id == "" {
		return
	}
	asking, cancel := context.WithTimeout(ctx, k.config.Term/10)
	defer cancel()
	if err := k.config.Registry.Leave(asking, id); err != nil {
		k.config.Log.Warn("this node could not say that it leaves; others wait for the end of its lease", "node", id, "error", err)
	}
}
