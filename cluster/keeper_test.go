package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nudge/store/nodes"
)

// desk is what a node does with partitions in these tests. It fails the test when calls for one partition overlap, or come in an
// order that makes no sense.
type desk struct {
	t     *testing.T
	mu    sync.Mutex
	busy  map[int]bool
	serve map[int]nodes.Partition
	calls []string
	open  func(context.Context, nodes.Partition) error // nil: at once
	close func(context.Context, int) error
}

func newDesk(t *testing.T) *desk {
	return &desk{t: t, busy: map[int]bool{}, serve: map[int]nodes.Partition{}}
}

func (d *desk) begin(n int, call string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[n] {
		d.t.Errorf("%s of partition %d while another call is under way", call, n)
	}
	d.busy[n] = true
	d.calls = append(d.calls, fmt.Sprint(call, " ", n))
}

func (d *desk) end(n int, p *nodes.Partition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy[n] = false
	if delete(d.serve, n); p != nil {
		d.serve[n] = *p
	}
}

func (d *desk) Open(ctx context.Context, p nodes.Partition) (err error) {
	d.begin(p.Number, "open")
	if d.open != nil {
		err = d.open(ctx, p)
	}
	if err != nil {
		d.end(p.Number, nil)
		return err
	}
	d.end(p.Number, &p)
	return nil
}

func (d *desk) Close(ctx context.Context, n int) (err error) {
	d.begin(n, "close")
	if d.close != nil {
		err = d.close(ctx, n)
	}
	d.mu.Lock()
	p, served := d.serve[n]
	d.mu.Unlock()
	if !served {
		d.t.Errorf("partition %d is closed, and was not open", n)
	}
	if err != nil {
		d.end(n, &p)
		return err
	}
	d.end(n, nil)
	return nil
}

func (d *desk) Drop(n int) {
	d.begin(n, "drop")
	d.end(n, nil)
}

// serves returns the partitions that serve here.
func (d *desk) serves() (all []int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := range d.serve {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

func (d *desk) took() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.calls
	d.calls = nil
	return all
}

// line is the way of one node to the registry, which may be cut.
type line struct {
	*nodes.Memory
	cut   atomic.Bool
	hangs atomic.Bool                   // and nobody says so
	deaf  atomic.Pointer[chan struct{}] // not nil: who asks stands still until it is closed, also after the end of ctx
	asked atomic.Int64
}

func (l *line) fails(ctx context.Context) error {
	l.asked.Add(1)
	if until := l.deaf.Load(); until != nil {
		<-*until
	}
	if l.hangs.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	if l.cut.Load() {
		return errors.New("connection refused")
	}
	return nil
}

func (l *line) Join(ctx context.Context, n nodes.Node, term time.Duration) error {
	if err := l.fails(ctx); err != nil {
		return err
	}
	return l.Memory.Join(ctx, n, term)
}

func (l *line) Renew(ctx context.Context, id nodes.ID, term time.Duration) (nodes.View, error) {
	if err := l.fails(ctx); err != nil {
		return nodes.View{}, err
	}
	return l.Memory.Renew(ctx, id, term)
}

func (l *line) Leave(ctx context.Context, id nodes.ID) error {
	if err := l.fails(ctx); err != nil {
		return err
	}
	return l.Memory.Leave(ctx, id)
}

// room is a registry in the time of a bubble, with the nodes of a test.
type room struct {
	*testing.T
	registry *nodes.Memory
	began    time.Time
	ahead    atomic.Int64 // how far the registry's clock is before the bubble's
	mu       sync.Mutex   // guards all
	all      []*member
}

type member struct {
	*Keeper
	desk *desk
	line *line
	stop func() // ends it, and waits for that
}

// TestKeeper lets keepers run in virtual time.
func TestKeeper(t *testing.T) {
	for name, test := range map[string]func(*room){
		"two nodes share, and one goes":         shares,
		"a node without the registry":           cutOff,
		"a registry that does not answer":       hangs,
		"a loop that fails":                     failingLoop,
		"a commit that the store refused":       fenced,
		"a partition that cannot be opened":     notOpened,
		"a stop while a partition is opened":    stopsEarly,
		"a partition that is not closed well":   notClosed,
		"the registry's clock":                  clocks,
		"who owns what, for those who ask":      owners,
		"a notice lets a node look at once":     noticed,
		"the lease ends while one is opened":    lateOpening,
		"a process is one node after the other": rejoins,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &room{T: t, began: time.Now()}
				r.registry = nodes.NewMemory(func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) })
				r.registry.Make(4)
				test(r)
				for _, m := range r.all {
					m.stop()
				}
			})
		})
	}
}

