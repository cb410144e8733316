//go:build unix

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"nudge/app"
	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/bolt"
)

var (
	restoreBytes = flag.Int("restore-bytes", 8<<20, "about how large the backup of TestKillRestore is; a long run has 200 MiB")
	restoreKills = flag.Int("restore-kills", 4, "in how many places TestKillRestore kills a restore; a long run has 20")
)

// TestKillRestore kills a restore again and again, each time further on. It leaves no store, and the next restore into the same folder
// makes a whole one.
func TestKillRestore(t *testing.T) {
	t.Parallel()
	binary, text := builtProgram(t), largeBackup(t)
	dir := filepath.Join(t.TempDir(), "data")
	for kill := range *restoreKills {
		part := len(text) / *restoreKills * kill
		process := exec.Command(binary, "store", "restore", "-", dir, "--nobody-forgotten")
		in, err := process.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(text[:part]); err != nil {
			t.Fatal(err)
		}
		process.Process.Kill()
		process.Wait()
		if _, err := os.Stat(filepath.Join(dir, bolt.FileName)); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("after a kill at byte %d of %d there is a store: %v", part, len(text), err)
		}
	}
	process := exec.Command(binary, "store", "restore", "-", dir, "--nobody-forgotten")
	process.Stdin = bytes.NewReader(text)
	if out, err := process.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(binary, "store", "check", dir).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("all is well")) {
		t.Errorf("%v\n%s", err, out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 3 { // the store, its lock and its audiences
		t.Errorf("the folder has %v, %v", left, err)
	}
}

// largeBackup is a backup of a store with many people.
func largeBackup(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoop(s, core, 1)
	const each = 4 << 10
	about := bytes.Repeat([]byte("x"), each)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for n := 0; n < *restoreBytes/(2*each); { // once in the profile, once in the journal
		var groups []*runner.Group
		for range 500 {
			change := &engine.ProfileChange{Profile: fmt.Sprint("p", n), Set: fmt.Appendf(nil, `{"about": %q}`, about)}
			groups = append(groups, &runner.Group{Inputs: []*engine.Input{{Payload: change}}})
			n++
		}
		if _, err := loop.Step(now, groups); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := app.BackUp(t.Context(), dir, &text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}
