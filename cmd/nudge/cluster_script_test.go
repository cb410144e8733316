//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nudge/client"
	"nudge/sandbox"
)

var balancer = flag.Bool("balancer", false, "let TestClusterScript need caddy, and send through it; ./test.sh long does")

// TestClusterScript runs examples/cluster/run.sh: an event that one node takes is seen at another one, the cluster goes on without a node
// that is killed, and at the end nothing is left.
func TestClusterScript(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := startScript(t)
	first, second := c.client(c.nodes[0].address), c.client(c.nodes[1].address)
	if c.balancer != "" {
		first = c.client(c.balancer)
	}
	c.send(first, "a")
	c.untilRuns(second, 20)
	c.untilPosted(20)
	if err := syscall.Kill(c.nodes[2].process, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.send(first, "b")
	c.untilRuns(second, 40)
	c.untilPosted(40)
	if *balancer {
		c.keepsNode()
	}
	c.end()
}

// scriptCluster is a cluster that the script runs.
type scriptCluster struct {
	t        *testing.T
	script   *exec.Cmd
	errs     bytes.Buffer
	nodes    []scriptNode
	sandbox  string
	balancer string // empty: there is none
	dir      string // all files of the cluster
	ended    bool
}

type scriptNode struct {
	address string
	process int
}

const scriptToken = "the-token-of-the-script"

func startScript(t *testing.T) *scriptCluster {
	t.Helper()
	project := copyProject(t, os.DirFS(filepath.Join(root, "examples/cluster")))
	settings := filepath.Join(project, "nudge.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	quicker := strings.Replace(string(text), `name: "${NUDGE_NODE}" }`, `name: "${NUDGE_NODE}", lease: 1s }`, 1)
	if quicker == string(text) {
		t.Fatal("nudge.yaml of the example does not name its node as before")
	}
	if err := os.WriteFile(settings, []byte(quicker), 0o644); err != nil {
		t.Fatal(err)
	}
	var ports []string
	for range 5 {
		_, port, _ := net.SplitHostPort(free(t))
		ports = append(ports, port)
	}
	c := &scriptCluster{t: t}
	c.script = exec.Command("sh", filepath.Join(project, "run.sh"))
	c.script.Env = append(os.Environ(), "NUDGE="+builtProgram(t), "PORTS="+strings.Join(ports, " "), "TMPDIR="+inMemory(t), "NUDGE_TOKEN="+scriptToken)
	c.script.Stderr = &c.errs
	c.script.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // it tidies up, however the test ends
	out, err := c.script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.script.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !c.ended {
			errors.Join(c.script.Process.Signal(syscall.SIGTERM), c.script.Wait())
		}
	})
	c.read(out)
	return c
}

// inMemory is a folder in memory, where the system offers that: syncs take no time there.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "nudge-script-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // also for the user of PostgreSQL
		t.Fatal(err)
	}
	return dir
}

var (
	nodeLine    = regexp.MustCompile(`^node \S+: (\S+) process (\d+)$`)
	addressLine = regexp.MustCompile(`^(sandbox|load balancer|logs): (\S+)$`)
)

// read reads what the script says until the cluster is ready.
func (c *scriptCluster) read(out io.Reader) {
	c.t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "The cluster is ready.") {
			break
		}
		if m := nodeLine.FindStringSubmatch(lines.Text()); m != nil {
			process, _ := strconv.Atoi(m[2])
			c.nodes = append(c.nodes, scriptNode{m[1], process})
		}
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			*map[string]*string{"sandbox": &c.sandbox, "load balancer": &c.balancer, "logs": &c.dir}[m[1]] = m[2]
		}
	}
	if len(c.nodes) != 3 || c.sandbox == "" || c.dir == "" || *balancer && c.balancer == "" {
		c.ended = true
		c.t.Fatalf("the script has not said all: %+v, %v\n%s", c.nodes, c.script.Wait(), &c.errs)
	}
}

