//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestRollingNodes restarts the nodes one after the other under load, as an upgrade does. No request fails that is sent once more after
// 503. Then a node is killed. The log says how long requests took (go test ./cmd/nudge -run TestRollingNodes -node-lease 10s -v).
func TestRollingNodes(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := newClusterOfKilled(t)
	var all sync.WaitGroup
	for _, node := range c.nodes {
		all.Go(node.up)
	}
	all.Wait()
	l := &rollingLoad{c: c}
	l.until(func() {
		for _, node := range c.nodes {
			node.end(syscall.SIGTERM)
			node.up()
		}
	})
	l.tell("the nodes were restarted in order")
	for _, r := range l.all {
		if r.tries > 2 {
			t.Errorf("a request got %d answers of 503 before it was taken, want one at most", r.tries-1)
		}
	}
	l.all = nil
	l.until(func() {
		c.nodes[0].end(syscall.SIGKILL)
		time.Sleep(*nodeLease + 4*time.Second)
	})
	l.tell("a node was killed")
	for _, node := range c.nodes[1:] {
		all.Go(func() { node.end(syscall.SIGTERM) })
	}
	all.Wait()
}

// rollingLoad is events that come all the time, each of another person.
type rollingLoad struct {
	c   *killedNodes
	n   atomic.Int64
	mu  sync.Mutex // guards all
	all []rolled
}

// rolled is how it went with one event, from when it was first sent until it was taken.
type rolled struct {
	began time.Time
	took  time.Duration
	tries int
}

// until sends events while something happens, and waits for the answers.
func (l *rollingLoad) until(happens func()) {
	over := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(10 * time.Millisecond):
					l.send()
				}
			}
		})
	}
	time.Sleep(*nodeLease) // so that all is calm at first
	happens()
	close(over)
	callers.Wait()
}

// send sends an event to a node that is ready. A node that cannot be reached is passed over, as load balancers do; after 503 it waits as
// long as it is told to, and sends the event again.
func (l *rollingLoad) send() {
	n := l.n.Add(1)
	body := fmt.Sprintf(`{"id":"r-%d","type":"order","profile":"r-%d","data":{"id":"R-%d"}}`, n, n, n)
	r := rolled{began: time.Now()}
	for turn := n; ; turn++ {
		node := l.c.nodes[int(turn)%len(l.c.nodes)]
		if !ready(l.c.client, node.base) {
			if time.Since(r.began) > time.Minute {
				l.c.t.Errorf("an event is not taken for a minute")
				return
			}
			time.Sleep(time.Millisecond)
			continue
		}
		response, err := l.c.client.Post(node.base+"/v1/events", "application/json", strings.NewReader(body))
		if err != nil {
			continue
		}
		answer, _ := io.ReadAll(response.Body)
		response.Body.Close()
		r.tries++
		switch response.StatusCode {
		case http.StatusOK:
			r.took = time.Since(r.began)
			l.mu.Lock()
			l.all = append(l.all, r)
			l.mu.Unlock()
			return
		case http.StatusServiceUnavailable:
			time.Sleep(time.Second) // Retry-After
		default:
			l.c.t.Errorf("an event is answered with %d %s", response.StatusCode, answer)
			return
		}
	}
}

// ready reports whether a node says that it takes requests.
func ready(client *http.Client, base string) bool {
	response, err := client.Get(base + "/-/ready")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// tell logs how long requests took.
func (l *rollingLoad) tell(what string) {
	slices.SortFunc(l.all, func(a, b rolled) int { return int(a.took - b.took) })
	at := func(share float64) time.Duration {
		return l.all[int(share*float64(len(l.all)-1))].took.Round(time.Millisecond / 10)
	}
	again := 0
	for _, r := range l.all {
		if r.tries > 1 {
			again++
		}
	}
	l.c.t.Logf("while %s (lease %s): %d requests, %d sent again after 503; half took %s, 90 %% %s, 99 %% %s, the longest %s", what, *nodeLease, len(l.all), again, at(.5), at(.9), at(.99), at(1))
}
