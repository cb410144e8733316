package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

// cluster is several processes on the partitions of an installation in memory.
type cluster struct {
	*division
	processes []*process
	owner     []*process // by partition; guarded by owning
	owning    sync.RWMutex
	attempts  map[channels.Ref]int // how often each was posted; guarded by mu
	block     chan struct{}        // if there is one, a post waits until it is closed; guarded by mu
	senders   int                  // of each process; 0: 64
	batch     int                  // messages that a request takes; 0: one
	loading   func()               // called when a process reads what inputs need; may be nil
	silent    atomic.Bool          // answers of one process to another are lost
}

// BatchLimit makes the cluster a channel that may take several messages in a request.
func (c *cluster) BatchLimit() int { return max(c.batch, 1) }

// SendBatch notes what is posted.
func (c *cluster) SendBatch(ctx context.Context, all []channels.Message) (results []channels.Result) {
	for _, m := range all {
		results = append(results, c.Send(ctx, m))
	}
	return results
}

// watched is the store of a partition of which the test sees the reads.
type watched struct {
	*store.Store
	c *cluster
}

func (s watched) Load(n *engine.Needs) (*engine.Loaded, error) {
	if s.c.loading != nil {
		s.c.loading()
	}
	return s.Store.Load(n)
}

// process is one of them. It is also what its runner reaches the others by.
type process struct {
	c    *cluster
	r    *runner.Runner
	end  context.CancelFunc
	over chan error
	cut  bool // it reaches no other; guarded by owning
}

var _ runner.Elsewhere = (*process)(nil)

func newCluster(t *testing.T, partitions, processes int, edit ...func(*cluster)) *cluster {
	t.Helper()
	c := &cluster{division: newDivision(t, partitions), owner: make([]*process, partitions), attempts: map[channels.Ref]int{}}
	for _, f := range edit {
		f(c)
	}
	for range processes {
		c.join()
	}
	for n := range partitions {
		c.open(c.processes[n%processes], n)
	}
	return c
}

func (c *cluster) join() {
	c.t.Helper()
	p := &process{c: c, over: make(chan error, 1)}
	var stores []*store.Store
	for _, kv := range c.kv {
		stores = append(stores, must(c.t, kv))
	}
	var err error
	if p.r, err = runner.NewShared(stores, p, runner.Config{Channel: c, Senders: c.senders, Clock: exactClock{runner.RealClock()}}); err != nil {
		c.t.Fatal(err)
	}
	var ctx context.Context
	ctx, p.end = context.WithCancel(context.Background())
	go func() { p.over <- p.r.Run(ctx) }()
	c.processes = append(c.processes, p)
}