func (c *scriptCluster) client(server string) *client.Client {
	c.t.Helper()
	made, err := client.New(client.Config{Server: server, Token: scriptToken})
	if err != nil {
		c.t.Fatal(err)
	}
	return made
}

// until tries something until it succeeds.
func (c *scriptCluster) until(try func(ctx context.Context) error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			c.t.Fatal(last)
		}
	}
}

// send tells of twenty parcels, for a person each. What a node does not take, because a partition has no node, is sent again with
// the same id.
func (c *scriptCluster) send(to *client.Client, batch string) {
	c.t.Helper()
	for n := range 20 {
		parcel := fmt.Sprint(batch, n)
		data, err := json.Marshal(map[string]string{"parcel": parcel, "recipient": "person-" + parcel, "shop": "Corner Shop"})
		if err != nil {
			c.t.Fatal(err)
		}
		c.until(func(ctx context.Context) error {
			_, err := to.SendEvent(ctx, client.Event{ID: parcel, Type: "parcel.arrived", Data: data})
			return err
		})
	}
}

// untilRuns waits until a node shows so many runs.
func (c *scriptCluster) untilRuns(at *client.Client, want int) {
	c.t.Helper()
	c.until(func(ctx context.Context) error {
		page, err := at.Runs(ctx, client.RunQuery{Limit: 100})
		if err == nil && len(page.Runs) != want {
			err = fmt.Errorf("a node shows %d runs, want %d", len(page.Runs), want)
		}
		return err
	})
}

// untilPosted waits until so many people have got a message, each one.
func (c *scriptCluster) untilPosted(people int) {
	c.t.Helper()
	c.until(func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.sandbox+"/sandbox/messages?limit=100", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		var got []sandbox.Message
		if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
			return err
		}
		messages := map[string]int{}
		for _, m := range got {
			messages[m.Profile]++
		}
		if len(messages) != people || len(got) != people {
			return fmt.Errorf("%d messages for %v, want one for each of %d people", len(got), slices.Sorted(maps.Keys(messages)), people)
		}
		return nil
	})
}

// keepsNode sees whether the load balancer gives a browser its node: who has logged in to the console stays logged in. A node may lose
// its short lease on a busy machine, and then the browser gets another one; so it is tried again.
func (c *scriptCluster) keepsNode() {
	c.t.Helper()
	c.until(func(ctx context.Context) error {
		b := &browser{at: c.balancer, cookies: map[string]string{}}
		if status, err := b.ask(ctx, http.MethodPost, "/console/login", "token="+scriptToken); status != http.StatusSeeOther {
			return fmt.Errorf("the login to the console is answered %d (%v)", status, err)
		}
		for range 30 { // by chance it never is the same node so often
			if status, err := b.ask(ctx, http.MethodGet, "/console/", ""); status != http.StatusOK {
				return fmt.Errorf("after the login the console answers %d (%v): the balancer chose another node", status, err)
			}
		}
		return nil
	})
}

// browser is somebody who has cookies.
type browser struct {
	at      string
	cookies map[string]string
}

func (b *browser) ask(ctx context.Context, method, path, body string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, method, b.at+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.at)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	for _, cookie := range response.Cookies() {
		b.cookies[cookie.Name] = cookie.Value
	}
	return response.StatusCode, nil
}

// end ends the script as somebody does who stops it, and looks for what is left.
func (c *scriptCluster) end() {
	c.t.Helper()
	c.ended = true
	if err := c.script.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if err := c.script.Wait(); c.script.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		c.t.Errorf("the script ended with %v\n%s", err, &c.errs)
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
		c.t.Errorf("the folder of the cluster is still there: %v", err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range processes {
		command, _ := os.ReadFile(p + "/cmdline") // it may have ended
		environment, _ := os.ReadFile(p + "/environ")
		if bytes.Contains(append(command, environment...), []byte(c.dir)) {
			c.t.Errorf("a process is left: %s", bytes.ReplaceAll(command, []byte{0}, []byte{' '}))
		}
	}
}
