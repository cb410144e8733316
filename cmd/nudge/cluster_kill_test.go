//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nudge/store"
	"nudge/store/postgres"
	"nudge/store/postgres/pgtest"
)

// The counts of TestKillNodes. Before a release it is
//
//	go test ./cmd/nudge -run TestKillNodes -node-faults 200 -node-fault kill -timeout 2h -v
//	go test ./cmd/nudge -run TestKillNodes -node-faults 100 -timeout 2h -v
//	go test ./cmd/nudge -run TestKillNodes -node-faults 20 -node-lease 10s -timeout 2h -v
var (
	nodeFaults = flag.Int("node-faults", 10, "how often TestKillNodes lets something happen to a node, or to the database")
	nodeLease  = flag.Duration("node-lease", time.Second, "how long the lease of its nodes is")
	nodeFault  = flag.String("node-fault", "", "the only thing that happens; empty: one after the other")
)

const (
	nodesSpeed = 200 // times real time: a message of unknown outcome waits 4.5 s
	nodesOf    = 3
	nodesParts = 8
)

// TestKillNodes lets three nodes serve one PostgreSQL while they are killed, stand still and are cut off, and the database is restarted and
// crashes. Then it compares the client's record, the provider's and the store, as TestKill does: whatever node something came to,
// nothing that was answered is lost, and no attempt was posted twice.
func TestKillNodes(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := newClusterOfKilled(t)
	c.lives(*nodeFaults)
}

// killedNodes is a killed process of several nodes: k.address is that of what stands before them.
type killedNodes struct {
	*killed
	database *pgtest.Server
	url      string
	nodes    []*killedNode
	turn     atomic.Int64
}

// killedNode is one of them. It reaches the database, and is reached by others, only through wires that can be cut.
type killedNode struct {
	c       *killedNodes
	number  int
	dir     string
	base    string     // of its API
	mu      sync.Mutex // guards process
	process *exec.Cmd
	toStore *wire
	toSends *wire
	toPeers *wire
}

func newClusterOfKilled(t *testing.T) *killedNodes {
	seed := seedOfKills(t)
	c := &killedNodes{killed: newKilled(t, t.TempDir(), builtProgram(t), seed, nodesSpeed), database: pgtest.Alone(t)}
	c.url = c.database.Database(t)
	before := httptest.NewServer(http.HandlerFunc(c.balance))
	t.Cleanup(before.Close)
	text := c.read("nudge.yaml")
	c.address = strings.TrimPrefix(before.URL, "http://")
	c.change("flows/follow.yaml", "after: 8h", "after: 12m", "after: 6h } ] } ]", "after: 12m } ] } ]", "{ after: 6h }", "{ after: 12m }")
	for n := range nodesOf {
		c.nodes = append(c.nodes, c.node(n, text))
	}
	c.opened, c.unit = c.openShared, "s"
	return c
}

