//go:build unix

// Package pgtest runs a real PostgreSQL for tests, and PgBouncer before it.
//
// A test binary has one server, which begins with the first test that asks for one. It syncs as any other server does, but
// its folder is in memory where the system offers that, so that syncs take no time. A keeper process waits for the end of the
// test binary, however it ends, and then stops the server and removes the folder. If there is no PostgreSQL on the machine, the test fails.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// minVersion is the oldest PostgreSQL that will do.
const minVersion = 15

// The roles of the server. Databases belong to the plain one.
const (
	superuser = "postgres"
	plainUser = "nudge"
)

// Server is a PostgreSQL for the tests of one binary.
type Server struct {
	programs string // the folder of initdb and pg_ctl
	dir      string // all files of the server
	port     int
	as       *syscall.Credential // whom its processes belong to; nil: to whom the test belongs
	keeper   *exec.Cmd
	end      *os.File // the keeper's input; it stays open until the test binary ends

	databases atomic.Int64
	poolers   atomic.Int64
}

var shared = sync.OnceValues(begin)

// Start returns the server of this test binary.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v; test.sh installs what it needs", err)
	}
	return s
}

// Alone starts a server for one test, which may stop it while other tests run.
func Alone(t testing.TB) *Server {
	t.Helper()
	s, err := begin()
	if err != nil {
		t.Fatalf("PostgreSQL for a test: %v; test.sh installs what it needs", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.end.Close(), s.keeper.Wait()); err != nil {
			t.Errorf("after the test: %v", err)
		}
	})
	return s
}

// begin makes a cluster and starts it.
func begin() (*Server, error) {
	s := new(Server)
	if err := s.find(); err != nil {
		return nil, err
	}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	if err := s.keep(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.run("initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"); err != nil {
		return nil, err
	}
	var err error
	for range 5 { // a port that was free may be taken meanwhile
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
		if err = s.configure(); err != nil {
			return nil, err
		}
		if err = s.start(); err == nil {
			return s, s.exec("CREATE ROLE " + plainUser + " LOGIN")
		}
	}
	return nil, err
}

// find looks for the programs.
func (s *Server) find() error {
	if path, err := exec.LookPath("initdb"); err == nil {
		s.programs = filepath.Dir(path)
		return nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 || version(found[0]) < minVersion {
		return fmt.Errorf("no initdb of version %d or newer, neither in PATH nor in /usr/lib/postgresql", minVersion)
	}
	s.programs = filepath.Dir(found[0])
	return nil
}

// makeFolder makes the folder, in memory if possible. PostgreSQL refuses to run as root, so there it runs as the user
// of its package.
func (s *Server) makeFolder() (err error) {
	where := "/dev/shm"
	if info, err := os.Stat(where); err != nil || !info.IsDir() {
		where = ""
	}
	if s.dir, err = os.MkdirTemp(where, "nudge-postgres-"); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return nil
	}
	owner, err := user.Lookup(superuser)
	if err != nil {
		return errors.Join(err, os.RemoveAll(s.dir))
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, uid, gid)
}

// keeper is what the keeper does: its input ends when the test binary does.
const keeper = `cat >/dev/null
for pooler in "$1"/*.pid; do test -e "$pooler" && kill -QUIT "$(cat "$pooler")"; done
"$0"/pg_ctl -D "$1/data" -m immediate stop
rm -rf "$1"`

// keep starts the keeper. It has a session of its own, so that the keys that end a test do not end it.
func (s *Server) keep() error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	s.keeper, s.end = exec.Command("sh", "-c", keeper, s.programs, s.dir), out
	s.keeper.Dir, s.keeper.Stdin = "/", in
	s.keeper.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setsid: true}
	return s.keeper.Start()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run runs a program of PostgreSQL.
func (s *Server) run(program string, arguments ...string) error {
	return s.command(filepath.Join(s.programs, program), arguments...)
}

// command runs a program as the user of the server. Its output goes into a file: a server that it starts would hold a pipe open.
func (s *Server) command(program string, arguments ...string) error {
	out, err := os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	c := exec.Command(program, arguments...)
	c.Dir, c.Stdout, c.Stderr = "/", out, out
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setsid: true}
	if err := c.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		more, _ := os.ReadFile(s.log())
		return fmt.Errorf("%s: %w\n%s%s", filepath.Base(program), err, text, more)
	}
	return nil
}

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// configure writes the settings of the server.
func (s *Server) configure() error {
	settings := fmt.Sprintf("listen_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = '%s'\nmax_connections = 200\n"+
		"shared_buffers = 64MB\nmax_wal_size = 512MB\nfsync = on\nlog_line_prefix = '%%m %%a '\n", s.port, s.dir)
	return os.WriteFile(filepath.Join(s.data(), "postgresql.conf"), []byte(settings), 0o644)
}

func (s *Server) start() error {
	return s.run("pg_ctl", "-D", s.data(), "-l", s.log(), "-w", "start")
}

func (s *Server) url(role, database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", role, s.port, database)
}

// exec runs statements as the superuser.
func (s *Server) exec(statements ...string) error {
	return execute(s.url(superuser, "postgres"), statements)
}

func execute(where string, statements []string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, where)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := c.Exec(ctx, statement); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", statement, err), c.Close(ctx))
		}
	}
	return c.Close(ctx)
}

// Database makes an empty database that lives as long as the test, and returns its URL. Its owner is a role with no further rights.
func (s *Server) Database(t testing.TB) (url string) {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if err := s.exec("CREATE DATABASE " + name + " OWNER " + plainUser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("after the test: %v", err)
		}
	})
	return s.url(plainUser, name)
}

// Superuser returns the URL of the same database for a role that may do everything.
func (s *Server) Superuser(t testing.TB, of string) string {
	t.Helper()
	u := parse(t, of)
	return s.url(superuser, strings.TrimPrefix(u.Path, "/"))
}

// Exec runs statements in a database, as the superuser.
func (s *Server) Exec(t testing.TB, of string, statements ...string) {
	t.Helper()
	if err := execute(s.Superuser(t, of), statements); err != nil {
		t.Fatal(err)
	}
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Stop stops the server: "fast" ends all sessions, "immediate" is as if it had crashed. It is started again at the end of the test at
// the latest. All tests of the binary share the server of Start, so a test that stops it must not run in parallel with others.
func (s *Server) Stop(t testing.TB, mode string) {
	t.Helper()
	t.Cleanup(func() { s.Run(t) })
	if err := s.run("pg_ctl", "-D", s.data(), "-m", mode, "-w", "stop"); err != nil {
		t.Fatal(err)
	}
}

// Run starts the server again, unless it runs.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	if s.run("pg_ctl", "-D", s.data(), "status") == nil {
		return
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Restart stops the server and starts it again.
func (s *Server) Restart(t testing.TB, mode string) {
	t.Helper()
	s.Stop(t, mode)
	s.Run(t)
}
