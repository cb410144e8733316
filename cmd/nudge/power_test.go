//go:build linux

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"nudge/store/bolt"
)

// The counts of TestPowerLoss. Before a release it is
//
//	go test ./cmd/nudge -run TestPowerLoss -losses 200000 -v
var (
	losses     = flag.Int("losses", 1000, "how many states after a loss of power TestPowerLoss opens")
	powerWorld = flag.String("power-world", "", "for TestPowerLoss itself: it was started to be recorded in this folder")
)

// TestPowerLoss records what the program asks of the disk below bbolt, while events and receipts
// arrive, it is stopped, killed and started again, and its store is compacted. Then it takes the
// power away before every sync: it makes the files that a disk may have then, opens them as
// nudge store check does, and compares them with what was answered and posted until then.
//
// It records with strace, since the kernel is where bbolt, the compaction and our renames meet.
// The events, the provider and the program run below the same strace, so what they saw has its
// place between the syncs.
func TestPowerLoss(t *testing.T) {
	if *powerWorld != "" {
		liveThroughIt(t, *powerWorld)
		return
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "data")
	changes := record(t, dir)
	h := tellHistory(t, folder, changes)
	db := filepath.Join(folder, bolt.FileName)
	if is, err := os.ReadFile(db); err != nil || !bytes.Equal(is, h.last.image(h.last.names[db]).read(0, int64(len(is)))) {
		t.Fatalf("the trace does not lead to what %s is: %v", db, err)
	}
	lost := h.lose(*losses)
	for _, wrong := range lost.wrong {
		t.Error(wrong)
	}
	t.Logf("%d states at %d syncs, %d commits, %d answers and messages; %d without a store, %d resumed",
		lost.states, len(h.windows), len(h.moments), h.witnesses, lost.without, lost.resumed)
	if lost.states < *losses || h.witnesses == 0 || lost.without == 0 || lost.resumed == 0 {
		t.Error("this proved nothing")
	}
	for name, less := range lessDurable {
		if lost := tellHistory(t, folder, without(changes, less)).lose(500); len(lost.wrong) == 0 {
			t.Errorf("a store that does not sync %s: nothing is wrong in %d states", name, lost.states)
		} else {
			t.Logf("a store that does not sync %s: %s", name, lost.wrong[0])
		}
	}
}

// lessDurable are syncs that a worse store would not do, by a sync and whether it follows the page
// that makes a commit valid. Without them something is lost, and the states must show it.
var lessDurable = map[string]func(c change, meta bool) bool{
	"before the meta page": func(c change, meta bool) bool { return c.kind == syncFile && !meta },
	"after the meta page":  func(c change, meta bool) bool { return c.kind == syncFile && meta },
	"folders":              func(c change, _ bool) bool { return c.kind == syncFolder },
}

// without leaves out some syncs after the first answer.
func without(changes []change, less func(c change, meta bool) bool) (left []change) {
	meta, answered := false, false
	for _, c := range changes {
		if !answered || !less(c, meta) {
			left = append(left, c)
		}
		if c.kind == witness {
			answered = true
		} else {
			meta = c.kind == write && c.at < 2*int64(os.Getpagesize()) && len(c.data) <= os.Getpagesize()
		}
	}
	return left
}

// record runs the world below strace and returns what it did to its data folder.
func record(t *testing.T, dir string) []change {
	t.Helper()
	if err := errors.Join(os.Link(builtProgram(t), filepath.Join(dir, "nudge")), os.Link(faultyProgram(t), filepath.Join(dir, "faulty"))); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	out, err := exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", fmt.Sprint(1<<26), "-e", "trace="+traced, "-e", "signal=none", "-o", trace,
		os.Args[0], "-test.run=^TestPowerLoss$", "-power-world="+dir).CombinedOutput()
	if err != nil {
		t.Fatalf("strace, which ./test.sh installs: %v\n%s", err, out)
	}
	return readTrace(t, trace, filepath.Join(dir, "data"), filepath.Join(dir, "ledger"))
}

// liveThroughIt is what is recorded.
func liveThroughIt(t *testing.T, dir string) {
	k := newKilled(t, dir, filepath.Join(dir, "nudge"), 1, killSpeed)
	ledger, err := os.Create(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	var mu sync.Mutex
	at := int64(0)
	k.witness = func(line string) {
		mu.Lock()
		defer mu.Unlock()
		n, err := ledger.WriteAt([]byte(line+"\n"), at)
		if at += int64(n); err != nil {
			t.Error(err)
		}
	}
	k.begin()
	k.post(0, 6, 0)
	k.untilRead(2)
	k.end()
	if out, err := exec.Command(k.binary, "store", "compact", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n := 6
	k.binary = filepath.Join(dir, "faulty")
	for at := range 10 { // one of them comes between a commit's last write and its sync
		for ready := k.start(fmt.Sprintf("%d:kill-before", 8+at)); ready && k.event(n); {
			n++
		}
		k.process.Wait()
	}
	k.binary = filepath.Join(dir, "nudge")
	k.begin()
	k.post(n, n+4, 0)
	k.untilRead(7)
	k.end()
}

func (k *killed) data() string { return filepath.Join(k.dir, "data") }

// untilRead waits until so many messages are read.
func (k *killed) untilRead(n int) {
	k.t.Helper()
	late := time.After(patience)
	for look := time.NewTicker(10 * time.Millisecond); ; {
		k.mu.Lock()
		taken := len(k.taken)
		k.mu.Unlock()
		if taken >= n {
			return
		}
		select {
		case <-look.C:
		case <-late:
			k.t.Fatalf("%d messages are read, want %d\n%s", taken, n, k.said())
		}
	}
}

// end stops the process in the same way as an operator.
func (k *killed) end() {
	k.t.Helper()
	if err := errors.Join(k.process.Process.Signal(syscall.SIGTERM), k.process.Wait()); err != nil {
		k.t.Fatalf("the stop: %v\n%s", err, k.said())
	}
}
