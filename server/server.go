package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/engine"
	"nudge/lang/diag"
	"nudge/lang/trace"
	"nudge/runner"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/runner/live"
	"nudge/store"
	"nudge/whatif/preview"
)

// Runner takes inputs.
type Runner interface {
	Submit(ctx context.Context, inputs ...*engine.Input) ([]engine.Answer, error)
	Begin(inputs ...*engine.Input) (*runner.Ticket, error)
	Standing() time.Duration // see [runner.Runner.Standing]
	Health() runner.Health   // see [runner.Runner.Health]
	// Settle notes what becomes of notices; see [runner.Runner.Settle].
	Settle(ctx context.Context, results []store.NoticeResult) error
	// Suspect takes runs whose records cannot be read, to set them apart.
	Suspect(ids ...engine.RunID)
	// Refuse notes an event that was refused; see [runner.Runner.Refuse].
	Refuse(*store.Refusal)
	// Behind returns the partitions that have not taken all common commands; see [runner.Runner.Behind].
	Behind() []int
	// Live is where readers follow what happens.
	Live() *live.Hub
}

// Config says what a server serves.
type Config struct {
	Runner    Runner              // required
	Store     *store.Store        // read for lists and pages; required
	Receivers []channels.Receiver // the channels that take webhooks; none: webhooks are off
	Audiences preview.Walker      // nil: campaigns have no preview
	Bulk      *bulk.Bulk          // changes many runs, by jobs; nil: nobody can
	Jobs      *jobs.Manager       // long pieces of work; nil: there are none, and nobody can start one
	// Reload deploys the project anew, for somebody, and returns what is wrong with it, when
	// something is. Nil: there is nothing to reload.
	Reload func(context.Context, *engine.Actor) (diag.List, error)
	// CheckStore verifies the store while it is in use, and calls progress now and then. It fails
	// with ErrChecking while another check runs. Nil: it cannot be checked.
	CheckStore func(ctx context.Context, progress func(store.CheckProgress)) (*store.Report, error)
	BackUp     BackUp // nil: there are no backups
	Follow     BackUp // goes on with what is written into the store, until its context ends; nil, too, then
	// Forgetting notes that somebody is going to be forgotten; nobody is before it has. Nil: nobody wants to know.
	Forgetting func(profile string) error
	Deployed   func() // called after a deploy by the API; nil: nobody wants to know
	// SecondPerson reports whether every deploy by the API needs a second person now. Nil: it needs none.
	SecondPerson func() bool
	Cluster      Cluster         // the nodes that have the store together; nil: this process has it alone
	Endpoints    []string        // names of those that get notices
	Profiles     bool            // what webhooks say of people becomes what is known of them
	Tokens       func() []Token  // the bearer tokens of now; nil or none: every request must come from this machine
	Origins      func() []string // whose pages may send events, with tokens that may do nothing else; nil: none
	// Preferences makes the page of people's preferences as it is now. Nil: there is none.
	Preferences func() *Preferences
	Full        func() bool          // whether the disk of the store is nearly full; nil: nobody looks
	Dev         DevTools             // the clock and the people of nudge dev; nil: there are no dev routes
	Project     func() ServedProject // the project folder as it was last loaded; nil: there is none
	Process     func() ProcessHealth // what the process around the server knows; nil: nothing
	// Console makes the web console, which talks to the API and to nothing else; it is served under /console/. Nil: there is none.
	Console  func(api http.Handler) (http.Handler, error)
	Registry *prometheus.Registry // for /metrics, and for the server's own; nil: none
	Tracer   trace.Tracer         // records requests; nil: nothing is recorded, and traces are passed on
	Limits   Limits               // of what requests can make the server hold
	Log      *slog.Logger         // nil: nothing is logged
}

// Server serves the API and the webhooks.
type Server struct {
	config       Config
	flows        flowCache
	marks        markCache
	exporting    chan struct{} // has a place for the export that is under way
	hooks        *webhookMetrics
	limits       Limits
	limitMetrics *limitMetrics
	access       *accessMetrics
	unproven     *unproven
	over         chan struct{} // closed when nothing is followed live any more
	endLive      func()
	liveEvery    time.Duration
	deciding     sync.Mutex    // held while somebody decides about a proposal
	backtesting  chan struct{} // capacity 1: full while a proposal is backtested
	watched      chan struct{} // capacity 1: full when the watched proposals are to be looked at
	heard        *webhookTimes
	console      http.Handler // nil: there is none
	booth        *storyBooth
	devKeys      devKeys
}

