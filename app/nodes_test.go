//go:build unix

package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/client"
	"nudge/examples"
	"nudge/runner"
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
	t.Cleanup(func() { // after all nodes have stopped
		if report, err := CheckDatabase(context.Background(), s.url, s.visible); err != nil || len(report.Problems) > 0 {
			t.Errorf("the store that is left: %+v, %v", report, err)
		}
	})
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

// TestWhileMoving tries an input of a start again while its partition is on its way between two nodes, and nothing else.
func TestWhileMoving(t *testing.T) {
	for _, last := range []error{nil, runner.ErrStopped} {
		tries := 0
		err := whileMoving(t.Context(), func() error {
			if tries++; tries < 3 {
				return fmt.Errorf("node a: %w", runner.ErrElsewhere)
			}
			return last
		})
		if !errors.Is(err, last) || tries != 3 {
			t.Errorf("%d tries, %v; want 3 and %v", tries, err, last)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := whileMoving(ended, func() error { return runner.ErrElsewhere }); !errors.Is(err, runner.ErrElsewhere) {
		t.Errorf("after the end of a start: %v", err)
	}
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

// TestNodesWithoutDatabase: while the database does not answer, nodes say so and take nothing; once it does they go on.
func TestNodesWithoutDatabase(t *testing.T) {
	s := newSite(t, examples.Hello(), 2)
	s.until("both nodes have a share", func() bool { n := s.owned(); return n[0]+n[1] == 8 && min(n[0], n[1]) >= 3 })
	c := clientOf(t, s.nodes[0])
	run, err := signUp(t.Context(), c, "before")
	if err != nil {
		t.Fatal(err)
	}
	server := pgtest.Start(t)
	server.Stop(t, "immediate")
	var answer *client.Problem
	if _, err := c.Run(t.Context(), run); !errors.As(err, &answer) || answer.Status != http.StatusServiceUnavailable {
		t.Errorf("a run is shown without a database: %v", err)
	}
	if _, err := signUp(t.Context(), c, "while"); !errors.As(err, &answer) || answer.Status != http.StatusServiceUnavailable {
		t.Errorf("an event is taken without a database: %v", err)
	}
	s.until("no node is ready", func() bool { return s.nodes[0].Ready() != nil && s.nodes[1].Ready() != nil })
	server.Run(t)
	s.until("both nodes have all again", func() bool { n := s.owned(); return n[0]+n[1] == 8 && s.nodes[0].Ready() == nil })
	for _, who := range []string{"while", "after"} { // of the first nobody can say whether it was taken
		if run, err = signUp(t.Context(), c, who); err != nil {
			t.Fatal(err)
		}
		untilRun(t, c, run, func(r *client.Run) bool { return r.Outcome != "" })
	}
	s.until("three messages were sent", func() bool { return len(s.box.Messages()) == 3 })
}

// TestNodesDeploy: any node takes a deploy and shows jobs, and a node that starts with an older folder takes back nothing.
func TestNodesDeploy(t *testing.T) {
	s := newSite(t, examples.Hello(), 2)
	s.until("both nodes have a share", func() bool { n := s.owned(); return n[0]+n[1] == 8 && min(n[0], n[1]) >= 3 })
	first, other := s.nodes[0], s.nodes[1]
	if !first.shared.First() {
		first, other = other, first
	}
	if !first.shared.First() || other.shared.First() {
		t.Fatal("not exactly one node has the first partition")
	}
	c := clientOf(t, other)
	files := []client.File{{Name: "nudge.yaml", Text: "events: { again: {} }\n"}, {Name: "flows/again.yaml", Text: "flow: again\ntrigger: { event: again }\nsteps: [ { wait: 1h } ]\n"}}
	if _, err := c.Deploy(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	s.start() // with the flows of before
	for _, i := range s.nodes {
		all, err := clientOf(t, i).Flows(t.Context())
		if err != nil || !slices.ContainsFunc(all, func(f client.FlowVersion) bool { return f.Flow == "again" && f.Active }) {
			t.Errorf("after a deploy a node shows %+v, %v", all, err)
		}
		if _, err := clientOf(t, i).Jobs(t.Context(), client.JobQuery{}); err != nil {
			t.Error(err)
		}
		shown, err := clientOf(t, i).Cluster(t.Context())
		if err != nil || len(shown.Nodes) < 3 || len(shown.Partitions) != 8 {
			t.Errorf("a node shows %+v, %v", shown, err)
		}
	}
	kill := true
	if err := c.SetOutbound(t.Context(), client.Outbound{Killed: &kill}); err != nil {
		t.Error(err)
	}
}

// TestNodesOfAnotherProject: a node of another project is refused, so that it does not take the flows of this one away.
func TestNodesOfAnotherProject(t *testing.T) {
	s := newSite(t, examples.Hello(), 1)
	p := Read(s.files, LocalSettings(os.LookupEnv))
	p.Name += " of somebody else"
	p.Settings = s.nodes[0].project.Settings
	l, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	i, err := Start(t.Context(), Config{Project: p, DataDir: t.TempDir(), Listener: l, Log: s.visible})
	if err == nil {
		err = errors.Join(errors.New("it started"), i.Stop())
	}
	if !strings.Contains(err.Error(), "each project has a database of its own") {
		t.Error(err)
	}
}
