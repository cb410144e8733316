package runner

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nudge/engine"
	"nudge/store"
)

const (
	maxHandover = 256         // inputs that one handover brings at most; the next one brings more
	followFor   = time.Second // how long an answer waits for what other partitions make of its input
)

// handing is what a driver hands over to other partitions. What they write is atomic.
type handing struct {
	offered []bool          // by partition: a handover is on its way, or none goes there any more
	taken   []atomic.Uint64 // by partition: up to where it has taken what it is owed; it writes that itself
	failed  []atomic.Bool   // by partition: a handover did not reach it, and is to be offered again
	follows []following     // in the order of their batches
	heard   hearing
	firings atomic.Pointer[[]engine.Firing]
	owed    atomic.Int64 // inputs that others have not taken
}

// following is an answer that waits for other partitions.
type following struct {
	w     *waiting
	owed  []uint64 // by partition: up to where it has to have taken
	until time.Time
}

// hearing is what others answered to what they were owed.
type hearing struct {
	mu  sync.Mutex
	all []heard
}

// heard is what a partition answered to an input that it was owed.
type heard struct {
	by     int
	number uint64
	answer engine.Answer
}

func (h *hearing) put(more []heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, more...)
}

func (h *hearing) take() []heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.all
	h.all = nil
	return all
}

// divide makes the loops those of partitions, which this process has all.
func (r *Runner) divide() (err error) {
	if r.commands, err = openCommandLog(r.places); err != nil {
		return err
	}
	for d := range r.own() {
		d.share()
	}
	for d := range r.own() {
		if err := r.join(d); err != nil {
			return err
		}
	}
	return nil
}

// share makes a driver one of several partitions.
func (d *driver) share() {
	n := len(d.r.places)
	d.handing.offered, d.handing.taken, d.handing.failed = make([]bool, n), make([]atomic.Uint64, n), make([]atomic.Bool, n)
	d.publish()
}

// join lets a loop know the other partitions, and what is outstanding for it.
func (r *Runner) join(d *driver) error {
	if d.handing.offered == nil {
		d.share()
	}
	if err := d.loop.UsePeers(beside{r, d.number}); err != nil {
		return err
	}
	r.commands.opened(d)
	outstanding, err := r.commands.after(d.number)
	if err != nil {
		return err
	}
	d.loop.Obey(outstanding)
	return nil
}

// publish shows others what they look for.
func (d *driver) publish() {
	s := &d.loop.core.State
	firings, owed := s.Firings, uint64(0)
	for to := range s.Partition.Of {
		owed += d.loop.core.Backlog(to)
	}
	d.handing.firings.Store(&firings)
	d.handing.owed.Store(int64(owed))
}

// gather makes groups of the batch.
func (d *driver) gather() error {
	for _, w := range d.batch {
		if w.handover == nil {
			d.groups = append(d.groups, &w.Group)
			continue
		}
		taken, err := d.loop.Take(w.handover)
		switch {
		case errors.Is(err, ErrGap):
			w.gap = err
			d.r.config.Log.Error("nothing is taken from a partition any more: inputs between two partitions are missing", "from", w.handover.From, "to", d.number, "error", err)
		case errors.Is(err, ErrBehind) && d.r.elsewhere != nil:
			w.gap = err // the next look for commands finds what is missing, and the sender tries again
			d.r.commands.stale()
		case err != nil:
			return err
		}
		w.taken = taken
		d.groups = append(d.groups, taken...)
	}
	return nil
}

// answer tells those who wait for the batch that it is durable.
func (d *driver) answer() {
	for _, w := range d.batch {
		switch {
		case w.handover != nil:
			d.received(w)
		case w.follows && d.owes():
			d.handing.follows = append(d.handing.follows, following{w, slices.Clone(d.loop.core.State.Owed), time.Now().Add(followFor)})
		default:
			w.done <- nil
		}
	}
}

// received tells the sender of a handover that it is applied, and what the answers are.
func (d *driver) received(w *waiting) {
	if w.gap != nil {
		w.told(nil, w.gap)
		return
	}
	t := &Taken{UpTo: d.loop.core.State.SeenOf(w.handover.From)}
	for _, g := range w.taken {
		t.Answers = append(t.Answers, TakenAnswer{g.Inputs[0].Origin.Number, g.Answers[0]})
	}
	w.told(t, nil)
}

// toldBy takes how a handover to a partition went.
func (d *driver) toldBy(to int) func(*Taken, error) {
	return func(t *Taken, err error) {
		switch {
		case errors.Is(err, ErrGap): // nothing more is handed over
		case err != nil:
			time.AfterFunc(forwardAgain, func() {
				d.handing.failed[to].Store(true)
				d.queue.nudge()
			})
		default:
			var all []heard
			for _, a := range t.Answers {
				all = append(all, heard{to, a.Number, a.Answer})
			}
			d.handing.heard.put(all)
			d.handing.taken[to].Store(t.UpTo)
			d.queue.nudge()
		}
	}
}

// owes reports whether others have not taken all that they are owed.
func (d *driver) owes() bool {
	for to := range d.handing.offered {
		if d.loop.core.Backlog(to) > 0 {
			return true
		}
	}
	return false
}

