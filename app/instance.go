package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"nudge/app/tracing"
	"nudge/audience"
	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/console"
	"nudge/engine"
	"nudge/runner"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/runner/notify"
	"nudge/server"
	"nudge/store"
	"nudge/store/backup"
	"nudge/store/bolt"
)

// Config is the configuration of an instance.
type Config struct {
	Project     *Project                 // required, without errors
	Dir         string                   // of the project, where relative paths of its settings begin
	DataDir     string                   // required
	Reload      func() (*Project, error) // reads the project again; nil: the instance cannot reload
	Listener    net.Listener             // of the API; required, and owned by the instance from then on
	Webhooks    net.Listener             // for webhooks only; may be nil
	Preferences net.Listener             // for the page of preferences only; nil: it is not served, and messages with a link to it are refused
	CheckEvery  time.Duration            // how often the store is checked while it is in use; 0: only on request
	Clock       runner.Clock             // nil: the clock from the settings
	CheckClock  bool                     // do not start when the clock says that nothing came for longer than anybody would believe
	Log         *slog.Logger             // required

	dev        *devTools     // of a project that runs against a sandbox; else nil
	patience   time.Duration // how long a stop waits for current requests; 0: shutdownPeriod
	engineStop time.Duration // and how long for the engine; 0: engineGrace
}

// Instance is a running engine: a store, a runner with its channels, and servers. Start
// starts it and Stop ends it. Every started part is pushed onto a stack, and Stop ends the
// parts in reverse order.
type Instance struct {
	config Config
	log    *slog.Logger
	store  *store.Store
	tap    *backup.Tap // between the store and its files
	held   *holding
	full   atomic.Bool // the disk of the store is nearly full
	runner *runner.Runner
	server *server.Server
	ended  chan struct{} // closed when the runner has ended

	tokens  atomic.Pointer[[]server.Token]
	origins atomic.Pointer[[]string]

	secondPerson atomic.Bool

	preferences atomic.Pointer[server.Preferences] // nil: there is no page
	spans       *tracing.Spans                     // nil: no traces are recorded
	pair        *keyPair                           // nil: the listeners speak HTTP without TLS
	check       *storeCheck
	audiences   audiences
	shared      *shared                      // nil: the store is files of this process alone
	forwardee   atomic.Pointer[http.Handler] // answers requests that other nodes pass on; nil: not yet
	jobs        *jobs.Manager
	bulk        *bulk.Bulk
	stack       []part

	courier  atomic.Pointer[notify.Courier] // tells other systems what happens; nil: there are none
	deployed chan struct{}                  // capacity 1: a deploy may have left runs to migrate

	failure chan error // capacity 1: the error that stops the instance
	stop    sync.Once
	stopErr error

	reloading sync.Mutex // guards project
	project   *Project
	reloads   *reloadMetrics
	health    health
	served    atomic.Pointer[Project] // as it was last loaded
}

// part is something that was started and has to be stopped.
type part struct {
	name string
	stop func() error
}

// Start builds an instance and returns once it serves. The ctx limits only the start. On
// an error, Start stops everything it has started.
func Start(ctx context.Context, config Config) (*Instance, error) {
	i := &Instance{config: config, log: config.Log, project: config.Project,
		deployed: make(chan struct{}, 1), failure: make(chan error, 1), reloads: newReloadMetrics()}
	if err := i.start(ctx); err != nil {
		return nil, errors.Join(err, i.Stop())
	}
	return i, nil
}

func (i *Instance) start(ctx context.Context) error {
	for _, l := range []net.Listener{i.config.Listener, i.config.Webhooks, i.config.Preferences} {
		if l != nil {
			i.push("the listener "+l.Addr().String(), func() error { return ignoreClosed(l.Close()) })
		}
	}
	if files := i.project.Settings.TLS; files != nil {
		var err error
		if i.pair, err = openKeyPair(files.in(i.config.Dir), i.log); err != nil {
			return err
		}
	}
	tokens, list := i.tokensOf(i.project)
	if list.HasErrors() {
		return wrongInput(list)
	}
	i.useTokens(tokens, i.project.Settings.Origins)
	i.secondPerson.Store(i.project.Settings.SecondPerson)
	if p := i.project.Settings.Preferences; p != nil && i.config.Preferences != nil {
		i.usePreferences(p)
	}
	if err := i.openSpans(ctx); err != nil {
		return err
	}
	registry := newRegistry()
	if err := errors.Join(i.reloads.register(registry), registry.Register(onDemand{i})); err != nil {
		return failed(err)
	}
	if i.project.Settings.Store != "" {
		return i.startShared(ctx, registry)
	}
	return i.startAlone(ctx, registry)
}