// node starts one.
func (r *room) node(name string, set ...func(*member)) *member {
	d, l := newDesk(r.T), &line{Memory: r.registry}
	m := &member{desk: d, line: l}
	config := Config{Registry: l, Parts: d, Name: name, Address: name, Metrics: NewMetrics(), Tell: func(n Notice) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, other := range r.all {
			if other != m {
				other.Hear(n)
			}
		}
	}}
	m.Keeper = newKeeper(config, func() time.Duration { return time.Since(r.began) })
	for _, f := range set {
		f(m)
	}
	ctx, cancel := context.WithCancel(r.Context())
	done := make(chan struct{})
	go func() { defer close(done); m.Run(ctx) }()
	m.stop = func() { cancel(); <-done }
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, m)
	return m
}

// pass lets time pass, until all are at rest.
func (r *room) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *room) serves(m *member, want ...int) {
	r.Helper()
	if got := m.desk.serves(); !slices.Equal(got, want) {
		r.Errorf("after %v: node %s serves %v, want %v", time.Since(r.began), m.config.Name, got, want)
	}
	for n := range 4 {
		if got := m.Holds(n); got != slices.Contains(want, n) {
			r.Errorf("after %v: node %s holds partition %d: %v", time.Since(r.began), m.config.Name, n, got)
		}
	}
}

func shares(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	r.serves(a, 0, 1, 2, 3)
	b := r.node("b")
	r.pass(4 * time.Second)
	r.serves(b)
	r.pass(10 * time.Second)
	r.serves(a, 0, 1)
	r.serves(b, 2, 3)
	a.desk.took()
	a.stop()
	synctest.Wait()
	r.serves(a)
	r.serves(b, 0, 1, 2, 3) // at once: a has said so
	if got := a.desk.took(); !slices.Contains(got, "close 0") || slices.Contains(got, "drop 0") {
		r.Errorf("a node that stops did %v", got)
	}
	v, _ := r.registry.View(r.Context())
	for _, n := range v.Nodes {
		if n.Name == "a" && !n.Dead {
			r.Error("the node that stopped did not leave")
		}
	}
}

func cutOff(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	b := r.node("b")
	r.pass(20 * time.Second)
	old := a.node.ID
	a.line.cut.Store(true)
	r.pass(5 * time.Second)
	r.serves(a, 0, 1)
	r.pass(4 * time.Second)
	r.serves(a)
	if a.Valid() {
		r.Error("the lease lasts")
	}
	r.pass(2 * time.Second)
	r.serves(b, 0, 1, 2, 3)
	a.line.cut.Store(false)
	r.pass(20 * time.Second)
	r.serves(a, 2, 3)
	r.serves(b, 0, 1)
	if a.node.ID == old {
		r.Error("it has its old ID")
	}
}

func hangs(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	a.line.hangs.Store(true)
	r.pass(9 * time.Second)
	r.serves(a)
	if got := a.desk.took(); !slices.Contains(got, "drop 3") {
		r.Errorf("after the end of its lease it did %v", got)
	}
	a.line.hangs.Store(false)
	r.pass(12 * time.Second)
	r.serves(a, 0, 1, 2, 3)
}

func failingLoop(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	before, _ := a.Epoch(2)
	a.desk.took()
	a.Failed(2, errors.New("the disk is gone"))
	synctest.Wait()
	r.serves(a, 0, 1, 2, 3)
	if got := a.desk.took(); !slices.Equal(got, []string{"drop 2", "open 2"}) {
		r.Errorf("after the failure it did %v", got)
	}
	if after, _ := a.Epoch(2); after <= before {
		r.Errorf("epoch %d after epoch %d", after, before)
	}
	a.Failed(2, errors.New("the disk is gone"))
	synctest.Wait()
	r.serves(a, 0, 1, 3)
	r.pass(3 * time.Second)
	r.serves(a, 0, 1, 2, 3)
	a.Failed(99, errors.New("there is none"))
	r.pass(time.Second)
}

func fenced(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	r.registry.Leave(r.Context(), a.node.ID) // somebody took its lease away
	r.registry.Join(r.Context(), nodes.Node{ID: "z", Name: "z"}, time.Hour)
	r.registry.Take(r.Context(), "z", []int{2, 3})
	a.Failed(2, nodes.ErrNotOwner)
	synctest.Wait()
	if a.Holds(2) {
		r.Error("it holds a partition of another node")
	}
	r.pass(4 * time.Second)
	r.serves(a, 0, 1)
}

func notOpened(r *room) {
	works := atomic.Bool{}
	a := r.node("a", func(m *member) {
		m.desk.open = func(_ context.Context, p nodes.Partition) error {
			if p.Number == 1 && !works.Load() {
				return errors.New("a record is damaged")
			}
			return nil
		}
	})
	r.pass(time.Second / 2)
	r.serves(a, 0, 2, 3)
	if _, owned := a.Owner(1); owned {
		r.Error("it was not released")
	}
	b := r.node("b")
	r.pass(4 * time.Second)
	r.serves(b, 1)
	works.Store(true)
	b.stop()
	r.pass(2 * time.Minute)
	r.serves(a, 0, 1, 2, 3)
}

