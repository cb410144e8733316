package server_test

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/runner"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

const secret = "a secret of the webhooks"

// shop is the project that most tests run.
var shop = map[string]string{
	"nudge.yaml": "project: shop\nevents: { order.returned: { order_id: string } }\n",
	"flows/order.yaml": `flow: order
trigger: { event: order.shipped, key: event.order_id, to: event.customer }
data: { order_id: string, customer: string }
entry: { if_running: skip }
exit: [ { event: order.returned, key: event.order_id, as: returned } ]
steps:
  - id: shipped
    send: { body: "Your order {{ data.order_id }} is on its way.", from: Shop }
  - wait:
      - read: shipped
      - failed: shipped
      - reply: shipped
        then: [ { exit: answered } ]
      - after: 24h
`,
}

// service is a server over a real runner and a store in memory.
type service struct {
	t      *testing.T
	url    string
	kv     *memory.KV
	store  *store.Store
	runner *runner.Runner
	server *server.Server
	posts  chan channels.Message // what went to the provider
}

// provider accepts everything.
type provider struct{ posts chan channels.Message }

func (p provider) Send(_ context.Context, m channels.Message) channels.Result {
	p.posts <- m
	return channels.Result{Outcome: channels.Accepted, ProviderID: "m-" + m.Ref.Run}
}

// slowAudiences are never frozen, so that a campaign stays open.
type slowAudiences struct{ runner.Audiences }

func (slowAudiences) Freeze(ctx context.Context, _ engine.SnapshotRequest) (*engine.Snapshot, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (slowAudiences) Keep(int, []string) error { return nil }

// start serves a project. Each change is made to the server's Config before.
func start(t *testing.T, project map[string]string, changes ...func(*server.Config)) *service {
	t.Helper()
	return startAccounts(t, project, nil, changes...)
}

// startAccounts is start with accounts of one's own; none: one that accepts everything.
func startAccounts(t *testing.T, project map[string]string, accounts []runner.Account, changes ...func(*server.Config)) *service {
	t.Helper()
	kv, parts := newParts(t, *partitions)
	var all []*store.Store
	for _, p := range parts {
		all = append(all, p.Store.(*store.Store))
	}
	kept := store.Join(all)
	s := &service{t: t, kv: kv, store: kept, posts: make(chan channels.Message, 10_000)}
	registry := prometheus.NewRegistry()
	if accounts == nil {
		accounts = []runner.Account{{Channel: provider{s.posts}, Senders: 4}}
	}
	var err error
	s.runner, err = runner.NewOf(parts, runner.Config{Accounts: accounts, Registry: registry, Audiences: slowAudiences{}})
	must(t, err)
	running, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.runner.Run(running) }()
	config := server.Config{
		Runner: s.runner, Store: kept, Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}}, Registry: registry,
	}
	for _, change := range changes {
		change(&config)
	}
	srv, err := server.New(config)
	must(t, err)
	s.server = srv
	web := httptest.NewServer(srv.Handler())
	s.url = web.URL
	t.Cleanup(func() {
		web.Close()
		stop()
		must(t, <-done)
		report, err := kept.Check()
		must(t, err)
		for _, p := range report.Problems {
			t.Errorf("the store has a problem: %s", p)
		}
	})
	list := s.deploy(project)
	must(t, list.Err())
	return s
}

// partitions lets the tests of this package run over a divided store: what users see must be the same.
var partitions = flag.Int("partitions", 1, "into how many partitions the stores of the tests are divided")

// divide divides the stores of a test.
func divide(t *testing.T, n int) {
	was := *partitions
	*partitions = n
	t.Cleanup(func() { *partitions = was })
}

// newParts returns the partitions of a new store in memory, and what the first is in.
func newParts(t *testing.T, n int) (first *memory.KV, parts []runner.Part) {
	t.Helper()
	kvs := make([]store.KV, n)
	for i := range kvs {
		kvs[i] = new(memory.KV)
	}
	all, err := store.OpenAll(kvs)
	must(t, err)
	for _, s := range all {
		core, err := s.Engine()
		must(t, err)
		parts = append(parts, runner.Part{Store: s, Core: core})
	}
	return kvs[0].(*memory.KV), parts
}

// deploy makes a project's flows the active ones, unless it has errors.
func (s *service) deploy(project map[string]string) diag.List {
	s.t.Helper()
	files := fstest.MapFS{}
	for name, text := range maps.All(project) {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		return list
	}
	deploy := &engine.Deploy{Marks: p.Marks()}
	for _, f := range p.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	_, err := s.runner.Submit(context.Background(), &engine.Input{Payload: deploy})
	must(s.t, err)
	return list
}

// answer is what the server said.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// do makes a request. Headers come in pairs.
func (s *service) do(method, path, body string, headers ...string) *answer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	must(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	must(s.t, err)
	return &answer{s.t, response.StatusCode, response.Header, string(raw)}
}

// event gives one event.
func (s *service) event(body string, headers ...string) *answer {
	s.t.Helper()
	return s.do("POST", "/v1/events", body, append([]string{"Content-Type", "application/json"}, headers...)...)
}

// webhook posts a signed webhook.
func (s *service) webhook(body string) *answer {
	s.t.Helper()
	return s.do("POST", "/webhooks/comapi", body, appmessaging.SignatureHeader, appmessaging.Sign(secret, []byte(body)))
}

// is checks the status and that the body holds the texts.
func (a *answer) is(status int, texts ...string) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("status is %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.t.Errorf("the answer lacks %s:\n%s", text, a.body)
		}
	}
	return a
}

func (a *answer) decode(into any) {
	a.t.Helper()
	must(a.t, json.Unmarshal([]byte(a.body), into))
}

// run starts a run by an event and returns its ID once the provider has its message.
func (s *service) run(order, customer string) (id string, sent channels.Message) {
	s.t.Helper()
	var got engine.Answer
	s.event(`{"type": "order.shipped", "data": {"order_id": "` + order + `", "customer": "` + customer + `"}}`).is(200).decode(&got)
	if len(got.Decisions) != 1 || got.Decisions[0].Action != engine.DidStart {
		s.t.Fatalf("no run was started: %+v", got)
	}
	return got.Decisions[0].Run, <-s.posts
}

// show returns a run as the API shows it.
func (s *service) show(id string) (r server.Run) {
	s.t.Helper()
	s.do("GET", "/v1/runs/"+id, "").is(200).decode(&r)
	return r
}

// ended returns a run once it has ended. The answer to its send and a webhook may come in
// either order, so what the webhook leads to may stand only after the answer.
func (s *service) ended(id string) server.Run {
	s.t.Helper()
	return s.until(id, func(r server.Run) bool { return r.Outcome != "" })
}

// until returns a run once it is as it should be, or as it is after ten seconds.
func (s *service) until(id string, done func(server.Run) bool) (r server.Run) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if r = s.show(id); done(r) {
			break
		}
		<-tick.C
	}
	return r
}

// untilWaits returns once a run waits, so that the provider's answer to what it sent is taken.
func (s *service) untilWaits(id string) {
	s.t.Helper()
	run, err := engine.ParseRunID(id)
	must(s.t, err)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		r, err := s.store.Run(run)
		must(s.t, err)
		if r.Status == engine.Waiting {
			return
		}
		<-tick.C
	}
	s.t.Fatalf("run %s does not wait", id)
}

// runs is how many runs there are.
func (s *service) runs() int {
	s.t.Helper()
	page, err := s.store.List(store.Query{Limit: store.MaxPage})
	must(s.t, err)
	return len(page.Runs)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
