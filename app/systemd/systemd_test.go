//go:build unix

package systemd

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// listen plays systemd. The function that it returns has the datagrams that have come so far.
func listen(t *testing.T, more map[string]string) (*Manager, func() []string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	dir, err := os.MkdirTemp("", "systemd") // a path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m, err := FromEnvironment(func(name string) (string, bool) {
		if name == "NOTIFY_SOCKET" {
			return path, true
		}
		value, ok := more[name]
		return value, ok
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	return m, func() (all []string) {
		if _, err := c.WriteToUnix([]byte("end"), &net.UnixAddr{Name: path, Net: "unixgram"}); err != nil {
			t.Fatal(err)
		}
		for buffer := make([]byte, 4096); ; {
			n, err := c.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			if string(buffer[:n]) == "end" {
				return all
			}
			all = append(all, string(buffer[:n]))
		}
	}
}

// ticks are so many ticks, and then an end.
func ticks(n int) <-chan time.Time {
	c := make(chan time.Time, n)
	for range n {
		c <- time.Time{}
	}
	close(c)
	return c
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("systemd was told\n%q, want\n%q", got, want)
	}
}

// A process becomes ready once, and a reload is only shown after that.
func TestReady(t *testing.T) {
	m, told := listen(t, nil)
	m.Reloading()()
	want(t, told())
	look := 0
	ready := func() error {
		if look++; look == 2 || look == 3 {
			return nil
		}
		return errors.New("the disk\nis full")
	}
	m.Attend(t.Context(), ticks(4), ready, nil) // without a watchdog nobody asks how long a step stands
	want(t, told(), "STATUS=not ready: the disk is full", "READY=1\nSTATUS=ready", "STATUS=not ready: the disk is full")
	m.Reloading()()
	m.Stopping()
	want(t, told(), "RELOADING=1", "READY=1", "STOPPING=1")
}

// The beat goes on only as long as the engine moves.
func TestBeat(t *testing.T) {
	m, told := listen(t, map[string]string{"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())})
	if m.Every() != 500*time.Millisecond {
		t.Errorf("it looks every %v", m.Every())
	}
	stands := []time.Duration{0, time.Second, time.Second + 1, time.Hour, 0}
	standing := func() time.Duration {
		d := stands[0]
		stands = stands[1:]
		return d
	}
	m.Attend(t.Context(), ticks(4), func() error { return nil }, standing)
	want(t, told(), "WATCHDOG=1", "READY=1\nSTATUS=ready", "WATCHDOG=1", "WATCHDOG=1")
}

// The watchdog of another process is none of ours.
func TestWatchdogOfAnother(t *testing.T) {
	m, told := listen(t, map[string]string{"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"})
	m.Attend(t.Context(), ticks(1), func() error { return nil }, nil)
	want(t, told(), "READY=1\nSTATUS=ready")
}

// Without a service manager nothing is told, and nothing fails.
func TestNoManager(t *testing.T) {
	m, err := FromEnvironment(func(string) (string, bool) { return "", false }, nil)
	if err != nil || m != nil || m.Every() != Look {
		t.Fatal(m, err)
	}
	m.Reloading()()
	m.Stopping()
	m.Attend(t.Context(), nil, nil, nil)
}

// What does not arrive is in the log once, and is tried again.
func TestLostLines(t *testing.T) {
	var log bytes.Buffer
	m, err := FromEnvironment(func(name string) (string, bool) {
		if name == "NOTIFY_SOCKET" {
			return "/nowhere/notify", true
		}
		return "", false
	}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	m.Stopping()
	m.Stopping()
	if strings.Count(log.String(), "systemd cannot be told") != 1 {
		t.Errorf("the log has\n%s", &log)
	}
}
