//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// daemon is a nudge in the background of a script.
type daemon struct {
	cmd  *exec.Cmd
	out  bytes.Buffer // all lines; complete once read is done
	errs bytes.Buffer
	read sync.WaitGroup
}

// passedOn are the variables of a script that its commands see.
var passedOn = []string{
	"PATH", "HOME", "TMPDIR", "GORACE", "NO_COLOR",
	"NUDGE_SERVER", "NUDGE_TOKEN", "NUDGE_CA", "COMAPI_TOKEN", "SECRET", "SANDBOX", "API", "HOOKS", "NOWHERE", "STAGING_TOKEN", "PRODUCTION_TOKEN",
}

// command is nudge as a script would run it.
func command(ts *testscript.TestScript, args ...string) *exec.Cmd {
	return program(ts, "nudge", args...)
}

// program is one of our programs as a script would run it.
func program(ts *testscript.TestScript, name string, args ...string) *exec.Cmd {
	var path string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if candidate := filepath.Join(dir, name); path == "" && isFile(candidate) {
			path = candidate
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range passedOn {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func daemons(ts *testscript.TestScript) map[string]*daemon {
	key := daemonsKey{ts}
	if known, ok := allDaemons.Load(key); ok {
		return known.(map[string]*daemon)
	}
	fresh := map[string]*daemon{}
	allDaemons.Store(key, fresh)
	ts.Defer(func() {
		for _, d := range fresh { // those that a failed script left behind
			d.cmd.Process.Kill()
			d.read.Wait()
			d.cmd.Wait()
		}
		allDaemons.Delete(key)
	})
	return fresh
}

type daemonsKey struct{ ts *testscript.TestScript }

var allDaemons sync.Map // of map[string]*daemon by daemonsKey; a script is one goroutine

func startDaemon(ts *testscript.TestScript, _ bool, args []string) {
	d := &daemon{cmd: command(ts, args[1:]...)}
	d.cmd.Stderr = &d.errs
	stdout, err := d.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(d.cmd.Start())
	daemons(ts)[args[0]] = d
	ready := make(chan string, 1)
	d.read.Go(func() {
		defer close(ready)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			d.out.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), " is ready: ") {
				ready <- lines.Text()
			}
		}
	})
	line, ok := waitFor(ready)
	if !ok {
		d.cmd.Process.Kill()
		d.read.Wait()
		d.cmd.Wait()
		delete(daemons(ts), args[0])
		ts.Fatalf("nudge %v did not become ready:\n%s%s", args[1:], d.out.String(), d.errs.String())
	}
	words := strings.Fields(line[strings.Index(line, ": ")+2:])
	for i := 0; i+1 < len(words); i += 2 {
		ts.Setenv(args[0]+"_"+words[i], words[i+1])
	}
}

func waitFor(ready <-chan string) (line string, ok bool) {
	select {
	case line, ok = <-ready:
	case <-time.After(patience):
	}
	return line, ok
}

func signalDaemon(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "KILL": syscall.SIGKILL}
	ts.Check(daemons(ts)[args[0]].cmd.Process.Signal(signals[args[1]]))
	if args[1] == "KILL" {
		finishDaemon(ts, args[0])
	}
}

func stopDaemon(ts *testscript.TestScript, _ bool, args []string) {
	want := 0
	if len(args) > 1 {
		want, _ = strconv.Atoi(args[1])
	}
	ts.Check(daemons(ts)[args[0]].cmd.Process.Signal(os.Interrupt))
	if got, said := finishDaemon(ts, args[0]); got != want {
		ts.Fatalf("%s exited with %d, want %d:\n%s", args[0], got, want, said)
	}
}

// finishDaemon waits for the end of a daemon and keeps what it said.
func finishDaemon(ts *testscript.TestScript, name string) (code int, said string) {
	d := daemons(ts)[name]
	delete(daemons(ts), name)
	d.read.Wait()
	err := d.cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs(name+".out"), d.out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(name+".err"), d.errs.Bytes(), 0o600))
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", name, err)
	}
	return d.cmd.ProcessState.ExitCode(), d.out.String() + d.errs.String()
}

// runForCode runs nudge for its exit code.
func runForCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	cmd := command(ts, args[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run() // its code is what counts
	ts.Check(os.WriteFile(ts.MkAbs("out"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), errs.Bytes(), 0o600))
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("nudge %v exited with %d, want %d:\n%s%s", args[1:], got, want, out.String(), errs.String())
	}
}
