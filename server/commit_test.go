package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/audience"
	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/lang/diag"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/server"
	"nudge/store"
)

// unwritable is a store that refuses to write from some moment on.
type unwritable struct {
	store.KV
	refuses atomic.Bool
}

var errUnwritable = errors.New("the disk is gone")

func (u *unwritable) Update(f func(store.Writer) error) error {
	if u.refuses.Load() {
		return errUnwritable
	}
	return u.KV.Update(f)
}

// uncommitted are requests of the routes that commit something: each is taken when the store can be written. A path may name what
// [service.fill] makes.
func uncommitted(t *testing.T) map[string]keyed {
	all := keyedRoutes(t)
	for pattern, of := range map[string]keyed{
		"POST /webhooks/comapi":          {"/webhooks/comapi", "", ""},
		"DELETE /v1/profiles/{id}":       {"/v1/profiles/ann", "", ""},
		"POST /v1/profiles/{id}/reveal":  {"/v1/profiles/ann/reveal", `{"reason": "a"}`, ""},
		"POST /v1/profiles/opt-out":      {"/v1/profiles/opt-out", `{"profiles": ["ann"], "categories": ["all"]}`, ""},
		"POST /v1/profiles/opt-in":       {"/v1/profiles/opt-in", `{"profiles": ["ann"], "categories": ["all"]}`, ""},
		"POST /v1/profiles":              {"/v1/profiles", `{"id": "ann", "name": "Ann"}`, ""},
		"POST /-/reload":                 {"/-/reload", "", ""},
		"POST /v1/notices/retry":         {"/v1/notices/retry", `{"endpoint": "crm"}`, ""},
		"POST /v1/jobs/{id}/stop":        {"/v1/jobs/{job}/stop", "", ""},
		"POST /v1/deploys":               {"/v1/deploys", deployment(t, reworded("comes")), ""},
		"POST /v1/deploys/{id}/approve":  {"/v1/deploys/{proposal}/approve", `{}`, ""},
		"POST /v1/deploys/{id}/withdraw": {"/v1/deploys/{proposal}/withdraw", ``, ""},
		"POST /v1/deploys/{id}/plan":     {"/v1/deploys/{proposal}/plan", ``, ""},
		"POST /v1/deploys/{id}/backtest": {"/v1/deploys/{proposal}/backtest", `{}`, ""},
		"POST /v1/deploys/{id}/prove":    {"/v1/deploys/{proposal}/prove", ``, ""},
		"POST /v1/deploys/{id}/watch":    {"/v1/deploys/{proposal}/watch", `{}`, ""},
		"POST /v1/deploys/{id}/unwatch":  {"/v1/deploys/{proposal}/unwatch", ``, ""},
		"POST /v1/runs/retry":            {"/v1/runs/retry", `{"filter": {"flow": "order"}, "expect": 1}`, ""},
		"POST /v1/runs/cancel":           {"/v1/runs/cancel", `{"filter": {"flow": "order"}, "expect": 1}`, ""},
		"POST /v1/campaigns/previews":    {"/v1/campaigns/previews", `{"flow": "sale"}`, ""},
	} {
		all[pattern] = of
	}
	return all
}

// commitsNothing are the routes that only look.
var commitsNothing = []string{"POST /v1/flows/plan", "POST /v1/campaigns/preview"}

// TestNoAnswerWithoutItsCommit holds the promise on which everybody outside relies: what was not made durable is not answered as if it were.
// It sends a request to each route that commits something: while nothing can be written, while the engine cannot commit, and while all can be.
func TestNoAnswerWithoutItsCommit(t *testing.T) {
	requests := uncommitted(t)
	patterns := append(changing(t), "DELETE /v1/profiles/{id}")
	for pattern := range requests {
		if !slices.Contains(patterns, pattern) {
			t.Errorf("%s is tried and not registered", pattern)
		}
	}
	for _, pattern := range patterns {
		if slices.Contains(commitsNothing, pattern) {
			continue
		}
		t.Run(pattern, func(t *testing.T) {
			request, ok := requests[pattern]
			if !ok {
				t.Fatal("a new route: say in uncommitted how it is asked, or in commitsNothing that it commits nothing")
			}
			s := start(t, keyedProject)
			call := s.prepare(pattern, request)
			disk := &unwritable{KV: s.kv}
			kept, err := store.Open(disk)
			must(t, err)
			disk.refuses.Store(true)
			for _, kept := range []*store.Store{kept, s.store} { // whatever a route writes by itself, the engine's commit counts
				w := httptest.NewRecorder()
				s.beside(answering{errUnwritable}, kept, errUnwritable).ServeHTTP(w, call())
				if w.Code < 500 && !(w.Code == http.StatusOK && refusedLine(w)) {
					t.Errorf("it answers %d although nothing can be committed: %s", w.Code, w.Body)
				}
			}
			w := httptest.NewRecorder()
			if s.beside(s.runner, s.store, nil).ServeHTTP(w, call()); w.Code >= 300 || refusedLine(w) {
				t.Errorf("it answers %d although all can be written: %s", w.Code, w.Body)
			}
		})
	}
}

