package server_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/examples"
	"nudge/flows"
	"nudge/runner"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

var faultRuns = flag.Int("faulty-runs", 300, "runs of TestProviderMisbehaves")

// TestProviderMisbehaves runs order_shipped through the real client against the sandbox,
// which loses a fifth of its answers after it took the message, fails a tenth of the
// requests, and posts its webhooks twice, out of order and some of them late. All runs end
// as the flow says, and nobody gets a message twice unless its webhook came too late. The
// flow waits for minutes where it waits for days:
//
//	go test ./server -run ProviderMisbehaves -faulty-runs 10000 -v -timeout 30m
func TestProviderMisbehaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newRough(t, peopleOfAllKinds(t), *faultRuns,
			people.Faults{Seed: 1, Drop: 0.2 / 0.9, Errors: 0.1, Duplicate: 1, Reorder: 0.5, Withhold: 0.05}, runner.Account{Senders: 8, Batch: 10})
		defer w.stop()
		w.ship(*faultRuns)
		w.untilEnded(*faultRuns)
		w.judge()
	})
}

// ship has so many orders shipped.
func (w *rough) ship(orders int) {
	t := w.t
	t.Helper()
	for i := range orders {
		data := fmt.Sprintf(`{"order_id":"O%d","customer":"p%d","total":12}`, i, i)
		in := &engine.Input{Payload: &engine.Event{Type: "order.shipped", Data: json.RawMessage(data)}}
		answers, err := w.runner.Submit(t.Context(), in)
		must(t, err)
		if answers[0].Refused != nil || len(answers[0].Decisions) != 1 {
			t.Fatalf("event %d: %+v", i, answers[0])
		}
	}
}

// rough is an engine with its server, and a sandbox with faults. It lives in a bubble of
// testing/synctest with a network in memory, so time passes only while nobody works: how
// fast the machine is does not decide which answer comes too late.
type rough struct {
	t       *testing.T
	store   *store.Store
	runner  *runner.Runner
	sandbox *sandbox.Sandbox
	closers []func()
}

func newRough(t *testing.T, people func(sandbox.Message) people.Script, runs int, faults people.Faults, account runner.Account) *rough {
	w := &rough{t: t}
	clock := runner.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), 1)
	var err error
	w.store, err = store.Open(new(memory.KV))
	must(t, err)
	core, err := w.store.Engine()
	must(t, err)

	toUs, toProvider := newPipes(), newPipes()
	w.sandbox, err = sandbox.New(sandbox.Config{
		WebhookURL: "http://nudge.test/webhooks/comapi", Dial: toUs.dial, Secret: secret, Clock: clock, Seed: 1,
		People: people, Keep: 4 * runs, Faults: faults,
	})
	must(t, err)
	provider := toProvider.serve(w.sandbox.Handler())
	client, err := appmessaging.New(appmessaging.Config{
		BaseURL: "http://provider.test", PathPrefix: "/cpaas", Token: "t", Transport: &http.Transport{DialContext: toProvider.dial},
	})
	must(t, err)
	account.Channel = client
	w.runner, err = runner.New(w.store, core, runner.Config{Clock: clock, Accounts: []runner.Account{account}})
	must(t, err)
	running, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.runner.Run(running) }()
	s, err := server.New(server.Config{Runner: w.runner, Store: w.store,
		Receivers: []channels.Receiver{appmessaging.Webhook{Secrets: []appmessaging.Secret{secret}}}})
	must(t, err)
	hooks := toUs.serve(s.Handler())
	w.closers = []func(){
		w.sandbox.Close, func() { stop(); must(t, <-done) }, hooks.Close, provider.Close, client.Close,
	}
	_, err = w.runner.Submit(t.Context(), &engine.Input{Payload: &engine.Deploy{Flows: shortOrderShipped(t)}})
	must(t, err)
	return w
}

// pipes is a network in memory with one listener on it.
type pipes struct {
	arrived chan net.Conn
	closed  context.Context
	close   context.CancelFunc
}

func newPipes() *pipes {
	p := &pipes{arrived: make(chan net.Conn)}
	p.closed, p.close = context.WithCancel(context.Background())
	return p
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.arrived <- far:
		return near, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.arrived:
		return conn, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close()
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// serve starts a server on the network.
func (p *pipes) serve(h http.Handler) *httptest.Server {
	s := &httptest.Server{Listener: p, Config: &http.Server{Handler: h}}
	s.Start()
	return s
}

// shortOrderShipped is the example with 20 minutes for its day, and 10 for its two days.
// What has an unknown outcome is sent again.
func shortOrderShipped(t *testing.T) []flows.Bundle {
	t.Helper()
	files := fstest.MapFS{}
	must(t, fs.WalkDir(examples.OrderShipped(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "tests") {
			return err
		}
		text, err := fs.ReadFile(examples.OrderShipped(), path)
		short := strings.NewReplacer("after: 24h", "after: 20m", "after: 2d", "after: 10m", "project: acme", "project: acme\non_unknown: resend")
		files[path] = &fstest.MapFile{Data: []byte(short.Replace(string(text)))}
		return err
	}))
	project, list := flows.Load(files)
	must(t, list.Err())
	return []flows.Bundle{project.Flows[0].Bundle}
}

