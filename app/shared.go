package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/cluster"
	"nudge/engine"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
	"nudge/store/nodes"
	"nudge/store/postgres"
)

const (
	defaultShared = 16                    // partitions of a new store in a database, unless nudge.yaml says how many
	awaitEvery    = 20 * time.Millisecond // how often a start looks whether all partitions are served
	awaitShown    = 5 * time.Second       // how often it says what it waits for
	peerGrace     = 2 * time.Second       // how long a stop waits for what other nodes have asked for
)

// shared is what an instance has besides if several nodes have its store together: this node's lease and partitions, and the way
// to the other nodes.
type shared struct {
	i        *Instance
	db       *postgres.Database
	seed     postgres.Seed
	slots    []*slot
	name     string
	listener net.Listener
	keeper   *cluster.Keeper
	client   *cluster.Client
	stopping atomic.Bool

	leading sync.Mutex // guards lead
	lead    *lead      // nil: another node has the first partition
}

// slot is the records of one partition for those who only read, and, while this node has it, for those who write beside its loop.
type slot struct {
	store.KV // to be read, whoever has it
	own      atomic.Pointer[store.KV]
}

// ViewTogether reads partitions of one database at one instant.
func (s *slot) ViewTogether(all []store.KV, f func([]store.Reader) error) (possible bool, err error) {
	together, can := s.KV.(interface {
		ViewTogether([]store.KV, func([]store.Reader) error) (bool, error)
	})
	if !can {
		return false, nil
	}
	plain := make([]store.KV, len(all))
	for n, kv := range all {
		one, isSlot := kv.(*slot)
		if !isSlot {
			return false, nil
		}
		plain[n] = one.KV
	}
	return together.ViewTogether(plain, f)
}

// Update writes if this node has the partition.
func (s *slot) Update(f func(store.Writer) error) error {
	own := s.own.Load()
	if own == nil {
		return runner.ErrElsewhere
	}
	return (*own).Update(f)
}

// openShared connects to the database, makes the tables of a new store, and gets ready to have partitions.
func (i *Instance) openShared(ctx context.Context, registry *prometheus.Registry) (*shared, error) {
	settings := &i.project.Settings
	s := &shared{i: i, name: settings.Cluster.Name}
	if s.name == "" {
		s.name, _ = os.Hostname()
	}
	var err error
	if s.db, err = postgres.Open(ctx, settings.Store, i.log); err != nil {
		return nil, failed(err)
	}
	i.push("the database", func() error { s.db.Close(); return nil })
	if err := s.make(ctx, settings.Partitions); err != nil {
		return nil, err
	}
	if s.seed, err = s.db.Seed(ctx); err == nil {
		err = s.fill(ctx)
	}
	if err != nil {
		return nil, failed(err)
	}
	var stores []*store.Store
	for n := range s.db.Partitions() {
		s.slots = append(s.slots, &slot{KV: s.db.Reader(n)})
		stores = append(stores, store.View(s.slots[n]))
	}
	i.store = store.Join(stores)
	if err := refuseMoved(i.store); err != nil {
		return nil, err
	}
	if err := s.listen(ctx, &settings.Cluster); err != nil {
		return nil, failed(err)
	}
	metrics := cluster.NewMetrics()
	size := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "nudge_store_file_bytes", Help: "How large the store is: its files, or its tables in the database."}, s.size)
	if err := errors.Join(metrics.Register(registry), registry.Register(size)); err != nil {
		return nil, failed(err)
	}
	identity, err := cluster.NewIdentity(s.seed.Installation().String(), s.seed.Secret())
	if err != nil {
		return nil, failed(err)
	}
	s.keeper = cluster.NewKeeper(cluster.Config{
		Registry: s.db.Registry(), Parts: s, Name: s.name, Address: s.address(&settings.Cluster), Level: store.Format, Term: settings.Cluster.Lease,
		Tell: func(n cluster.Notice) { s.client.Tell(n) }, Metrics: metrics, Log: i.log,
	})
	s.client = cluster.NewClient(cluster.ClientConfig{Identity: identity, Directory: s.keeper, Metrics: metrics, Log: i.log})
	i.push("the way to other nodes", func() error { s.client.Close(); return nil })
	i.config.Clock = nodeClock{s.keeper, s.seed.Made, cmp.Or(settings.Speed, 1)}
	if err := i.startSharedRunner(s, stores, registry); err != nil {
		return nil, err
	}
	peers := cluster.NewServer(cluster.ServerConfig{Identity: identity, Directory: s.keeper, Local: i.runner, Hear: s.hear, API: http.HandlerFunc(s.answerForwarded), Log: i.log})
	go func() { // ends when the server is shut down
		if err := peers.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			i.fail("the listener for other nodes", err)
		}
	}()
	i.push("the listener for other nodes", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), peerGrace)
		defer cancel()
		if err := peers.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) { // then the rest is cut off; its callers ask another node
			return err
		}
		return nil
	})
	return s, nil
}