func stopsEarly(r *room) {
	a := r.node("a", func(m *member) {
		m.desk.open = func(ctx context.Context, p nodes.Partition) error {
			if p.Number == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
	})
	r.pass(time.Second)
	a.stop()
	r.serves(a)
	v, _ := r.registry.View(r.Context())
	for _, p := range v.Partitions {
		if p.Owner != "" {
			r.Errorf("partition %d belongs to %s still", p.Number, p.Owner)
		}
	}
}

func notClosed(r *room) {
	a := r.node("a", func(m *member) {
		m.desk.close = func(context.Context, int) error { return errors.New("the disk is gone") }
	})
	r.pass(time.Second)
	a.desk.took()
	a.stop()
	r.serves(a)
	if got := a.desk.took(); !slices.Contains(got, "close 0") || !slices.Contains(got, "drop 0") {
		r.Errorf("it did %v", got)
	}
}

func clocks(r *room) {
	r.ahead.Store(int64(5 * time.Minute))
	a := r.node("a")
	r.pass(time.Second)
	if off := time.Until(a.Now()); off != 5*time.Minute {
		r.Errorf("its clock is %v before the machine's, want 5m", off)
	}
	before := a.Now()
	r.ahead.Store(int64(4 * time.Minute)) // another database took over, with another clock
	r.pass(4 * time.Second)
	if now := a.Now(); now.Before(before) {
		r.Errorf("time fell from %v to %v", before, now)
	}
	r.pass(2 * time.Minute)
	if off := time.Until(a.Now()); off != 4*time.Minute {
		r.Errorf("its clock is %v before the machine's, want 4m", off)
	}
	r.serves(a, 0, 1, 2, 3)
}

func owners(r *room) {
	a := r.node("a")
	if _, ok := a.Owner(0); ok {
		r.Error("somebody owns a partition before the first look")
	}
	r.pass(time.Second)
	if n, ok := a.Owner(3); !ok || n.Name != "a" {
		r.Errorf("partition 3 belongs to %v", n)
	}
	if _, ok := a.Owner(4); ok {
		r.Error("somebody owns a partition that does not exist")
	}
	r.registry.Join(r.Context(), nodes.Node{ID: "z", Name: "z", Address: "z"}, time.Hour)
	r.registry.Release(r.Context(), a.node.ID, 3, 1)
	r.registry.Take(r.Context(), "z", []int{3})
	if n, _ := a.Owner(3); n.Name != "a" {
		r.Errorf("without a look partition 3 belongs to %v", n)
	}
	if err := a.Look(r.Context()); err != nil {
		r.Fatal(err)
	}
	if n, _ := a.Owner(3); n.Name != "z" {
		r.Errorf("partition 3 belongs to %v, want z", n)
	}
	a.desk.took()
	r.pass(3 * time.Second)
	r.serves(a, 0, 1, 2)
	if got := a.desk.took(); !slices.Equal(got, []string{"drop 3"}) {
		r.Errorf("when another node has a partition, it did %v", got)
	}
	old := *a.seen.Load()
	old.Partitions = nil
	if a.see(old.View, old.sent-1); len(a.seen.Load().Partitions) != 4 {
		r.Error("a view that was asked for earlier replaces a later one")
	}
	if all := a.Others(); len(all) != 1 || all[0].Name != "z" {
		r.Errorf("others: %v", all)
	}
}

func noticed(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	asked := a.line.asked.Load()
	a.Hear(Notice{Commands: true})
	synctest.Wait()
	if a.line.asked.Load() != asked {
		r.Error("it looked, though no partition was released")
	}
	a.Hear(Notice{Released: []int{1}})
	synctest.Wait()
	if a.line.asked.Load() != asked+1 {
		r.Error("it did not look")
	}
}

func lateOpening(r *room) {
	opens := make(chan struct{})
	var ended []bool // by opening of partition 1: it was told to end
	a := r.node("a", func(m *member) {
		m.desk.open = func(ctx context.Context, p nodes.Partition) error {
			if p.Number == 1 {
				<-opens // as if it did not see that ctx ended
				ended = append(ended, ctx.Err() != nil)
			}
			return nil
		}
	})
	r.pass(time.Second)
	a.line.cut.Store(true)
	r.pass(10 * time.Second)
	a.line.cut.Store(false)
	r.pass(12 * time.Second)
	r.serves(a, 0, 2, 3)
	a.desk.took()
	close(opens)
	r.pass(time.Second)
	r.serves(a, 0, 1, 2, 3)
	if got := a.desk.took(); !slices.Equal(got, []string{"drop 1", "open 1"}) || !slices.Equal(ended, []bool{true, false}) {
		r.Errorf("then it did %v; told to end: %v", got, ended)
	}
}

func rejoins(r *room) {
	a := r.node("a")
	r.pass(time.Second)
	r.registry.Leave(r.Context(), a.node.ID) // as if another node had found it dead
	r.pass(4 * time.Second)
	r.serves(a, 0, 1, 2, 3)
	if e, _ := a.Epoch(0); e != 2 {
		r.Errorf("epoch %d, want 2", e)
	}
}