// delivered notes what others have taken, and gives the answers that waited for it.
func (d *driver) delivered() {
	for to := range d.handing.taken {
		if d.handing.failed[to].Swap(false) {
			d.handing.offered[to] = false
		}
		n := d.handing.taken[to].Load()
		if n <= d.loop.partitions.delivered[to] || to == d.number {
			continue
		}
		if err := d.loop.Delivered(to, n); err != nil {
			d.r.config.Log.Error("nothing is handed over to a partition any more", "from", d.number, "to", to, "error", err)
			continue
		}
		d.handing.offered[to] = false
	}
	for _, h := range d.handing.heard.take() {
		for _, f := range d.handing.follows {
			f.w.hear(h)
		}
	}
	now := time.Now()
	d.handing.follows = slices.DeleteFunc(d.handing.follows, func(f following) bool {
		if over := now.After(f.until) || d.covers(f.owed); !over {
			return false
		}
		f.w.done <- nil
		return true
	})
}

// hear adds what another partition answered to the answer that waits for it. That no longer says that more follows once all
// have answered, unless one of them says so.
func (w *waiting) hear(h heard) {
	for i, o := range w.owed {
		if o.to != h.by || o.number != h.number {
			continue
		}
		w.owed = slices.Delete(w.owed, i, i+1)
		a := &w.Answers[o.input]
		left := slices.ContainsFunc(w.owed, func(x owedBy) bool { return x.input == o.input })
		own := slices.DeleteFunc(slices.Clone(a.Decisions), func(x engine.Decision) bool { return x.Follows() && !left })
		a.Decisions = append(own, h.answer.Decisions...)
		return
	}
}

// covers reports whether all others have taken what they were owed up to some numbers.
func (d *driver) covers(owed []uint64) bool {
	for to, n := range owed {
		if n > d.loop.partitions.delivered[to] {
			return false
		}
	}
	return true
}

// handOver hands over what is owed, one handover to each partition at a time.
func (d *driver) handOver() error {
	for to := range d.r.places {
		if to == d.number || d.handing.offered[to] || d.loop.core.Backlog(to) == 0 {
			continue
		}
		h, err := d.loop.Handover(to, maxHandover)
		if err != nil {
			return err
		}
		if h != nil && d.r.homeOf(to).push(&waiting{handover: h, told: d.toldBy(to), arrived: time.Now()}) == nil {
			d.handing.offered[to] = true // else it stops, and gets it at the next start
		}
	}
	return nil
}

// beside are the other partitions of one, as their stores show them.
type beside struct {
	r      *Runner
	number int
}

var _ Peers = beside{}

// others visits the other partitions.
func (b beside) others(visit func(*place) error) error {
	for _, p := range b.r.places {
		if p.number == b.number {
			continue
		}
		if err := visit(p); err != nil {
			return err
		}
	}
	return nil
}

// where asks the other partitions: those of this process one after the other, which have what they wrote in memory, and the rest
// at once.
func (b beside) where(n int, here func(Store, int) (bool, error), there func([]*store.Store) ([][]int, error)) ([][]int, error) {
	found := make([][]int, n)
	var rest []*store.Store
	var numbers []int
	err := b.others(func(p *place) error {
		d := p.driver.Load()
		if d == nil {
			rest, numbers = append(rest, p.view), append(numbers, p.number)
			return nil
		}
		for i := range n {
			has, err := here(d.loop.store, i)
			if err != nil {
				return err
			}
			if has {
				found[i] = append(found[i], p.number)
			}
		}
		return nil
	})
	if err != nil || len(rest) == 0 {
		return found, err
	}
	far, err := there(rest)
	for i := range far {
		for _, place := range far[i] {
			found[i] = append(found[i], numbers[place])
		}
		slices.Sort(found[i])
	}
	return found, err
}

func (b beside) WithKeys(keys []engine.FlowKey) ([][]int, error) {
	return b.where(len(keys), func(s Store, i int) (bool, error) { return s.HasKey(keys[i]) },
		func(all []*store.Store) ([][]int, error) { return store.WithKeys(all, keys) })
}

func (b beside) WithMessages(ids []string) ([][]int, error) {
	return b.where(len(ids), func(s Store, i int) (bool, error) { return s.HasMessage(ids[i]) },
		func(all []*store.Store) ([][]int, error) { return store.WithMessages(all, ids) })
}

func (b beside) HasFiring(in int, k engine.FlowKey) (bool, error) {
	firings, err := b.firings(in)
	return slices.ContainsFunc(firings, func(x engine.Firing) bool {
		return x.Flow == k.Flow && x.Key == k.Key && engine.CampaignHome(x.Campaign) == in
	}), err
}

// firings returns the campaigns of a partition that have rows to take.
func (b beside) firings(in int) ([]engine.Firing, error) {
	if d := b.r.places[in].driver.Load(); d != nil {
		return *d.handing.firings.Load(), nil
	}
	state, err := b.r.places[in].store.State()
	return state.Firings, err
}

func (b beside) VersionsInUse() ([]engine.FlowVersion, error) {
	return b.versions(Store.VersionsInUse)
}

func (b beside) VersionsNeeded(since engine.Instant) ([]engine.FlowVersion, error) {
	return b.versions(func(s Store) ([]engine.FlowVersion, error) { return s.VersionsNeeded(since) })
}

func (b beside) versions(of func(Store) ([]engine.FlowVersion, error)) (all []engine.FlowVersion, err error) {
	err = b.others(func(p *place) error {
		some, err := of(p.store)
		all = append(all, some...)
		return err
	})
	return all, err
}

func (b beside) Commands() (uint64, error) { return b.r.commands.takenByAllBut(b.number), nil }

func (b beside) Taken(by int) (uint64, error) {
	state, err := b.r.places[by].store.State()
	return state.SeenOf(b.number), err
}
