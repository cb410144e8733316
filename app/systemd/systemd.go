// Package systemd tells systemd how the process stands, as sd_notify(3) says: by datagrams to a socket that the
// environment names. It is so small that a library would be more to read.
package systemd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Look is how often Attend should look at the process. A shorter watchdog needs it more often.
const Look = time.Second

// Manager is the service manager that started the process. All that a nil Manager is told is lost.
type Manager struct {
	socket   *net.UnixAddr
	watchdog time.Duration // without a beat for so long, systemd ends the process; 0: it waits for none

	log *slog.Logger

	ready atomic.Bool // it knows that the process is ready
	lost  atomic.Bool // the last that it was told did not arrive
}

// FromEnvironment returns the service manager that the environment names, or nil if there is none.
func FromEnvironment(env func(string) (string, bool), log *slog.Logger) (*Manager, error) {
	path, _ := env("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	m := &Manager{socket: &net.UnixAddr{Name: path, Net: "unixgram"}, log: log}
	text, _ := env("WATCHDOG_USEC")
	if pid, given := env("WATCHDOG_PID"); text == "" || given && pid != strconv.Itoa(os.Getpid()) {
		return m, nil
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil || micros <= 0 {
		return nil, fmt.Errorf("WATCHDOG_USEC is %q, which is no number of microseconds", text)
	}
	m.watchdog = time.Duration(micros) * time.Microsecond
	return m, nil
}

// Every returns how often Attend must look.
func (m *Manager) Every() time.Duration {
	if m == nil || m.watchdog == 0 {
		return Look
	}
	return min(Look, m.watchdog/4)
}

// Attend says once that the process is ready, when it is. It beats as long as no step of the engine has taken half of the
// watchdog's time: a process that stands still is ended and started again. It looks at once and at every tick,
// until ctx or the ticks end.
func (m *Manager) Attend(ctx context.Context, ticks <-chan time.Time, ready func() error, standing func() time.Duration) {
	if m == nil {
		return
	}
	for told := ""; ; {
		if m.watchdog > 0 && standing() <= m.watchdog/2 {
			m.tell("WATCHDOG=1")
		}
		status := "STATUS=ready"
		why := ready()
		if why != nil {
			status = "STATUS=not ready: " + strings.ReplaceAll(why.Error(), "\n", " ")
		}
		if status != told {
			m.became(why == nil, status)
			told = status
		}
		select {
		case <-ctx.Done():
			return
		case _, more := <-ticks:
			if !more {
				return
			}
		}
	}
}

// became tells a status. Once the process was ready, it stays so for systemd, which knows no way back.
func (m *Manager) became(ready bool, status string) {
	if !ready || m.ready.Swap(true) {
		m.tell(status)
		return
	}
	m.tell("READY=1", status)
}

// Reloading says that a reload begins. The function that it returns says that it has ended.
func (m *Manager) Reloading() (ended func()) {
	if m == nil || !m.ready.Load() { // before, it would be taken for the end of the start
		return func() {}
	}
	m.tell("RELOADING=1")
	return func() { m.tell("READY=1") }
}

// Stopping says that the process is about to end.
func (m *Manager) Stopping() {
	if m != nil {
		m.tell("STOPPING=1")
	}
}

// tell sends lines in one datagram. If it cannot, the log says so once, and the next one is tried again: a
// watchdog must not end a process because of one lost line.
func (m *Manager) tell(lines ...string) {
	c, err := net.DialUnix(m.socket.Net, nil, m.socket)
	if err == nil {
		_, err = c.Write([]byte(strings.Join(lines, "\n")))
		c.Close()
	}
	if lost := err != nil; m.lost.Swap(lost) != lost && lost {
		m.log.Error("systemd cannot be told how this process stands", "error", err)
	}
}
