//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// killPoints are where a process is killed: at a random instant, and on each side of everything
// that others can see of it.
var killPoints = []string{
	"random",
	"disk:kill-before", // an operation of the store's file; see testdata/disk
	"disk:kill-after",
	"event arrives", // it may not be committed
	"event answered",
	"post arrives", // the provider has not taken the message
	"post taken",   // and has not said so
	"post answered",
	"webhook arrives",
	"webhook answered",
}

// trap kills the process when a point is reached for the n-th time.
type trap struct {
	mu     sync.Mutex
	point  string
	left   int
	victim *os.Process    // nil while there is none
	sprung map[string]int // by point: how often it killed
}

// watch gives the trap the process that it kills; nil for none.
func (t *trap) watch(victim *os.Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.victim = victim
}

// arm sets the trap.
func (t *trap) arm(point string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.point, t.left = point, n
}

// reach says that a point is reached.
func (t *trap) reach(point string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.point != point || t.victim == nil {
		return
	}
	if t.left--; t.left == 0 {
		t.point = ""
		t.sprung[point]++
		t.victim.Signal(syscall.SIGKILL)
	}
}

// note counts a death.
func (t *trap) note(point string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sprung[point]++
}

// provider has the points of a post around a provider.
func (t *trap) provider(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			handler.ServeHTTP(w, r)
			return
		}
		t.reach("post arrives")
		if t.armed("post taken") {
			kept := httptest.NewRecorder()
			defer func() {
				if p := recover(); p != nil { // the provider drops the connection
					t.reach("post taken")
					panic(p)
				}
			}()
			handler.ServeHTTP(kept, r)
			t.reach("post taken")
			for name, values := range kept.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(kept.Code)
			bytes.NewReader(kept.Body.Bytes()).WriteTo(w)
			return
		}
		handler.ServeHTTP(w, r)
		http.NewResponseController(w).Flush()
		t.reach("post answered")
	})
}

func (t *trap) armed(point string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.point == point
}

// set prepares the next death of a process that is about to start, and returns the fault of its
// disk.
func (k *killed) set(point string) (fault string) {
	kind, disk := strings.CutPrefix(point, "disk:")
	if disk {
		return fmt.Sprintf("%d:%s", 1+k.dice.IntN(60), kind)
	}
	k.trap.arm(point, 1+k.dice.IntN(8))
	return ""
}

// die waits until the process is dead. Where the point is not reached, it kills it.
func (k *killed) die(point string) {
	dead := make(chan struct{})
	go func() {
		k.process.Wait()
		k.trap.watch(nil)
		close(dead)
	}()
	wait := 2 * time.Second
	if point == "random" {
		wait = time.Duration(20+k.dice.IntN(300)) * time.Millisecond
	}
	select {
	case <-dead:
		if strings.HasPrefix(point, "disk:") {
			k.trap.note(point)
		}
	case <-time.After(wait):
		k.trap.arm("", 0)
		k.process.Process.Signal(syscall.SIGKILL)
		<-dead
		k.trap.note("random")
	}
}

// allSprung fails if a process was killed nowhere at one of the points.
func (k *killed) allSprung(t *testing.T) {
	t.Helper()
	k.trap.mu.Lock()
	defer k.trap.mu.Unlock()
	t.Logf("killed at %v", k.trap.sprung)
	if len(k.trap.sprung) < 2 {
		t.Error("no point but one was reached")
	}
	for _, point := range killPoints {
		if k.trap.sprung[point] == 0 && *kills >= 2*len(killPoints) {
			t.Errorf("it was never killed at the point %q", point)
		}
	}
	for point := range k.trap.sprung {
		if !slices.Contains(killPoints, point) {
			t.Errorf("%q is no point", point)
		}
	}
}