// open gives a partition to a process, which takes it up.
func (c *cluster) open(p *process, n int) {
	c.t.Helper()
	c.give(p, n)
	s, err := store.Open(fenced{c.kv[n], func() bool { return p.Has(n) }})
	if err != nil {
		c.t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := p.r.Open(c.t.Context(), n, runner.Part{Store: watched{s, c}, Core: core}); err != nil {
		c.t.Fatal(err)
	}
}

// give makes a process the owner of a partition; nil for nobody.
func (c *cluster) give(p *process, n int) {
	c.owning.Lock()
	defer c.owning.Unlock()
	c.owner[n] = p
}

// move moves a partition to another process: in order, or as when the lease of the one that has it has ended.
func (c *cluster) move(n int, to *process, inOrder bool) {
	c.t.Helper()
	from := c.owner[n]
	if from == to {
		return
	}
	if inOrder {
		if err := from.r.Close(c.t.Context(), n); err != nil {
			c.t.Fatal(err)
		}
		c.open(to, n)
		return
	}
	c.open(to, n)
	from.r.Drop(n)
}

func (c *cluster) stop() {
	for _, p := range c.processes {
		p.end()
		if err := <-p.over; err != nil {
			c.t.Error(err)
		}
	}
	for n, kv := range c.kv {
		if report, err := must(c.t, kv).Check(); err != nil || len(report.Problems) > 0 {
			c.t.Errorf("partition %d after the test: %v %q", n, err, report.Problems)
		}
	}
}

// Send notes what is posted.
func (c *cluster) Send(ctx context.Context, m channels.Message) channels.Result {
	c.mu.Lock()
	c.attempts[m.Ref]++
	block := c.block
	c.mu.Unlock()
	if block != nil {
		<-block
	}
	return c.division.Send(ctx, m)
}

// other returns the process that has a partition; nil for none that can be reached.
func (p *process) other(n int) *process {
	p.c.owning.RLock()
	defer p.c.owning.RUnlock()
	if p.cut || p.c.owner[n] == nil || p.c.owner[n].cut {
		return nil
	}
	return p.c.owner[n]
}

func (p *process) Submit(ctx context.Context, n int, groups [][]*engine.Input) ([]runner.Outcome, error) {
	o := p.other(n)
	if o == nil {
		return nil, runner.ErrElsewhere
	}
	outcomes, err := o.r.Apply(ctx, n, groups)
	if p.c.silent.Load() {
		return nil, errors.New("the answer is lost")
	}
	return outcomes, err
}

func (p *process) HandOver(ctx context.Context, to int, h *runner.Handover) (*runner.Taken, error) {
	o := p.other(to)
	if o == nil {
		return nil, runner.ErrElsewhere
	}
	return o.r.TakeHandover(ctx, to, h)
}

func (p *process) Has(n int) bool {
	p.c.owning.RLock()
	defer p.c.owning.RUnlock()
	return p.c.owner[n] == p
}

func (p *process) Ordered() {
	for _, o := range p.c.processes {
		o.r.LookForCommands()
	}
}

func (p *process) Lost(n int, err error) {
	if p.Has(n) {
		p.c.t.Errorf("the loop of partition %d ended: %v", n, err)
	}
}

// fenced is the records of a partition of which a process writes only while it has it.
type fenced struct {
	store.KV
	has func() bool
}

var errFence = errors.New("another process has the partition")

func (k fenced) Update(f func(store.Writer) error) error {
	return k.KV.Update(func(w store.Writer) error {
		if !k.has() {
			return errFence
		}
		return f(w)
	})
}

// insist sends inputs again, with their IDs, while nobody can say whether they were taken.
func insist(t *testing.T, r *runner.Runner, inputs ...*engine.Input) []engine.Answer {
	t.Helper()
	for {
		answers, err := r.Submit(t.Context(), inputs...)
		if err == nil {
			return answers
		}
		if !errors.Is(err, runner.ErrElsewhere) && !errors.Is(err, runner.ErrUnsure) {
			t.Error(err)
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// runsOf returns the runs of a person.
func (c *cluster) runsOf(profile string) []*engine.Run {
	c.t.Helper()
	page, err := must(c.t, c.kv[engine.PartitionOf(profile, len(c.kv))]).List(store.Query{RunFilter: store.RunFilter{Profile: profile}, Limit: 10})
	if err != nil {
		c.t.Fatal(err)
	}
	return page.Runs
}

// TestSharedAnswers holds that any process takes any input, and that its answer says what others made of it.
func TestSharedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 8, 3)
		give(t, c.processes[2].r, deployed(t, fstest.MapFS{"flows/relay.yaml": {Data: []byte(relayed)}}))
		for i := range 40 {
			answers := give(t, c.processes[i%3].r, relay("ann", fmt.Sprint("p", i)))
			if did := answers[0].Decisions; len(did) != 1 || did[0].Action != engine.DidStart || did[0].Run == "" || did[0].Follows() {
				t.Errorf("the answer about p%d is %+v", i, did)
			}
		}
		synctest.Wait()
		if n := len(c.sent()); n != 40 {
			t.Errorf("%d messages were sent, want 40", n)
		}
		c.stop()
	})
}

