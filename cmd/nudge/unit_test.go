//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// unitFile is the service that packages bring along.
const unitFile = "../../packaging/nudge.service"

// mostExposure is how exposed the service may be, by the measure of systemd-analyze, from 0 to 10.
const mostExposure = 2.0

// TestUnitIsHardened holds the service to what systemd thinks of it.
func TestUnitIsHardened(t *testing.T) {
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", unitFile).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze, of Debian's package systemd: %v\n%s", err, out)
	}
	m := regexp.MustCompile(`Overall exposure level for nudge.service: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("there is no overall level in\n%s", out)
	}
	if level, err := strconv.ParseFloat(string(m[1]), 64); err != nil || level > mostExposure {
		t.Errorf("the exposure is %s, want %v or less:\n%s", m[1], mostExposure, out)
	}
}

// TestUnitStarts runs the command line of the service as systemd would, with a watchdog and an end of it that is
// closer, and listens to what it says.
func TestUnitStarts(t *testing.T) {
	unit := readUnit(t)
	if unit["Type"] != "notify" || unit["ExecReload"] != "/bin/sh -c 'kill -HUP $MAINPID'" {
		t.Fatalf("the service is %v", unit)
	}
	dir := copyProject(t, os.DirFS("testdata/unit"))
	words := strings.Fields(unit["ExecStart"])
	if words[0] != "/usr/bin/nudge" {
		t.Fatalf("it starts %s", words[0])
	}
	words[0] = builtProgram(t)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "/etc/nudge/", dir+"/")
	}
	manager, path := listenAsManager(t)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=200000")
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer cmd.Process.Kill()

	await := func(want string) {
		t.Helper()
		for {
			line, err := manager()
			if err != nil {
				cmd.Process.Kill()
				t.Fatalf("it never said %s: %v\n%v\n%s", want, err, <-ended, &errs)
			}
			if line == want {
				return
			}
		}
	}
	await("READY=1\nSTATUS=ready")
	await("WATCHDOG=1")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await("RELOADING=1")
	await("READY=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await("STOPPING=1")
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v\n%s", err, &errs)
	}
}

// readUnit reads the settings of the service; of one that stands several times, the last.
func readUnit(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	unit := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			unit[key] = value
		}
	}
	return unit
}

// listenAsManager plays systemd. The function that it returns waits for the next datagram.
func listenAsManager(t *testing.T) (next func() (string, error), path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "unit") // a path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path = filepath.Join(dir, "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	return func() (string, error) {
		n, err := c.Read(buffer)
		return string(buffer[:n]), err
	}, path
}