// make makes the tables of a new store.
func (s *shared) make(ctx context.Context, wanted int) error {
	switch found := s.db.Partitions(); {
	case wanted == 1:
		return wrongInput(errors.New("a store in a database has 2 partitions or more; nudge.yaml says `partitions: 1`"))
	case found == 0:
		if wanted == 0 {
			wanted = defaultShared
		}
		return failed(s.db.Make(ctx, wanted))
	case wanted != 0 && wanted != found:
		return wrongInput(fmt.Errorf("the store in %s has %d partitions, and nudge.yaml says `partitions: %d`, which counts for a new store; write `partitions: %d`", s.db.Where(), found, wanted, found))
	}
	return nil
}

// fill makes the first records of each partition. Several nodes may do so at the same time: each makes what it can take.
func (s *shared) fill(ctx context.Context) error {
	registry, n := s.db.Registry(), s.db.Partitions()
	for {
		var missing []int
		for p := range n {
			there, err := store.Exists(s.db.Reader(p))
			if err != nil {
				return err
			}
			if !there {
				missing = append(missing, p)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		maker := nodes.Node{ID: nodes.ID(rand.Text()), Name: s.name + " (makes the store)", Level: store.Format}
		if err := registry.Join(ctx, maker, maxLease); err != nil {
			return err
		}
		got, err := registry.Take(ctx, maker.ID, missing)
		for _, p := range got {
			if err == nil {
				err = s.first(p, n)
			}
		}
		if err := errors.Join(err, registry.Leave(ctx, maker.ID)); err != nil {
			return err
		}
		if len(got) == 0 { // another node is at it
			time.Sleep(awaitEvery)
		}
	}
}

// first makes the first records of a partition that this node has, unless they are there.
func (s *shared) first(p nodes.Partition, of int) error {
	kv := s.db.Owned(p.Number, p.Owner, p.Epoch)
	there, err := store.Exists(kv)
	if err != nil || there {
		return err
	}
	return errors.Join(store.CreateSeeded(kv, s.seed.Installation(), engine.Partition{Number: p.Number, Of: of}, s.seed.AuditKey()), kv.Close())
}

// size is how many bytes the store takes; NaN while the database does not say.
func (s *shared) size() float64 {
	n, err := s.db.Size()
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}

// listen listens for other nodes.
func (s *shared) listen(ctx context.Context, settings *ClusterSettings) (err error) {
	at := settings.Listen
	if at == "" {
		host, err := s.db.LocalHost(ctx)
		if err != nil {
			return err
		}
		at = net.JoinHostPort(host, "0")
	}
	if s.listener, err = net.Listen("tcp", at); err != nil {
		return fmt.Errorf("listen for other nodes: %w", err)
	}
	s.i.push("the address for other nodes", func() error { return ignoreClosed(s.listener.Close()) })
	return nil
}

// address returns where other nodes reach this one.
func (s *shared) address(settings *ClusterSettings) string {
	if settings.Address != "" {
		return settings.Address
	}
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() { // it listens on every address
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return net.JoinHostPort(host, port)
}

// nodeClock is the clock of the database, as this node knows it. In load and crash tests it goes faster, since the store was made.
type nodeClock struct {
	keeper *cluster.Keeper
	from   time.Time
	speed  float64
}

// Now is the present instant.
func (c nodeClock) Now() time.Time {
	now := c.keeper.Now()
	if c.speed == 1 {
		return now
	}
	return c.from.Add(time.Duration(float64(now.Sub(c.from)) * c.speed))
}

// Wake returns a timer for the instant.
func (c nodeClock) Wake(at time.Time) *time.Timer {
	return runner.WakeIn(time.Duration(float64(at.Sub(c.Now())) / c.speed))
}

// start takes partitions, and returns once some node serves each of them.
func (s *shared) start(ctx context.Context) error {
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { // ends when stop cancels it
		defer close(ended)
		s.keeper.Run(running)
	}()
	stop := sync.OnceFunc(func() { s.stopping.Store(true); cancel(); <-ended })
	s.i.push("the partitions", func() error { stop(); return nil })
	shown := time.Now()
	for {
		missing := s.missing()
		if missing == "" {
			return nil
		}
		if time.Since(shown) > awaitShown {
			shown = time.Now()
			s.i.log.Info("waiting for the partitions", "not_served", missing)
		}
		select {
		case <-time.After(awaitEvery):
		case err := <-s.i.failure:
			return err
		case <-ctx.Done():
			return failed(fmt.Errorf("not all partitions are served by some node: %w", ctx.Err()))
		}
	}
}

// giveBackFirst makes a stop give the partitions back before anything else ends: requests that come meanwhile go to other nodes.
func (s *shared) giveBackFirst() {
	for n := len(s.i.stack) - 1; n >= 0; n-- {
		if p := s.i.stack[n]; p.name == "the partitions" {
			s.i.stack = append(s.i.stack, p)
			return
		}
	}
}

// missing says which partitions no node serves, as this one knows; empty for none.
func (s *shared) missing() string {
	var all []int
	own := 0
	for n := range s.slots {
		o, served := s.keeper.Owner(n)
		switch {
		case s.keeper.Holds(n) && s.i.runner.Serves(n):
			own++
		case !served || o.Address == s.listener.Addr().String():
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprint(all)
}

// Open takes a partition up.
func (s *shared) Open(ctx context.Context, p nodes.Partition) error {
	kv := s.db.Owned(p.Number, p.Owner, p.Epoch)
	own, err := store.Open(kv)
	if err == nil {
		err = own.NoteVersion(BuildOf().Version)
	}
	if err != nil {
		return err
	}
	core, err := own.Engine()
	if err != nil {
		return err
	}
	s.slots[p.Number].own.Store(&kv)
	if err := s.i.runner.Open(ctx, p.Number, runner.Part{Store: own, Core: core}); err != nil {
		s.slots[p.Number].own.Store(nil)
		return err
	}
	if p.Number == 0 {
		return s.takeLead()
	}
	return nil
}

// Close gives a partition back in order.
func (s *shared) Close(ctx context.Context, number int) error {
	if number == 0 {
		s.leaveLead()
	}
	err := s.i.runner.Close(ctx, number)
	s.slots[number].own.Store(nil)
	return err
}

// Drop ends a partition that is lost, at once.
func (s *shared) Drop(number int) {
	s.i.runner.Drop(number)
	s.slots[number].own.Store(nil)
	if number == 0 {
		go s.leaveLead() // its jobs may take a moment to end
	}
}

// hear takes what another node lets this one know.
func (s *shared) hear(n cluster.Notice) {
	if n.Commands {
		s.i.runner.LookForCommands()
	}
	s.keeper.Hear(n)
}

// First reports whether this node has the first partition.
func (s *shared) First() bool { return s.keeper.Holds(0) && s.i.runner.Serves(0) }

// Forward has the node with the first partition answer a request.
func (s *shared) Forward(w http.ResponseWriter, r *http.Request) error {
	return s.client.Proxy(w, r, 0)
}

// Ready returns why no more requests should come to this node; nil if they should.
func (s *shared) Ready() error {
	switch {
	case s.stopping.Load():
		return errors.New("the node is about to stop")
	case !s.keeper.Valid():
		return errors.New("the node has no lease: the database has not answered in time")
	}
	return nil
}

// answerForwarded answers a request that another node has passed on.
func (s *shared) answerForwarded(w http.ResponseWriter, r *http.Request) {
	srv := s.i.forwardee.Load()
	if srv == nil {
		http.Error(w, "the node is about to start", http.StatusServiceUnavailable)
		return
	}
	(*srv).ServeHTTP(w, r)
}

// Show returns all nodes and partitions.
func (s *shared) Show(ctx context.Context) (*server.ClusterShown, error) {
	v, err := s.db.Registry().View(ctx)
	if err != nil {
		return nil, err
	}
	shown := &server.ClusterShown{Node: s.name, At: engine.InstantOf(v.Now), Nodes: []server.NodeShown{}}
	has, names := map[nodes.ID]int{}, map[nodes.ID]string{}
	for _, n := range v.Nodes {
		names[n.ID] = n.Name
	}
	for _, p := range v.Partitions {
		if p.Owner != "" {
			has[p.Owner]++
		}
		shown.Partitions = append(shown.Partitions, server.PartitionShown{Partition: p.Number, Node: names[p.Owner], ID: string(p.Owner), Epoch: p.Epoch})
	}
	for _, n := range v.Nodes {
		state := "serves"
		switch {
		case n.Dead:
			state = "dead"
		case !v.Now.Before(n.Expires):
			state = "expired"
		}
		shown.Nodes = append(shown.Nodes, server.NodeShown{Name: n.Name, ID: string(n.ID), Address: n.Address, State: state, Since: engine.InstantOf(n.Began), Expires: engine.InstantOf(n.Expires), Level: n.Level, Partitions: has[n.ID]})
	}
	return shown, nil
}

// lead is the work of the node that has the first partition: jobs, the watched proposals, and moving runs to new versions.
type lead struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func (s *shared) takeLead() error {
	s.leading.Lock()
	defer s.leading.Unlock()
	if err := s.i.jobs.Open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &lead{cancel: cancel}
	l.work.Go(func() { s.i.migrations(ctx) })
	l.work.Go(func() { s.i.server.WatchProposals(ctx, s.i.config.Clock) })
	s.i.noteDeploy()
	s.lead = l
	return nil
}

func (s *shared) leaveLead() {
	s.leading.Lock()
	defer s.leading.Unlock()
	if s.lead == nil {
		return
	}
	s.lead.cancel()
	s.i.jobs.Close()
	s.lead.work.Wait()
	s.lead = nil
}

// jobFailed takes that the record of a job could not be written.
func (s *shared) jobFailed(err error) {
	s.i.log.Warn("the record of a job could not be written; the node that has the jobs next goes on with it", "error", err)
}

// startShared starts all that needs the store, which this node has together with others.
func (i *Instance) startShared(ctx context.Context, registry *prometheus.Registry) error {
	s, err := i.openShared(ctx, registry)
	if err != nil {
		return err
	}
	i.shared = s
	i.health.change(func(p *server.ProcessHealth) { p.Started = now() })
	if i.check, err = newStoreCheck(i.store, nil, registry, i.log); err != nil {
		return failed(err)
	}
	i.check.found = func(problems int) { i.health.change(func(p *server.ProcessHealth) { p.Damage = problems }) }
	if err := errors.Join(i.makeJobs(registry, s.jobFailed), i.openServer(registry)); err != nil {
		return failed(err)
	}
	forwardee := i.server.Forwarded()
	i.forwardee.Store(&forwardee)
	if err := i.startCourier(ownNotices{s}, registry); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	by := &engine.Actor{Name: "start"}
	if err := i.noteStart(ctx, by); err != nil {
		return err
	}
	if err := i.adoptShared(ctx, i.project, by); err != nil {
		return err
	}
	i.reloads.note(reloadLoaded)
	i.health.read(nil, nil)
	i.serve()
	go i.check.schedule(i.config.CheckEvery, s.First) // ends when Stop stops the checks
	i.push("the checks of the store", i.check.stop)
	s.giveBackFirst()
	return nil
}

// startSharedRunner starts the runner, which has no partitions yet.
func (i *Instance) startSharedRunner(s *shared, stores []*store.Store, registry *prometheus.Registry) error {
	dir, err := os.MkdirTemp("", "nudge-audiences-")
	if err != nil {
		return failed(err)
	}
	i.push("the folder in which audiences are frozen", func() error { return os.RemoveAll(dir) })
	folder, err := i.openAudiences(dir, len(stores))
	if err != nil {
		return failed(err)
	}
	i.audiences = folder.Share(s.db.Shelf())
	config, err := i.runnerConfig(registry)
	if err != nil {
		return err
	}
	var all []runner.Store
	for _, one := range stores {
		all = append(all, one)
	}
	if i.runner, err = runner.NewShared(all, cluster.Elsewhere{Client: s.client, Keeper: s.keeper}, config); err != nil {
		return failed(err)
	}
	i.run()
	return nil
}

// ownNotices are the notices of the partitions that this node has: it delivers those and no others.
type ownNotices struct{ s *shared }

func (o ownNotices) DueNotices(endpoint string, now engine.Instant, limit int) (due []*store.Notice, next engine.Instant, err error) {
	for n, part := range o.s.i.store.Parts() {
		if len(due) == limit || !o.s.i.runner.Serves(n) {
			continue
		}
		some, at, err := part.DueNotices(endpoint, now, limit-len(due))
		if err != nil {
			return nil, 0, err
		}
		due = append(due, some...)
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return due, next, nil
}

// adoptShared makes a project's flows the active ones, unless they were so before: a node that starts again with an old folder takes
// back nobody's deploy. What may go out is set only with the first deploy; after that by a reload, or by the API.
func (i *Instance) adoptShared(ctx context.Context, p *Project, by *engine.Actor) error {
	state, err := i.store.State()
	if err != nil {
		return failed(err)
	}
	ever, err := i.store.EverActive(versions(p.Flows))
	if err != nil {
		return failed(err)
	}
	first := len(state.Active) == 0
	switch {
	case !ever:
		if err := i.submit(ctx, &engine.Input{By: by, Payload: &engine.Deploy{Flows: p.Bundles(), Marks: p.Marks()}}); err != nil {
			return fmt.Errorf("deploy the flows: %w", err)
		}
		i.noteDeploy()
		i.log.Info("flows deployed", "flows", len(p.Flows))
	case !slices.Equal(versions(p.Flows), state.Active):
		i.log.Warn("the flows on the disk were active once, and others were deployed since: those stay; to go back, deploy by the API")
	}
	wanted := p.Settings.Outbound
	if wanted != nil && first && !holds(&state, wanted) {
		if err := i.submit(ctx, &engine.Input{By: by, Payload: wanted}); err != nil {
			return fmt.Errorf("set what may go out: %w", err)
		}
		i.log.Info("outbound mode set", "outbound", wanted.Outbound.String())
	}
	i.project = p
	i.served.Store(p)
	return nil
}