// peopleOfAllKinds read at once, never, or only the reminder; some ask for help, and some
// cannot be reached.
func peopleOfAllKinds(t *testing.T) func(sandbox.Message) people.Script {
	t.Helper()
	var scripts []people.Script
	for _, text := range []string{"reads after 5s", "reads after 10m", "never reads", `fails "no such device"`, `never reads, replies "help!" after 5m`} {
		script, err := people.ParseScript(text)
		must(t, err)
		scripts = append(scripts, script)
	}
	return func(m sandbox.Message) people.Script {
		var i int
		fmt.Sscanf(m.Profile, "p%d", &i)
		return scripts[i%len(scripts)]
	}
}

func (w *rough) stop() {
	for _, f := range w.closers {
		f()
	}
	report, err := w.store.Check()
	must(w.t, err)
	for _, p := range report.Problems {
		w.t.Errorf("the store has a problem: %s", p)
	}
}

// untilEnded waits until so many runs have ended, two days at most.
func (w *rough) untilEnded(runs int) {
	w.t.Helper()
	const step = 10 * time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for range 48 * time.Hour / step {
		<-tick.C
		counts, err := w.store.Counts()
		must(w.t, err)
		ended := uint64(0)
		for _, c := range counts {
			for _, n := range c.Outcomes {
				ended += n
			}
		}
		if ended == uint64(runs) {
			return
		}
	}
	for _, r := range w.runs() {
		if r.Live() {
			w.t.Errorf("run %s does not end: %+v", r.ID, r.Timeline)
		}
	}
	w.t.FailNow()
}

// judge holds every run to its flow, and what the sandbox has of each of its messages to
// what its timeline says.
func (w *rough) judge() {
	taken := map[channels.Ref]int{} // by the sandbox, whatever the attempt
	for _, m := range w.sandbox.Messages() {
		var metadata struct{ Nudge channels.Ref }
		if !m.Inbound {
			must(w.t, json.Unmarshal(m.Metadata, &metadata))
			metadata.Nudge.Attempt = 0
			taken[metadata.Nudge]++
		}
	}
	messages, twice, unknown := 0, 0, 0
	outcomes := map[string]int{}
	runs := w.runs()
	for _, r := range runs {
		outcomes[r.Outcome]++
		for n := range r.Messages {
			count := taken[refOf(w, r, n+1)]
			resends, doubts := w.resends(r, n+1)
			messages, unknown = messages+1, unknown+doubts
			if count > 1 {
				twice++
			}
			if count > 1+resends {
				w.t.Errorf("run %s message %d: the sandbox took %d, and %d were sent again", r.ID, n+1, count, resends)
			}
		}
	}
	for _, outcome := range []string{"completed", "undeliverable", "handed_over"} {
		if outcomes[outcome] == 0 {
			w.t.Errorf("no run ended as %s: %v", outcome, outcomes)
		}
		delete(outcomes, outcome)
	}
	if len(outcomes) > 0 {
		w.t.Errorf("runs that ended as no flow says: %v", outcomes)
	}
	if unknown == 0 {
		w.t.Error("no outcome was unknown: the test proves nothing")
	}
	w.t.Logf("%d runs, %d messages, %d unknown outcomes, %d messages taken twice or more", len(runs), messages, unknown, twice)
}

// runs are all of them, read page by page.
func (w *rough) runs() (all []*engine.Run) {
	query := store.Query{Limit: store.MaxPage}
	for {
		page, err := w.store.List(query)
		must(w.t, err)
		all, query.Before = append(all, page.Runs...), page.Next
		if page.Next == (engine.RunID{}) {
			return all
		}
	}
}

// resends is how often a message was sent again, and how often its outcome was unknown. A
// receipt that came in time must have kept it from being sent again.
func (w *rough) resends(r *engine.Run, message int) (resends, doubts int) {
	proved := false
	for _, e := range r.Timeline {
		switch {
		case e.Message != message:
		case e.Kind == engine.KindReceipt:
			proved = true
		case e.Kind == engine.KindUnknown:
			doubts++
		case e.Kind == engine.KindResend:
			resends++
			if proved {
				w.t.Errorf("run %s message %d was sent again though a receipt had proved it", r.ID, message)
			}
		}
	}
	return resends, doubts
}

func refOf(w *rough, r *engine.Run, message int) channels.Ref {
	state, err := w.store.State()
	must(w.t, err)
	return channels.Ref{Installation: state.Installation.String(), Run: r.ID.String(), Message: message}
}
