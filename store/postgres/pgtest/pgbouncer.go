//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// PgBouncer starts a PgBouncer in transaction mode before the server, which runs as long as the test, and returns the URL of the same
// database through it.
func (s *Server) PgBouncer(t testing.TB, of string) string {
	t.Helper()
	u := parse(t, of)
	var err error
	for range 5 { // a port that was free may be taken meanwhile
		var port int
		if port, err = freePort(); err != nil {
			t.Fatal(err)
		}
		if err = s.startPooler(t, port); err == nil {
			u.Host = fmt.Sprintf("127.0.0.1:%d", port)
			return u.String()
		}
	}
	t.Fatalf("PgBouncer for tests: %v; test.sh installs what it needs", err)
	return ""
}

func (s *Server) startPooler(t testing.TB, port int) error {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // which is not in everybody's PATH
	}
	name := filepath.Join(s.dir, fmt.Sprintf("pgbouncer%d", s.poolers.Add(1)))
	settings := fmt.Sprintf("[databases]\n* = host=%[1]s port=%[2]d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %[3]d\n"+
		"unix_socket_dir =\nauth_type = trust\nauth_file = %[4]s.users\npool_mode = transaction\ndefault_pool_size = 20\n"+
		"logfile = %[4]s.log\npidfile = %[4]s.pid\n",
		s.dir, s.port, port, name)
	users := fmt.Sprintf("%q \"\"\n%q \"\"\n", plainUser, superuser)
	if err := errors.Join(os.WriteFile(name+".ini", []byte(settings), 0o644), os.WriteFile(name+".users", []byte(users), 0o644)); err != nil {
		return err
	}
	if err := s.command(program, "-d", "-q", name+".ini"); err != nil {
		return err
	}
	t.Cleanup(func() {
		if err := s.command("sh", "-c", `kill -QUIT "$(cat "$1")" && rm -f "$1"`, "sh", name+".pid"); err != nil {
			t.Errorf("after the test: %v", err)
		}
	})
	return reachable(port)
}

// patience is how long a program may take to listen.
const patience = 10 * time.Second

// reachable waits until somebody listens at a port.
func reachable(port int) (err error) {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-again.C {
		var c net.Conn
		if c, err = net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), patience); err == nil {
			return c.Close()
		}
	}
	return err
}
