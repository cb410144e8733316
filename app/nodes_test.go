//go:build unix

package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/client"
	"nudge/examples"
	"nudge/sandbox"
	"nudge/store/postgres/pgtest"
)

// site is several nodes over one database, a provider, and what stands before the nodes: it takes requests as a load balancer does.
type site struct {
	t       *testing.T
	files   fs.FS
	url     string // of the database
	box     *Sandbox
	before  *httptest.Server
	mu      sync.Mutex // guards the rest
	nodes   []*Instance
	next    int
	secret  string
	visible *slog.Logger
}

func newSite(t *testing.T, files fs.FS, nodes int) *site {
	t.Helper()
	s := &site{t: t, files: files, url: pgtest.Start(t).Database(t), secret: "a secret for tests of some length", visible: slog.New(slog.DiscardHandler)}
	if testing.Verbose() {
		s.visible = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	s.before = httptest.NewServer(http.HandlerFunc(s.balance))
	t.Cleanup(s.before.Close)
	l, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	s.box, err = StartSandbox(l, sandbox.Config{WebhookURL: s.before.URL + webhookPath, Secret: s.secret, People: quickly, Log: s.visible}, s.visible)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.box.Stop(); err != nil {
			t.Error(err)
		}
	})
	for range nodes {
		s.start()
	}
	return s
}

// start starts one more node.
func (s *site) start() *Instance {
	s.t.Helper()
	p := Read(s.files, LocalSettings(os.LookupEnv))
	if p.List.HasErrors() {
		s.t.Fatal(p.List)
	}
	p.Settings = Settings{
		Accounts: []Account{s.box.account()}, Secrets: []appmessaging.Secret{appmessaging.Secret(s.secret)}, Speed: 1,
		Store: s.url, Partitions: 8, Cluster: ClusterSettings{Name: fmt.Sprint("node", len(s.nodes)), Lease: time.Second},
	}
	l, err := Listen(anyPort)
	if err != nil {
		s.t.Fatal(err)
	}
	i, err := Start(s.t.Context(), Config{Project: p, DataDir: s.t.TempDir(), Listener: l, Log: s.visible.With("node", len(s.nodes))})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := i.Stop(); err != nil {
			s.t.Error(err)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes = append(s.nodes, i)
	return i
}

// balance passes a request on to the next node that is ready.
func (s *site) balance(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var to *Instance
	for range s.nodes {
		s.next++
		if i := s.nodes[s.next%len(s.nodes)]; i.Ready() == nil {
			to = i
			break
		}
	}
	s.mu.Unlock()
	if to == nil {
		http.Error(w, "no node is ready", http.StatusServiceUnavailable)
		return
	}
	target, _ := url.Parse(to.URL())
	(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}}).ServeHTTP(w, r)
}

// until waits until something is so.
func (s *site) until(what string, so func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("it never came that %s", what)
		}
	}
}

// owned is how many partitions each node has.
func (s *site) owned() (all []int) {
	for _, i := range s.nodes {
		n := 0
		for p := range 8 {
			if i.runner.Serves(p) {
				n++
			}
		}
		all = append(all, n)
	}
	return all
}

// signUp lets somebody sign up at a node, and returns the run.
func signUp(ctx context.Context, c *client.Client, who string) (string, error) {
	answer, err := c.SendEvent(ctx, client.Event{ID: who, Type: "user.signed_up", Profile: who, Data: []byte(`{"name": "Ann"}`)})
	if err != nil {
		return "", err
	}
	if len(answer.Decisions) != 1 {
		return "", fmt.Errorf("%+v", answer)
	}
	return answer.Decisions[0].Run, nil
}

// TestNodes: several nodes over one PostgreSQL share the partitions, each takes every request, one that stops gives its partitions to
// the others, and messages go out once.
func TestNodes(t *testing.T) {
	s := newSite(t, examples.Hello(), 1)
	s.start()
	s.start()
	s.until("each of three nodes has a share", func() bool { n := s.owned(); return n[0]+n[1]+n[2] == 8 && min(n[0], n[1], n[2]) >= 2 })
	runs := map[string]string{}
	for i := range 24 {
		who := fmt.Sprint("p", i)
		run, err := signUp(t.Context(), clientOf(t, s.nodes[i%3]), who)
		if err != nil {
			t.Fatal(err)
		}
		runs[who] = run
	}
	for who, run := range runs {
		for _, i := range s.nodes {
			untilRun(t, clientOf(t, i), run, func(r *client.Run) bool { return r.Outcome != "" && r.Messages[0].Status == "read" && r.Profile == who })
		}
	}
	if err := s.nodes[0].Stop(); err != nil {
		t.Fatal(err)
	}
	s.until("the two others have all", func() bool { n := s.owned(); return n[1]+n[2] == 8 && min(n[1], n[2]) >= 3 })
	for i := range 12 {
		who := fmt.Sprint("q", i)
		run, err := signUp(t.Context(), clientOf(t, s.nodes[1+i%2]), who)
		if err != nil {
			t.Fatal(err)
		}
		untilRun(t, clientOf(t, s.nodes[1]), run, func(r *client.Run) bool { return r.Outcome != "" })
	}
	if n := len(s.box.Messages()); n != 36 {
		t.Errorf("%d messages were sent, want 36", n)
	}
}