// New returns a server, or an error that names what is missing or wrong in its Config.
func New(config Config) (*Server, error) {
	if config.Runner == nil || config.Store == nil {
		return nil, errors.New("server: Config.Runner and Config.Store are required")
	}
	if err := checkReceivers(config.Receivers); err != nil {
		return nil, err
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	hooks, err := newWebhookMetrics(config.Registry)
	if err != nil {
		return nil, err
	}
	limits := config.Limits.orDefaults()
	bodies := &unproven{most: limits.Unproven}
	refusals, err := newLimitMetrics(config.Registry, func() float64 { return float64(bodies.used.Load()) })
	if err != nil {
		return nil, err
	}
	access, err := newAccessMetrics(config.Registry, func() float64 { return float64(config.Runner.Live().Readers()) })
	if err != nil {
		return nil, err
	}
	if config.Full != nil {
		config.Runner = intake{config.Runner, config.Full, refusals.refused.WithLabelValues(limitFree)}
	}
	heard := &webhookTimes{}
	for _, r := range config.Receivers {
		heard.know(r.Name())
	}
	over := make(chan struct{})
	s := &Server{config: config, flows: flowCache{store: config.Store}, hooks: hooks, limits: limits, limitMetrics: refusals, access: access, unproven: bodies, heard: heard, booth: newStoryBooth(),
		backtesting: make(chan struct{}, 1), watched: make(chan struct{}, 1), exporting: make(chan struct{}, 1),
		over: over, endLive: sync.OnceFunc(func() { close(over) }), liveEvery: liveEvery}
	if config.Console != nil {
		if s.console, err = config.Console(s.api()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

var receiverName = regexp.MustCompile(`^[a-z0-9-]+$`)

// checkReceivers reports a channel whose name cannot be an element of a path, or is that
// of another channel.
func checkReceivers(all []channels.Receiver) error {
	for i, r := range all {
		switch name := r.Name(); {
		case !receiverName.MatchString(name):
			return fmt.Errorf("server: Config.Receivers has the name %q; want lower-case letters, digits and dashes", name)
		case slices.ContainsFunc(all[:i], func(o channels.Receiver) bool { return o.Name() == name }):
			return fmt.Errorf("server: Config.Receivers has two with the name %q", name)
		}
	}
	return nil
}

// Handler serves everything, webhooks included.
func (s *Server) Handler() http.Handler {
	api := s.api()
	if s.console == nil {
		return api
	}
	return withConsole(api, s.observed(s.paced(s.countedAs(consoleRoute, s.console))))
}

// api serves the API and the webhooks.
func (s *Server) api() http.Handler {
	all := http.NewServeMux()
	all.Handle("/", s.guard(s.known(s.muxOf(s.routes()))))
	all.Handle("/webhooks/", s.webhookMux())
	all.Handle("/-/healthy", s.known(s.muxOf([]route{{pattern: "GET /-/healthy", handle: s.healthy}})))
	all.Handle("/-/ready", s.known(s.muxOf([]route{{pattern: "GET /-/ready", handle: s.ready}})))
	return s.observed(s.paced(all))
}

// consoleRoute is the path of the console, and its name in the metrics.
const consoleRoute = "/console/"

// withConsole serves the console beside the API. Who asks for a page at the root is led to it.
func withConsole(api, console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path+"/" == consoleRoute, strings.HasPrefix(r.URL.Path, consoleRoute): // its answers to paths that it cleans have its headers too
			console.ServeHTTP(w, r)
			return
		case r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			w.Header().Set("Vary", "Accept")
			if strings.Contains(r.Header.Get("Accept"), "text/html") {
				http.Redirect(w, r, consoleRoute, http.StatusFound)
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

// countedAs counts requests in the metrics under a name.
func (s *Server) countedAs(name string, next http.Handler) http.Handler {
	metrics := s.access.of(name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recordOf(w).route = metrics
		next.ServeHTTP(w, r)
	})
}

// WebhookHandler serves the webhooks of the channels alone, for a listener that is open
// to the world.
func (s *Server) WebhookHandler() http.Handler { return s.observed(s.paced(s.webhookMux())) }

func (s *Server) webhookMux() http.Handler { return s.known(s.muxOf(s.webhookRoutes())) }

// methods are those that a pattern may have, in order.
var methods = []string{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}

// known answers what no pattern matches with a problem, as all errors are.
func (s *Server) known(mux *http.ServeMux) http.Handler {
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		probe := *r
		var allowed []string
		for _, probe.Method = range methods {
			if _, pattern := mux.Handler(&probe); pattern != "/" {
				allowed = append(allowed, probe.Method)
			}
		}
		if len(allowed) == 0 {
			s.fail(w, r, problemOf(http.StatusNotFound, "not-found", "there is nothing at "+r.URL.Path))
			return
		}
		list := strings.Join(allowed, ", ")
		w.Header().Set("Allow", list)
		s.fail(w, r, problemOf(http.StatusMethodNotAllowed, "method", r.Method+" is not allowed here; allowed: "+list))
	})
	return mux
}
