package cluster

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
	"nudge/store/nodes"
)

// town is nodes as they are in production, but for the database, the network and the time: keeper, runner, server and client.
type town struct {
	*testing.T
	registry *nodes.Memory
	kv       []*memory.KV
	mu       sync.Mutex
	posted   map[channels.Ref]int
	all      []*process
	live     map[net.Conn]string // connections, with the address of the side that dialled
}

// process is one of the nodes.
type process struct {
	town    *town
	address string
	keeper  *Keeper
	runner  *runner.Runner
	client  *Client
	line    *line
	come    chan net.Conn
	over    chan struct{}
	once    sync.Once
	cut     bool // no other node reaches it, and it reaches none; guarded by town.mu
	gone    bool // it was stopped; likewise
	stop    func()
}

const townPartitions = 8

func newTown(t *testing.T) *town {
	w := &town{T: t, registry: nodes.NewMemory(time.Now), posted: map[channels.Ref]int{}, live: map[net.Conn]string{}}
	w.registry.Make(townPartitions)
	for n := range townPartitions {
		w.kv = append(w.kv, new(memory.KV))
		if err := store.CreatePartition(w.kv[n], engine.Installation{1, 2, 3, 0, 5}, engine.Partition{Number: n, Of: townPartitions}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// Send notes what is posted. It takes a while.
func (p *process) Send(_ context.Context, m channels.Message) channels.Result {
	w := p.town
	run, err := engine.ParseRunID(m.Ref.Run)
	if err != nil || !p.keeper.Holds(run.Partition()) {
		w.Errorf("node %s posts a message of partition %d, which it does not hold: %v", p.address, run.Partition(), err)
	}
	w.mu.Lock()
	w.posted[m.Ref]++
	w.mu.Unlock()
	time.Sleep(time.Duration(crc32.ChecksumIEEE([]byte(m.To))%4000) * time.Millisecond)
	return channels.Result{Outcome: channels.Accepted, ProviderID: "m"}
}

// fence is the records of a partition as the database keeps them: one that is another node's is not written.
type fence struct {
	store.KV
	p *process
	nodes.Partition
}

func (f fence) Update(do func(store.Writer) error) error {
	if f.p.line.cut.Load() {
		return errors.New("connection refused")
	}
	return f.KV.Update(func(tx store.Writer) error {
		v, err := f.p.town.registry.View(context.Background())
		if p := v.Partitions[f.Number]; err != nil || p.Owner != f.Owner || p.Epoch != f.Epoch {
			return nodes.ErrNotOwner
		}
		return do(tx)
	})
}

// A process is what its keeper opens and closes partitions by.

func (p *process) Open(ctx context.Context, at nodes.Partition) error {
	s, err := store.Open(fence{p.town.kv[at.Number], p, at})
	if err != nil {
		return err
	}
	core, err := s.Engine()
	if err != nil {
		return err
	}
	return p.runner.Open(ctx, at.Number, runner.Part{Store: s, Core: core})
}

func (p *process) Close(ctx context.Context, n int) error { return p.runner.Close(ctx, n) }
func (p *process) Drop(n int)                             { p.runner.Drop(n) }

// The network: each process is a listener of it.

func (p *process) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *process) listener() net.Listener { return townListener{p} }

type townListener struct{ *process }

func (l townListener) Close() error   { l.once.Do(func() { close(l.over) }); return nil }
func (l townListener) Addr() net.Addr { return &net.UnixAddr{Name: l.address} }

func (p *process) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w := p.town
	w.mu.Lock()
	i := slices.IndexFunc(w.all, func(o *process) bool { return o.address == address })
	if p.cut || i < 0 || w.all[i].cut {
		w.mu.Unlock()
		return nil, errors.New("no route to host")
	}
	other := w.all[i]
	here, there := net.Pipe()
	w.live[here], w.live[there] = p.address, address
	w.mu.Unlock()
	select {
	case other.come <- there:
		return here, nil
	case <-other.over:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// isolate cuts a process from the database and from all nodes, or connects it again.
func (w *town) isolate(p *process, cut bool) {
	p.line.cut.Store(cut)
	w.mu.Lock()
	defer w.mu.Unlock()
	p.cut = cut
	for c, by := range w.live {
		if cut && by == p.address {
			c.Close()
			delete(w.live, c)
		}
	}
}

// start starts a node.
func (w *town) start() *process {
	w.Helper()
	p := &process{town: w, address: fmt.Sprintf("10.0.0.%d:1", len(w.all)), line: &line{Memory: w.registry}, come: make(chan net.Conn), over: make(chan struct{})}
	id := identity(w.T, "s", secret)
	id.connect = p.dial
	began := time.Now()
	p.keeper = newKeeper(Config{Registry: p.line, Parts: p, Name: p.address, Address: p.address, Tell: func(n Notice) { p.client.Tell(n) }},
		func() time.Duration { return time.Since(began) + time.Hour })
	p.client = NewClient(ClientConfig{Identity: id, Directory: p.keeper})
	var readers []*store.Store
	for _, kv := range w.kv {
		s, err := store.Open(kv)
		if err != nil {
			w.Fatal(err)
		}
		readers = append(readers, s)
	}
	var err error
	p.runner, err = runner.NewShared(readers, Elsewhere{p.client, p.keeper}, runner.Config{Channel: p, Clock: p.keeper, Senders: 2})
	if err != nil {
		w.Fatal(err)
	}
	server := NewServer(ServerConfig{Identity: id, Directory: p.keeper, Local: p.runner, Hear: func(n Notice) {
		if p.keeper.Hear(n); n.Commands {
			p.runner.LookForCommands()
		}
	}})
	w.mu.Lock()
	w.all = append(w.all, p)
	w.mu.Unlock()
	var work sync.WaitGroup
	keeping, stopKeeping := context.WithCancel(context.Background())
	running, stopRunning := context.WithCancel(context.Background())
	kept := make(chan struct{})
	work.Go(func() {
		if err := p.runner.Run(running); err != nil {
			w.Errorf("node %s: %v", p.address, err)
		}
	})
	go func() { defer close(kept); p.keeper.Run(keeping) }()
	work.Go(func() { server.Serve(p.listener()) })
	p.stop = sync.OnceFunc(func() {
		stopKeeping()
		<-kept
		stopRunning()
		server.Shutdown(context.Background())
		work.Wait()
		p.client.Close()
	})
	return p
}

// leaves stops a node in order.
func (w *town) leaves(p *process) {
	w.mu.Lock()
	p.gone = true
	w.mu.Unlock()
	p.stop()
}

// insist gives inputs, which have IDs, to any node until one answers.
func (w *town) insist(dice *rand.Rand, in *engine.Input) {
	for range 300 {
		w.mu.Lock()
		p := w.all[dice.IntN(len(w.all))]
		gone := p.gone
		w.mu.Unlock()
		if gone {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		answers, err := p.runner.Submit(ctx, in)
		cancel()
		if err == nil {
			if r := answers[0].Refused; r != nil {
				w.Errorf("%s was refused: %+v", in.ID, r)
			}
			return
		}
		time.Sleep(time.Second)
	}
	w.Errorf("nobody takes %s", in.ID)
}

// TestWhole plays nodes that stop, start, and lose the database and each other, while clients send events to any of them. What was
// answered has happened, once, and no attempt is posted twice.
func TestWhole(t *testing.T) {
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) { newTown(t).play(seed) })
	}
}

const hello = "flow: relay\ntrigger: { event: told, to: event.to }\nsteps: [ { send: { body: hello } }, { wait: 1d } ]\n"

func (w *town) play(seed uint64) {
	for range 3 {
		w.start()
	}
	time.Sleep(20 * time.Second)
	project, list := flows.Load(fstest.MapFS{"flows/relay.yaml": {Data: []byte(hello)}})
	if list.HasErrors() {
		w.Fatal(list)
	}
	w.insist(rand.New(rand.NewPCG(seed, 0)), &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	const people, events = 4, 40
	var clients sync.WaitGroup
	for n := range uint64(people) {
		clients.Go(func() {
			dice := rand.New(rand.NewPCG(seed, n+1))
			for i := range events {
				to := fmt.Sprintf("c%d-%d", n, i)
				w.insist(dice, &engine.Input{ID: to, Payload: &engine.Event{Type: "told", Profile: fmt.Sprint("c", n), Data: fmt.Appendf(nil, `{"to":%q}`, to)}})
				time.Sleep(time.Duration(dice.IntN(3500)) * time.Millisecond)
			}
		})
	}
	w.trouble(rand.New(rand.NewPCG(seed, 99)))
	clients.Wait()
	time.Sleep(3 * time.Minute)
	w.judge(people, events)
	for _, p := range w.all {
		p.stop()
	}
}

// trouble makes things go wrong for a while.
func (w *town) trouble(dice *rand.Rand) {
	for range 8 {
		p := w.all[dice.IntN(len(w.all))]
		switch what := dice.IntN(3); {
		case p.gone || what == 0 && len(w.all) < 6:
			w.start()
		case what == 0:
		case what == 1 && len(w.all) > 3:
			w.leaves(p)
		case dice.IntN(2) == 0: // its keeper stands still, and nothing else of it
			until := make(chan struct{})
			p.line.deaf.Store(&until)
			time.Sleep(time.Duration(dice.IntN(25000)) * time.Millisecond)
			p.line.deaf.Store(nil)
			close(until)
		default:
			w.isolate(p, true)
			time.Sleep(time.Duration(dice.IntN(20000)) * time.Millisecond)
			w.isolate(p, false)
		}
		time.Sleep(time.Duration(dice.IntN(15000)) * time.Millisecond)
	}
	if !slices.ContainsFunc(w.all, func(p *process) bool { return !p.gone }) {
		w.start()
	}
}

func (w *town) judge(people, events int) {
	for n := range people {
		for i := range events {
			to := fmt.Sprintf("c%d-%d", n, i)
			s, err := store.Open(w.kv[engine.PartitionOf(to, townPartitions)])
			if err != nil {
				w.Fatal(err)
			}
			page, err := s.List(store.Query{RunFilter: store.RunFilter{Profile: to}, Limit: 10})
			if err != nil || len(page.Runs) != 1 {
				w.Errorf("%s has %d runs, want 1: %v", to, len(page.Runs), err)
				continue
			}
			if m := page.Runs[0].Message(1); m == nil || m.Status != engine.Accepted && m.Status != engine.Unknown {
				w.Errorf("the message to %s: %+v", to, m)
			}
		}
	}
	for ref, n := range w.posted {
		if n > 1 {
			w.Errorf("attempt %d of message %d of %s was posted %d times", ref.Attempt, ref.Message, ref.Run, n)
		}
	}
	served := 0
	for _, p := range w.all {
		for n := range townPartitions {
			if p.keeper.Holds(n) {
				served++
			}
		}
	}
	if served != townPartitions {
		w.Errorf("%d partitions are served, want %d", served, townPartitions)
	}
}