// startAlone starts all that needs the store, which is files of this process.
func (i *Instance) startAlone(ctx context.Context, registry *prometheus.Registry) error {
	parts, err := i.openStore(ctx, registry)
	if err != nil {
		return err
	}
	if err := i.startRunner(parts, registry); err != nil {
		return err
	}
	if err := i.reforget(ctx); err != nil {
		return err
	}
	by := &engine.Actor{Name: "start"}
	if err := i.noteStart(ctx, by); err != nil {
		return err
	}
	if err := i.adopt(ctx, i.project, by); err != nil {
		return err
	}
	i.reloads.note(reloadLoaded)
	i.health.read(nil, nil)
	i.startMigrations()
	if err := i.startJobs(registry); err != nil {
		return err
	}
	if err := i.openServer(registry); err != nil {
		return err
	}
	i.watchProposals(i.server)
	i.serve()
	go i.check.schedule(i.config.CheckEvery, nil)   // ends when Stop stops the checks
	i.push("the checks of the store", i.check.stop) // before the servers, which wait for those on request
	return nil
}

func (i *Instance) push(name string, stop func() error) { i.stack = append(i.stack, part{name, stop}) }

// openSpans starts to record traces, if the environment says so.
func (i *Instance) openSpans(ctx context.Context) (err error) {
	if i.spans, err = tracing.Open(ctx, i.log); i.spans != nil {
		i.push("the traces", func() error { i.spans.Stop(); return nil })
	}
	return failed(err)
}

// openStore opens the data folder and returns its partitions, with engines that continue from them.
func (i *Instance) openStore(ctx context.Context, registry *prometheus.Registry) ([]runner.Part, error) {
	wanted := i.project.Settings.Partitions
	files, err := bolt.OpenAll(i.config.DataDir, max(wanted, 1))
	if err != nil {
		return nil, failed(err)
	}
	if err := i.upgrade(ctx, files); err != nil {
		return nil, failed(errors.Join(err, files.Close()))
	}
	i.tap = backup.NewTap(files.KVs())
	all, err := store.OpenAll(i.tap.KVs())
	if err != nil {
		return nil, failed(err)
	}
	i.store = store.Join(all)
	i.push("the store", i.store.Close)
	if err := refuseMoved(i.store); err != nil {
		return nil, err
	}
	if err := i.store.NoteVersion(BuildOf().Version); err != nil {
		return nil, failed(err)
	}
	if wanted != 0 && wanted != len(files) {
		return nil, wrongInput(fmt.Errorf("the store in %s has %d partitions, and nudge.yaml says `partitions: %d`, which counts for a new store; "+
			"write `partitions: %d`, or begin with an empty data folder", i.config.DataDir, len(files), wanted, len(files)))
	}
	for _, kv := range files {
		if kv.OthersMayRead() {
			i.log.Warn("other users of this machine may read the store; chmod 600 keeps it to this one", "file", kv.Path())
		}
	}
	i.health.change(func(p *server.ProcessHealth) { p.Started, i.health.files = now(), files })
	i.watchStore(files)
	if err := measureStore(registry, files, i.tap.Followers); err != nil {
		return nil, failed(err)
	}
	if i.check, err = newStoreCheck(i.store, files.Release, registry, i.log); err != nil {
		return nil, failed(err)
	}
	i.check.found = func(problems int) {
		i.health.change(func(p *server.ProcessHealth) { p.Damage = problems })
	}
	state, err := i.store.State()
	if err != nil {
		return nil, failed(err)
	}
	if err := i.chooseClock(state.Stamp, registry); err != nil {
		return nil, failed(err)
	}
	if steered, ok := i.config.Clock.(*SteeredClock); ok {
		steered.JumpTo(state.Stamp.Time()) // it may have jumped before the last stop
	}
	if err := i.checkClock(state.Stamp); err != nil {
		return nil, err
	}
	return enginesOf(all)
}

// enginesOf returns the partitions with engines that continue from them.
func enginesOf(all []*store.Store) (parts []runner.Part, err error) {
	for _, s := range all {
		core, err := s.Engine()
		if err != nil {
			return nil, failed(err)
		}
		parts = append(parts, runner.Part{Store: s, Core: core})
	}
	return parts, nil
}

// upgrade upgrades a store of an older format, after a copy of its files.
func (i *Instance) upgrade(ctx context.Context, files bolt.Files) error {
	begun := false
	shown := time.Now()
	copies, err := files.Upgrade(ctx, func(done, whole int64) {
		if now := time.Now(); !begun || now.Sub(shown) >= upgradeShown {
			begun, shown = true, now
			i.log.Info("the store is copied before its upgrade", "megabytes", done>>20, "of", whole>>20)
		}
	})
	for _, path := range copies {
		i.log.Info("the store was upgraded; this copy can be removed once nobody goes back", "copy", path)
	}
	return err
}