// refusedLine reports whether an answer line by line says that its line was not taken.
func refusedLine(w *httptest.ResponseRecorder) bool {
	return w.Header().Get("Content-Type") == "application/x-ndjson" && strings.Contains(w.Body.String(), `"error"`)
}

// beside is another server of the same flows. Reloading ends with an error.
func (s *service) beside(r server.Runner, kept *store.Store, reload error) http.Handler {
	work := jobs.New(jobs.Config{Store: kept})
	s.t.Cleanup(work.Close)
	srv, err := server.New(server.Config{
		Runner: r, Store: kept, Registry: prometheus.NewRegistry(), Endpoints: []string{"crm"}, Jobs: work, Bulk: bulk.New(kept, s.runner, work),
		Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}},
		Audiences: audience.NewSnapshots(audience.Sources{Project: fstest.MapFS{"audiences/people.csv": {Data: []byte("profile\nann\n")}}}),
		Reload:    func(context.Context, *engine.Actor) (diag.List, error) { return nil, reload },
	})
	must(s.t, err)
	return srv.Handler()
}

// prepare makes what a request is about, and returns a function that makes the request.
func (s *service) prepare(pattern string, request keyed) func() *http.Request {
	s.t.Helper()
	live, sent := s.run("1", "ann")
	failed, gone := s.run("2", "bob")
	s.webhook(receipt("message.failed", gone)).is(200)
	s.ended(failed)
	path, body := strings.NewReplacer("{run}", live, "{failed}", failed).Replace(request.path), request.body
	if strings.Contains(path, "{campaign}") {
		path = s.fill(path)
	}
	if strings.Contains(path, "{proposal}") {
		_, err := s.store.AddProposal(&store.Proposal{By: engine.Actor{Name: "eve"}, Digest: "d"}, []byte(deployment(s.t, keyedProject)))
		must(s.t, err)
		path = strings.Replace(path, "{proposal}", "1", 1)
	}
	if strings.Contains(path, "{job}") {
		must(s.t, s.store.AddJob(&store.Job{ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Kind: "plan"}, 1))
		path = strings.Replace(path, "{job}", "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", 1)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	switch pattern {
	case "POST /webhooks/comapi":
		body = receipt("message.read", sent)
		header.Set(appmessaging.SignatureHeader, appmessaging.Sign(secret, []byte(body)))
	case "POST /v1/profiles":
		header.Set("Content-Type", "application/x-ndjson")
	case "PATCH /v1/profiles/{id}":
		header.Set("Content-Type", "application/merge-patch+json")
	case "POST /v1/notices/retry":
		s.giveUpNotice()
	}
	method, _, _ := strings.Cut(pattern, " ")
	return func() *http.Request {
		r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
		r.Header = header.Clone()
		r.RemoteAddr, r.Host = "127.0.0.1:1234", "127.0.0.1:8080"
		return r
	}
}

// giveUpNotice leaves a notice that its endpoint did not take.
func (s *service) giveUpNotice() {
	state, err := s.store.State()
	must(s.t, err)
	n := engine.Notice{Type: engine.NoticeRunEnded, At: 1, Profile: "ann", Data: []byte(`{}`)}
	must(s.t, s.store.Commit(&engine.Batch{State: state, Notices: []*engine.NoticeTo{{Endpoint: "crm", Notice: n}}}))
	due, _, err := s.store.DueNotices("crm", 1, 1)
	must(s.t, err)
	must(s.t, s.store.SettleNotices([]store.NoticeResult{{Notice: due[0], Error: "gone", GaveUp: 2}}))
}
