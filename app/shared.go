package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/audience"
	"nudge/cluster"
	"nudge/engine"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
	"nudge/store/postgres"
)

const (
	defaultShared = 16                    // partitions of a new store in a database; `partitions` says otherwise, and only a move changes it
	awaitEvery    = 20 * time.Millisecond // how often a start looks whether all partitions are served
	awaitShown    = 5 * time.Second       // how often it says what it waits for
	peerGrace     = 2 * time.Second       // how long a stop waits for what other nodes have asked for; then it is cut off
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
	identity *cluster.Identity
	keeper   *cluster.Keeper
	client   *cluster.Client
	stopping atomic.Bool

	leading sync.Mutex // guards lead
	lead    *lead      // nil: another node has the first partition
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
	if of, err := s.db.ProjectOf(ctx, i.project.Name); err != nil {
		return nil, failed(err)
	} else if of != i.project.Name {
		return nil, wrongInput(fmt.Errorf("the store in %s is that of the project %q, and nudge.yaml says `project: %s`; each project has a database of its own. "+
			"If the project was renamed, change it there, too: UPDATE nudge.store SET project = '…'", s.db.Where(), of, i.project.Name))
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
	if err := s.join(registry); err != nil {
		return nil, err
	}
	if err := i.startSharedRunner(s, stores, registry); err != nil {
		return nil, err
	}
	s.servePeers()
	return s, nil
}

// join gets ready for a lease, and for talking to other nodes.
func (s *shared) join(registry *prometheus.Registry) error {
	i, settings := s.i, &s.i.project.Settings
	metrics := cluster.NewMetrics()
	size := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "nudge_store_file_bytes", Help: "How large the store is: its files, or its tables in the database."}, s.size)
	if err := errors.Join(metrics.Register(registry), registry.Register(size)); err != nil {
		return failed(err)
	}
	var err error
	if s.identity, err = cluster.NewIdentity(s.seed.Installation().String(), s.seed.Secret()); err != nil {
		return failed(err)
	}
	s.keeper = cluster.NewKeeper(cluster.Config{
		Registry: s.db.Registry(), Parts: s, Name: s.name, Address: s.address(&settings.Cluster), Level: store.Format, Term: settings.Cluster.Lease,
		Tell: func(n cluster.Notice) { s.client.Tell(n) }, Metrics: metrics, Log: i.log,
	})
	s.client = cluster.NewClient(cluster.ClientConfig{Identity: s.identity, Directory: s.keeper, Metrics: metrics, Log: i.log})
	i.push("the way to other nodes", func() error { s.client.Close(); return nil })
	i.config.Clock = s.keeper
	if speed := settings.Speed; speed != 1 && speed != 0 {
		i.config.Clock = fastClock{s.keeper, s.seed.Made, speed}
	}
	return nil
}

// servePeers answers other nodes.
func (s *shared) servePeers() {
	peers := cluster.NewServer(cluster.ServerConfig{Identity: s.identity, Directory: s.keeper, Local: s.i.runner, Hear: s.hear, API: http.HandlerFunc(s.answerForwarded), Log: s.i.log})
	go func() { // ends when the server is shut down
		if err := peers.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.i.fail("the listener for other nodes", err)
		}
	}()
	s.i.push("the listener for other nodes", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), peerGrace)
		defer cancel()
		if err := peers.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) { // then the rest is cut off; its callers ask another node
			return err
		}
		return nil
	})
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

// missing says which partitions no node serves, as this one knows; empty for none.
func (s *shared) missing() string {
	var all []int
	own := 0
	for n := range s.slots {
		o, served := s.keeper.Owner(n)
		switch {
		case s.keeper.Holds(n) && s.i.runner.Serves(n):
			own++
		case !served || o.Address == s.address(&s.i.project.Settings.Cluster): // of an earlier start
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprint(all)
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
	i.audiences = audience.Share(i.audienceSources(s.pages()), len(stores), s.db.Shelf())
	config, err := i.runnerConfig(registry)
	if err != nil {
		return err
	}
	if i.runner, err = runner.NewShared(stores, cluster.Elsewhere{Client: s.client, Keeper: s.keeper}, config); err != nil {
		return failed(err)
	}
	i.run()
	return nil
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