// upgradeShown is how often the log says how far the copy before an upgrade is.
const upgradeShown = 5 * time.Second

// startRunner starts the runner of a store that this process has alone.
func (i *Instance) startRunner(parts []runner.Part, registry *prometheus.Registry) error {
	folder, err := i.openAudiences(filepath.Join(i.config.DataDir, audience.Dir), len(parts))
	if err != nil {
		return failed(err)
	}
	i.audiences = folder
	config, err := i.runnerConfig(registry)
	if err != nil {
		return err
	}
	if i.runner, err = runner.NewOf(parts, config); err != nil {
		return failed(err)
	}
	i.run()
	return i.startCourier(i.store, registry)
}

// runnerConfig opens the channels of the accounts, and all else that a runner needs beside the store.
func (i *Instance) runnerConfig(registry *prometheus.Registry) (config runner.Config, err error) {
	accounts, err := i.openAccounts()
	if err != nil {
		return config, err
	}
	fetcher := newFetcher(i.project.Settings.Fetch)
	i.push("the fetches", func() error { fetcher.Close(); return nil })
	if i.held, err = newHeld(i.store, i.fail); err != nil {
		return config, failed(err)
	}
	config = runner.Config{
		Accounts: accounts, Fetcher: heldFetcher{fetcher, i.held}, Clock: i.config.Clock, Log: i.log, Registry: registry,
		Audiences: i.audiences, Retention: i.project.Settings.Retained, Endpoints: endpointsOf(i.project.Settings.Endpoints), Noticed: i.wakeCourier,
		Tracer: i.spans.Tracer(),
	}
	if i.preferences.Load() != nil {
		config.Links = messageLinks{i}
	}
	return config, nil
}

// run lets the runner work until Stop ends it.
func (i *Instance) run() {
	running, cancel := context.WithCancel(context.Background())
	i.ended = make(chan struct{})
	go func() { // ends when Stop cancels it, or when the store fails
		defer close(i.ended)
		i.fail("the engine", i.runner.Run(running))
	}()
	i.push("the engine", func() error { cancel(); return i.awaitEngine() })
}

// engineGrace is how long a stop waits for the engine; then the process ends as by a crash, and the
// next start settles what was under way. It is the grace time of the posts under way, and as much
// as the largest inputs can take.
const engineGrace = 15 * time.Second

// errStands says that a stop could not wait for the engine.
var errStands = errors.New("it is still busy with one step; what it has not answered is not taken, and the next start settles the rest as after a crash")

// awaitEngine waits for the engine to end.
func (i *Instance) awaitEngine() error {
	select {
	case <-i.ended:
		return nil
	case <-time.After(cmp.Or(i.config.engineStop, engineGrace)):
		return errStands
	}
}

// openAccounts opens the channels of the accounts.
func (i *Instance) openAccounts() (all []runner.Account, err error) {
	for _, a := range i.project.Settings.Accounts {
		client, err := appmessaging.New(a.Config)
		if err != nil {
			return nil, wrongInput(err)
		}
		i.push("the channel "+a.Name, func() error { client.Close(); return nil })
		all = append(all, runner.Account{Name: a.Name, Channel: client, Senders: a.Senders, Batch: a.Batch, Rate: a.Rate, ByID: a.ByID, Verify: a.Verify})
	}
	return all, nil
}

// openServer makes the server, which does not listen yet.
func (i *Instance) openServer(registry *prometheus.Registry) error {
	config := server.Config{
		Runner: i.runner, Store: i.store, Deployed: i.noteDeploy, SecondPerson: i.needsSecond, Tokens: i.currentTokens, Origins: i.currentOrigins, Registry: registry, Log: i.log,
		Endpoints: namesOf(i.project.Settings.Endpoints),
		Audiences: i.audiences, Limits: i.project.Settings.Limits, Full: i.full.Load, CheckStore: i.check.run, Jobs: i.jobs, Bulk: i.bulk,
		Tracer: i.spans.Tracer(), Process: i.processHealth, Console: i.console,
		Project: func() server.ServedProject {
			p := i.served.Load()
			return server.ServedProject{Project: p.Project, Folder: p.Folder}
		},
	}
	if i.shared != nil {
		config.Cluster = i.shared
	} else {
		backups := &backups{i: i}
		config.BackUp, config.Follow = backups.backUp, backups.follow
	}
	if name := i.project.Settings.ForgottenList; name != "" {
		list := &forgotten{path: i.under(name), store: i.store, now: i.config.Clock.Now}
		if err := list.try(); err != nil {
			return err
		}
		config.Forgetting = list.note
	}
	if secrets := i.project.Settings.Secrets; len(secrets) > 0 {
		hooks := i.project.Settings.Webhooks
		config.Receivers = []channels.Receiver{appmessaging.Webhook{Secrets: secrets, MaxBody: hooks.MaxBody}}
		config.Profiles = hooks.Profiles
	}
	if i.config.Reload != nil {
		config.Reload = i.Reload
	}
	if i.preferences.Load() != nil {
		config.Preferences = i.preferences.Load
	}
	if i.config.dev != nil {
		i.config.dev.instance = i
		config.Dev = i.config.dev
	}
	var err error
	i.server, err = server.New(config)
	return failed(err)
}