// TestSharedMoves holds that what was answered is there and nothing goes out twice, while partitions move all the time: some in
// order, and some because a lease has ended.
func TestSharedMoves(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 8, 3)
			give(t, c.processes[0].r, deployed(t, fstest.MapFS{"flows/relay.yaml": {Data: []byte(relayed)}}))
			random := rand.New(rand.NewPCG(seed, 1))
			var clients sync.WaitGroup
			for n := range 6 {
				clients.Go(func() {
					for i := range 40 {
						in := relay(fmt.Sprint("c", n), fmt.Sprintf("c%d-%d", n, i))
						in.ID = fmt.Sprintf("c%d-%d", n, i)
						insist(t, c.processes[(n+i)%3].r, in)
						time.Sleep(time.Duration(1+n) * time.Millisecond)
					}
				})
			}
			for range 60 {
				c.move(random.IntN(8), c.processes[random.IntN(3)], random.IntN(2) == 0)
				time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			}
			clients.Wait()
			time.Sleep(time.Minute)
			for n := range 6 {
				for i := range 40 {
					runs := c.runsOf(fmt.Sprintf("c%d-%d", n, i))
					if len(runs) != 1 {
						t.Fatalf("seed %d: c%d-%d has %d runs, want 1", seed, n, i, len(runs))
					}
					if m := runs[0].Message(1); m.Status != engine.Accepted && m.Status != engine.Unknown {
						t.Errorf("seed %d: the message to c%d-%d is %s", seed, n, i, m.Status)
					}
				}
			}
			for ref, n := range c.attempts {
				if n > 1 {
					t.Errorf("seed %d: attempt %d of message %d of %s was posted %d times", seed, ref.Attempt, ref.Message, ref.Run, n)
				}
			}
			c.stop()
		})
	}
}

// TestSharedResults holds that the process which has a partition now hears what became of the messages that the last one had
// under way: one that was posted, and those that were not.
func TestSharedResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1, 2)
		give(t, c.processes[0].r, deploy(t))
		block := make(chan struct{})
		c.mu.Lock()
		c.block = block
		c.mu.Unlock()
		for i := range 3 {
			give(t, c.processes[0].r, told(fmt.Sprint("p", i)))
		}
		synctest.Wait()
		c.move(0, c.processes[1], false)
		if m := c.runsOf("p0")[0].Message(1); m.Status != engine.Unknown {
			t.Errorf("after the move the message is %s, want unknown", m.Status)
		}
		close(block)
		time.Sleep(time.Second)
		for i := range 3 {
			if m := c.runsOf(fmt.Sprint("p", i))[0].Message(1); m.Status != engine.Accepted {
				t.Errorf("once its post has ended the message to p%d is %s, want accepted", i, m.Status)
			}
		}
		c.stop()
	})
}

// TestSharedLastLook holds that a message which was claimed does not go out any more once another process may have its partition,
// even if this process has not noticed.
func TestSharedLastLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		c := newCluster(t, 1, 2, func(c *cluster) { c.senders, c.batch, c.block = 1, 10, block })
		give(t, c.processes[0].r, deploy(t))
		for i := range 20 {
			give(t, c.processes[0].r, told(fmt.Sprint("p", i)))
			synctest.Wait() // the first one goes out alone
		}
		c.give(nil, 0)
		close(block)
		time.Sleep(time.Minute)
		if sent := c.sent(); len(sent) != 1 {
			t.Errorf("%d messages went out, want the one whose request was under way", len(sent))
		}
		c.processes[0].r.Drop(0)
		c.open(c.processes[1], 0)
		time.Sleep(time.Minute)
		if sent := c.sent(); len(sent) != 20 {
			t.Errorf("once another process has the partition, %d messages were sent, want 20", len(sent))
		}
		for i := range 20 {
			if m := c.runsOf(fmt.Sprint("p", i))[0].Message(1); m.Status != engine.Accepted {
				t.Errorf("the message to p%d is %s, want accepted", i, m.Status)
			}
		}
		c.stop()
	})
}

// TestSharedReturnedTwice holds that a message goes out once, although the process that has its partition hears again and again that an earlier
// process did not post it.
func TestSharedReturnedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := make(chan struct{}), make(chan struct{})
		c := newCluster(t, 1, 2, func(c *cluster) { c.senders, c.batch, c.block = 1, 10, first })
		give(t, c.processes[0].r, deploy(t))
		for i := range 10 {
			give(t, c.processes[0].r, told(fmt.Sprint("p", i)))
			synctest.Wait() // the first one goes out alone
		}
		c.give(nil, 0)
		c.mu.Lock()
		c.block = second
		c.mu.Unlock()
		close(first)
		c.silent.Store(true)
		time.Sleep(time.Second)
		c.processes[0].r.Drop(0)
		c.open(c.processes[1], 0)
		time.Sleep(time.Minute) // its posts do not end meanwhile
		c.silent.Store(false)
		time.Sleep(time.Minute)
		close(second)
		time.Sleep(time.Minute)
		if n := len(c.sent()); n != 10 {
			t.Errorf("%d messages were sent, want 10", n)
		}
		for ref, n := range c.attempts {
			if n != 1 {
				t.Errorf("%v went out %d times", ref, n)
			}
		}
		c.stop()
	})
}