// change replaces texts in a file of the project, in pairs.
func (c *killedNodes) change(name string, pairs ...string) {
	c.t.Helper()
	text := c.read(name)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			c.t.Fatalf("%s lacks %q", name, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	c.write(name, text)
}

// node makes the folder of a node.
func (c *killedNodes) node(n int, settings string) *killedNode {
	c.t.Helper()
	node := &killedNode{c: c, number: n, dir: filepath.Join(c.dir, fmt.Sprint("node", n))}
	where, err := url.Parse(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	node.toStore = newWire(c.t, where.Host)
	own := free(c.t)
	node.toPeers = newWire(c.t, own)
	api := free(c.t)
	node.base = "http://" + api
	where.Host = node.toStore.address
	var lines []string
	for line := range strings.Lines(settings) {
		if url, ok := strings.CutPrefix(line, "account: { url: http://"); ok {
			host, rest, _ := strings.Cut(url, ",")
			node.toSends = newWire(c.t, host)
			line = "account: { url: http://" + node.toSends.address + "," + rest
		}
		if !strings.HasPrefix(line, "listen:") {
			lines = append(lines, line)
		}
	}
	c.write(fmt.Sprintf("node%d/nudge.yaml", n), strings.Join(lines, "")+fmt.Sprintf("listen: %s\nstore: %s\npartitions: %d\ncluster: { name: node%d, listen: %s, address: %s, lease: %s }\n",
		api, where, nodesParts, n, own, node.toPeers.address, *nodeLease))
	for _, folder := range []string{"flows", "templates", "audiences"} {
		if _, err := os.Stat(filepath.Join(c.dir, folder)); err != nil {
			continue
		}
		if err := os.CopyFS(filepath.Join(node.dir, folder), os.DirFS(filepath.Join(c.dir, folder))); err != nil {
			c.t.Fatal(err)
		}
	}
	return node
}

// free returns an address of this machine that is free.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// balance passes a request on to the nodes in turn. A node that does not answer is passed over.
func (c *killedNodes) balance(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
		return
	}
	n := c.nodes[int(c.turn.Add(1))%len(c.nodes)]
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.Method, n.base+r.URL.RequestURI(), strings.NewReader(string(body)))
	if err != nil {
		c.t.Error(err)
		return
	}
	request.Header = r.Header.Clone()
	response, err := c.client.Do(request)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	w.WriteHeader(response.StatusCode)
	io.Copy(w, response.Body)
}

