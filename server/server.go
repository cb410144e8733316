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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/runner"
	"nudge/store"
	"nudge/whatif/preview"
)

// Runner takes inputs.
type Runner interface {
	Submit(ctx context.Context, inputs ...*engine.Input) ([]engine.Answer, error)
	Begin(inputs ...*engine.Input) (*runner.Ticket, error)
}

// Store is read for lists and pages.
type Store interface {
	List(store.Query) (store.Page, error)
	Run(engine.RunID) (*engine.Run, error)
	Person(id string) (*engine.Person, error)
	Version(engine.FlowVersion) (*flows.Flow, error)
	Counts() ([]*store.VersionCounts, error)
	State() (engine.State, error)
	Purged() (store.Purged, error)
	ListCampaigns(flow string, before uint64, limit int) ([]store.CampaignProgress, error)
	CampaignOf(id string) (*store.CampaignProgress, error)
	preview.Store
	Entries(from uint64, visit func(*engine.Journaled) bool) error
}

// Config says what a server serves.
type Config struct {
	Runner    Runner              // required
	Store     Store               // required
	Receivers []channels.Receiver // the channels that take webhooks; none: webhooks are off
	Audiences preview.Walker      // nil: campaigns have no preview
	// Reload deploys the project anew and returns what is wrong with it, when
	// something is. Nil: there is nothing to reload.
	Reload   func(context.Context) (diag.List, error)
	Deployed func()               // called after a deploy by the API; nil: nobody wants to know
	Profiles bool                 // what webhooks say of people becomes what is known of them
	Tokens   []string             // bearer tokens; none: every request must come from this machine
	Registry *prometheus.Registry // for /metrics, and for the server's own; nil: none
	Log      *slog.Logger         // nil: nothing is logged
}

// Server serves the API and the webhooks.
type Server struct {
	config Config
	flows  flowCache
	hooks  *webhookMetrics
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
	return &Server{config: config, flows: flowCache{store: config.Store}, hooks: hooks}, nil
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
	api := http.NewServeMux()
	api.HandleFunc("POST /v1/events", s.postEvents)
	api.HandleFunc("GET /v1/runs", s.listRuns)
	api.HandleFunc("GET /v1/runs/{id}", s.showRun)
	api.HandleFunc("POST /v1/runs/{id}/cancel", s.cancelRun)
	api.HandleFunc("POST /v1/profiles", s.postProfiles)
	api.HandleFunc("GET /v1/profiles/{id}", s.getProfile)
	api.HandleFunc("PUT /v1/profiles/{id}", s.putProfile)
	api.HandleFunc("PATCH /v1/profiles/{id}", s.patchProfile)
	api.HandleFunc("DELETE /v1/profiles/{id}", s.forgetProfile)
	api.HandleFunc("GET /v1/flows", s.listFlows)
	api.HandleFunc("POST /v1/flows", s.deployFlows)
	api.HandleFunc("POST /v1/flows/plan", s.planFlows)
	api.HandleFunc("POST /v1/flows/{flow}/runs", s.callFlow)
	api.HandleFunc("GET /v1/journal", s.getJournal)
	api.HandleFunc("GET /v1/schedule", s.listSchedule)
	api.HandleFunc("GET /v1/campaigns", s.listCampaigns)
	api.HandleFunc("POST /v1/campaigns", s.startCampaign)
	api.HandleFunc("POST /v1/campaigns/preview", s.previewCampaign)
	api.HandleFunc("GET /v1/campaigns/{id}", s.showCampaign)
	api.HandleFunc("POST /v1/campaigns/{id}/pause", s.steerCampaign(engine.CampaignPause))
	api.HandleFunc("POST /v1/campaigns/{id}/resume", s.steerCampaign(engine.CampaignResume))
	api.HandleFunc("POST /v1/campaigns/{id}/cancel", s.steerCampaign(engine.CampaignCancel))
	api.HandleFunc("GET /v1/outbound", s.getOutbound)
	api.HandleFunc("PUT /v1/outbound", s.putOutbound)
	api.HandleFunc("POST /-/reload", s.reload)
	if s.config.Registry != nil {
		api.Handle("GET /metrics", promhttp.HandlerFor(s.config.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	}
	all := http.NewServeMux()
	all.Handle("/", s.guard(s.known(api)))
	all.Handle("/webhooks/", s.WebhookHandler())
	all.HandleFunc("GET /-/healthy", s.healthy)
	all.HandleFunc("GET /-/ready", s.ready)
	return all
}

// WebhookHandler serves the webhooks of the channels alone, for a listener that is open
// to the world.
func (s *Server) WebhookHandler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.config.Receivers {
		mux.HandleFunc("POST /webhooks/"+r.Name(), s.postWebhook(r))
	}
	return s.known(mux)
}

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