// serve starts the servers on their listeners.
func (i *Instance) serve() {
	s := i.server
	i.listen("the API", s.Listener(i.config.Listener), s.Handler())
	i.push("what is followed live", func() error { s.EndLive(); return nil }) // before the server, which waits for requests
	if i.config.Webhooks != nil {
		i.listen("the webhooks", s.Listener(i.config.Webhooks), s.WebhookHandler())
	}
	if i.preferences.Load() != nil {
		i.listen("the page of preferences", s.Listener(i.config.Preferences), s.PreferencesHandler())
	}
}

// console makes the web console.
func (i *Instance) console(api http.Handler) (http.Handler, error) {
	c, err := console.New(console.Config{API: api, Now: i.config.Clock.Now, Log: i.log})
	if err != nil {
		return nil, err
	}
	return c.Handler(), nil
}

func (i *Instance) listen(name string, l net.Listener, h http.Handler) {
	s := newWebServer(withHeaders(h, i.pair != nil), i.log)
	if i.pair != nil {
		s.http.TLSConfig = i.pair.config()
	}
	if i.config.patience > 0 {
		s.patience = i.config.patience
	}
	go func() { // ends when Stop stops the server
		i.fail(name, s.serve(l))
	}()
	i.push(name, s.stop)
}

// fail records the error that stops the instance. Only the first error counts.
func (i *Instance) fail(name string, err error) {
	if err == nil {
		return
	}
	select {
	case i.failure <- failed(fmt.Errorf("%s failed: %w", name, err)):
	default:
	}
}

// Store returns the store of the instance. Stop closes it.
func (i *Instance) Store() *store.Store { return i.store }

// Ready returns nil if the instance takes requests, and otherwise why not, as `/-/ready` says it.
func (i *Instance) Ready() error { return i.server.Ready() }

// Standing returns how long the engine has been busy with one step by now.
func (i *Instance) Standing() time.Duration { return i.runner.Standing() }

// Failure delivers the error that prevents the instance from going on. The caller must
// then stop the instance.
func (i *Instance) Failure() <-chan error { return i.failure }

// URL returns the address of the API.
func (i *Instance) URL() string { return i.urlOf(i.config.Listener) }

// urlOf returns the address of one of the listeners.
func (i *Instance) urlOf(l net.Listener) string {
	if i.pair != nil {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// WebhookURL returns the address for the provider's webhooks, or "" while they are off.
func (i *Instance) WebhookURL() string {
	if len(i.config.Project.Settings.Secrets) == 0 {
		return ""
	}
	if i.config.Webhooks != nil {
		return i.urlOf(i.config.Webhooks) + webhookPath
	}
	return i.urlOf(i.config.Listener) + webhookPath
}

// webhookPath is where the provider's webhooks are taken.
const webhookPath = "/webhooks/" + appmessaging.WebhookName

// Stop ends the instance in reverse order of its start. First it takes nothing new, then
// it waits for the current posts, and last it closes the store. It takes at most 20
// seconds, and two more if a collector of traces does not answer. It may be called again.
func (i *Instance) Stop() error {
	i.stop.Do(func() {
		var errs []error
		for n := len(i.stack) - 1; n >= 0; n-- {
			err := i.stack[n].stop()
			if err != nil {
				errs = append(errs, fmt.Errorf("stop %s: %w", i.stack[n].name, err))
			}
			if errors.Is(err, errStands) {
				break // it still uses what is below it
			}
		}
		select {
		case err := <-i.failure: // nobody has received it yet
			errs = append(errs, err)
		default:
		}
		i.stopErr = failed(errors.Join(errs...))
	})
	return i.stopErr
}

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector())
	r.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r.MustRegister(buildInfo())
	return r
}

// buildInfo is a metric that is always 1, and says what runs.
func buildInfo() prometheus.Collector {
	b := BuildOf()
	labels := prometheus.Labels{"version": b.Version, "commit": b.Commit, "go": runtime.Version()}
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "nudge_build_info", Help: "Always 1; the labels say what runs.", ConstLabels: labels})
	g.Set(1)
	return g
}
