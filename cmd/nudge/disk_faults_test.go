//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Before a release it is
//
//	go test ./cmd/nudge -run TestDiskFaults -every-fault -timeout 1h -v
var everyFault = flag.Bool("every-fault", false, "TestDiskFaults lets each operation of the file fail, in place of one in 100")

// diskFaults are what testdata/disk can do to an operation, and whether the process must end of it.
var diskFaults = []struct {
	kind string
	ends bool
}{{"eio", true}, {"eio-after", true}, {"enospc", true}, {"erofs", true}, {"short", true}, {"late", false}}

const faultSpeed = 40_000 // times real time: an hour takes 90 ms

// TestDiskFaults lets the first operation of the store's file fail, the second, and so on until a
// short life of the process has no more: it begins with an empty folder, takes events and receipts, and stops. A
// process whose disk fails must end with a line that says so. The next one goes on, and has
// all that was answered and posted.
func TestDiskFaults(t *testing.T) {
	step := 100
	if *everyFault {
		step = 1
	}
	for i, fault := range diskFaults {
		t.Run(fault.kind, func(t *testing.T) {
			tried := 0
			for n := 1 + i*step/len(diskFaults); lifeWithFault(t, n, fault.kind, fault.ends); n += step {
				tried++
			}
			t.Logf("%d operations", tried)
			if tried == 0 {
				t.Error("this proved nothing")
			}
		})
	}
}

// lifeWithFault lives with a fault at the n-th operation, and reports whether there was one.
func lifeWithFault(t *testing.T, n int, kind string, ends bool) (fired bool) {
	t.Helper()
	k := newKilled(t, t.TempDir(), faultyProgram(t), uint64(n), faultSpeed)
	var mu sync.Mutex
	var seen []string
	k.witness = func(line string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, line)
	}
	answered, ended := 0, make(chan error, 1)
	ready := k.start(fmt.Sprintf("%d:%s", n, kind))
	go func() { ended <- k.process.Wait() }()
	if ready {
		for answered < 4 && k.event(answered) {
			answered++
		}
		k.untilReadOr(ended)
		k.process.Process.Signal(syscall.SIGTERM)
	}
	err := <-ended
	said := k.said()
	fired = strings.Contains(said, "the disk: operation")
	var exit *exec.ExitError
	switch {
	case err != nil && (!errors.As(err, &exit) || exit.ExitCode() != int(exitFailed)):
		t.Errorf("%d: it ends with %v\n%s", n, err, said)
	case (err != nil) != (fired && ends):
		t.Errorf("%d: it ends with %v\n%s", n, err, said)
	case err != nil && (!strings.Contains(said, "\nnudge: ") || strings.Contains(said, "goroutine ")):
		t.Errorf("%d: it ends without a line that says why\n%s", n, said)
	}
	k.begin()
	k.post(answered, answered+1, 0)
	k.end()
	if report, err := checkStore(k.data()); err != nil || len(report.Problems) > 0 {
		t.Errorf("%d: the store: %v, %q", n, err, report.Problems)
	}
	kept := facts(t, k.data())
	for _, line := range seen {
		if !slices.Contains(kept, line) {
			t.Errorf("%d: %q is lost", n, line)
		}
	}
	slices.Sort(kept)
	for i, line := range kept[1:] {
		if line == kept[i] {
			t.Errorf("%d: %q came twice", n, line)
		}
	}
	return fired
}

// untilReadOr waits until a message is read, or the process has ended.
func (k *killed) untilReadOr(ended chan error) {
	k.t.Helper()
	late := time.After(patience)
	for look := time.NewTicker(5 * time.Millisecond); ; {
		k.mu.Lock()
		taken := len(k.taken)
		k.mu.Unlock()
		if taken > 0 {
			return
		}
		select {
		case <-look.C:
		case err := <-ended:
			ended <- err
			return
		case <-late:
			k.t.Fatalf("no message is read\n%s", k.said())
		}
	}
}