// up starts a node and returns once it is ready.
func (n *killedNode) up() {
	n.c.t.Helper()
	p := exec.Command(n.c.binary, "serve", "-c", filepath.Join(n.dir, "nudge.yaml"))
	stderr, err := os.OpenFile(filepath.Join(n.dir, "stderr"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.c.t.Fatal(err)
	}
	defer stderr.Close()
	p.Stderr = stderr
	out, err := p.StdoutPipe()
	if err != nil {
		n.c.t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		n.c.t.Fatal(err)
	}
	n.mu.Lock()
	n.process = p
	n.mu.Unlock()
	n.c.t.Cleanup(func() { p.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready") {
			go io.Copy(io.Discard, out) // ends with the process
			return
		}
	}
	p.Wait()
	n.c.t.Fatalf("node %d did not start:\n%s", n.number, n.said())
}

// said returns the end of what a node has logged.
func (n *killedNode) said() string {
	text, err := os.ReadFile(filepath.Join(n.dir, "stderr"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

func (n *killedNode) signal(s syscall.Signal) {
	n.c.t.Helper()
	if err := n.process.Process.Signal(s); err != nil {
		n.c.t.Fatal(err)
	}
}

// end ends a node by a signal, and waits for it.
func (n *killedNode) end(s syscall.Signal) {
	n.c.t.Helper()
	n.signal(s)
	if err := n.process.Wait(); s == syscall.SIGTERM && err != nil {
		n.c.t.Errorf("the stop of node %d: %v\n%s", n.number, err, n.said())
	}
}

// faults are what happens, by name. Each lasts as long as it takes to be over.
func (c *killedNodes) faults() map[string]func(n *killedNode) {
	lease := *nodeLease
	return map[string]func(n *killedNode){
		"kill": func(n *killedNode) { n.end(syscall.SIGKILL); n.up() },
		"stand still": func(n *killedNode) { // longer than its lease
			n.signal(syscall.SIGSTOP)
			time.Sleep(2 * lease)
			n.signal(syscall.SIGCONT)
		},
		"stop":              func(n *killedNode) { n.end(syscall.SIGTERM); n.up() },
		"cut from database": func(n *killedNode) { n.toStore.cut(2 * lease) },
		"cut from nodes":    func(n *killedNode) { n.toPeers.cut(2 * lease) },
		"cut from provider": func(n *killedNode) { n.toSends.cut(2 * lease) },
		"database crashes": func(*killedNode) {
			c.database.Stop(c.t, "immediate")
			c.database.Run(c.t)
		},
		"database restarts": func(*killedNode) { c.database.Restart(c.t, "fast") },
	}
}

// order is in which order things happen.
var nodeFaultOrder = []string{"kill", "stand still", "kill", "cut from database", "kill", "database crashes", "kill", "cut from nodes", "kill", "cut from provider", "stop", "database restarts"}

// lives lets so many things happen under load, and judges what is left.
func (c *killedNodes) lives(n int) {
	var all sync.WaitGroup
	for _, node := range c.nodes {
		all.Go(node.up)
	}
	all.Wait()
	c.events = 60
	c.post(0, c.events, 0)
	over := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() { c.keepPosting(over) })
	faults, dice := c.faults(), rand.New(rand.NewPCG(uint64(n), 7))
	happened := map[string]int{}
	for i := range n {
		what := nodeFaultOrder[i%len(nodeFaultOrder)]
		if *nodeFault != "" {
			what = *nodeFault
		}
		node := c.nodes[dice.IntN(len(c.nodes))]
		c.t.Logf("%s: %s, node %d", time.Now().Format("15:04:05.000"), what, node.number)
		faults[what](node)
		happened[what]++
		time.Sleep(time.Duration(dice.Int64N(int64(*nodeLease)))) // anything from at once to a lease
	}
	close(over)
	load.Wait()
	c.settleNodes()
	for _, node := range c.nodes {
		all.Go(func() { node.end(syscall.SIGTERM) })
	}
	all.Wait()
	c.judge()
	c.t.Logf("happened: %v", happened)
}

// settleNodes waits until no run lives and every webhook is delivered.
func (c *killedNodes) settleNodes() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Minute+20**nodeLease)
	defer cancel()
	for {
		live, err := c.liveRuns()
		if err == nil && live == 0 {
			break
		}
		select {
		case <-ctx.Done():
			c.t.Fatalf("%d runs still live (%v), such as %s\n%s", live, err, c.sample(), c.saidAll())
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := c.sandbox.Settle(ctx); err != nil {
		c.t.Fatal(err)
	}
}

// openShared opens the store, to be read.
func (c *killedNodes) openShared() *store.Store {
	c.t.Helper()
	d, err := postgres.Open(context.Background(), c.url, slog.New(slog.DiscardHandler))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(d.Close)
	var all []*store.Store
	for p := range d.Partitions() {
		all = append(all, store.View(d.Pages(p)))
	}
	return store.Join(all)
}

// wire is a way over TCP that can be cut: nothing passes, and nobody is told.
type wire struct {
	address string
	to      string
	mu      sync.Mutex // guards all
	open    map[net.Conn]bool
	healed  chan struct{} // closed while it is not cut
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: l.Addr().String(), to: to, open: map[net.Conn]bool{}, healed: make(chan struct{})}
	close(w.healed)
	t.Cleanup(func() { l.Close(); w.drop() })
	go func() { // ends with the listener
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(from)
		}
	}()
	return w
}

// carry carries the bytes of a connection in both directions.
func (w *wire) carry(from net.Conn) {
	defer from.Close()
	<-w.whole()
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer to.Close()
	w.mu.Lock()
	w.open[from], w.open[to] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	for _, ends := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			w.pass(ends[0], ends[1])
			errors.Join(ends[0].Close(), ends[1].Close())
		})
	}
	both.Wait()
	w.mu.Lock()
	delete(w.open, from)
	delete(w.open, to)
	w.mu.Unlock()
}

func (w *wire) pass(from, to net.Conn) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		<-w.whole()
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (w *wire) whole() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.healed
}

// cut cuts the wire for some time. When it heals, what had been on it is lost.
func (w *wire) cut(d time.Duration) {
	w.mu.Lock()
	w.healed = make(chan struct{})
	healed := w.healed
	w.mu.Unlock()
	time.Sleep(d)
	w.drop()
	close(healed)
}

// drop ends all connections.
func (w *wire) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		c.Close()
	}
}