// TestSharedResultOfLostStep holds that what became of a message is not lost with the step that heard of it.
func TestSharedResultOfLostStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		c := newCluster(t, 1, 2, func(c *cluster) { c.block = block })
		give(t, c.processes[0].r, deploy(t))
		give(t, c.processes[0].r, told("ann"))
		synctest.Wait()
		c.loading = sync.OnceFunc(func() { c.give(nil, 0) })
		close(block)
		time.Sleep(time.Second)
		c.open(c.processes[1], 0)
		time.Sleep(time.Minute)
		if m := c.runsOf("ann")[0].Message(1); m.Status != engine.Accepted {
			t.Errorf("the message is %s, want accepted", m.Status)
		}
		c.stop()
	})
}

// TestSharedStaleAnswer holds that a process does not answer from what it has read when another one may have the partition by
// then, even if it has nothing to commit.
func TestSharedStaleAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1, 2)
		give(t, c.processes[0].r, deploy(t))
		in := told("ann")
		in.ID = "event 1"
		for range 2 { // the second time it is noted that it came again, which is not done twice in a second
			give(t, c.processes[0].r, in)
		}
		synctest.Wait()
		c.loading = sync.OnceFunc(func() { c.give(nil, 0) })
		if answers, err := c.processes[0].r.Submit(t.Context(), in); !errors.Is(err, runner.ErrUnsure) {
			t.Errorf("an event that came again while the partition was lost is answered %+v, %v; want %v", answers, err, runner.ErrUnsure)
		}
		c.stop()
	})
}

// TestSharedKill holds that the kill switch is answered when no process claims a message any more, whichever took it, and that a
// partition which nobody has then obeys it before it claims anything.
func TestSharedKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 4, 3)
		give(t, c.processes[0].r, deploy(t))
		if err := c.processes[1].r.Close(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		c.give(nil, 1)
		answered := make(chan struct{})
		kill := true
		go func() {
			defer close(answered)
			insist(t, c.processes[2].r, &engine.Input{Payload: &engine.Control{Kill: &kill}})
		}()
		time.Sleep(5 * time.Second)
		select {
		case <-answered:
			t.Error("the kill switch is answered before all partitions have it")
		default:
		}
		c.open(c.processes[2], 1)
		<-answered
		for i := range 12 {
			give(t, c.processes[i%3].r, told(fmt.Sprint("p", i)))
		}
		time.Sleep(time.Minute)
		if n := len(c.sent()); n != 0 {
			t.Errorf("after the kill switch %d messages were sent", n)
		}
		c.stop()
	})
}

// TestSharedOrder holds that nothing overtakes what was brought to another process before it and refused.
func TestSharedOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1, 2)
		give(t, c.processes[0].r, deploy(t))
		c.owning.Lock()
		c.processes[1].cut = true
		c.owning.Unlock()
		var tickets []*runner.Ticket
		for i := range 20 {
			ticket, err := c.processes[1].r.Begin(told(fmt.Sprint("p", i)))
			if err != nil {
				t.Fatal(err)
			}
			tickets = append(tickets, ticket)
			time.Sleep(time.Millisecond)
		}
		var failed []bool
		for i, ticket := range tickets {
			if i == 0 {
				c.owning.Lock()
				c.processes[1].cut = false
				c.owning.Unlock()
			}
			_, err := ticket.Wait(t.Context())
			failed = append(failed, err != nil)
		}
		if first := slices.Index(failed, true); first >= 0 && slices.Contains(failed[first:], false) {
			t.Errorf("of what was begun in order, refused were %v", failed)
		}
		c.stop()
	})
}
