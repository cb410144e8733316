//go:build unix

package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"nudge/store"
	"nudge/store/nodes"
	"nudge/store/postgres"
	"nudge/store/postgres/pgtest"
)

func writeOne(kv store.KV, key, value string) error {
	return kv.Update(func(w store.Writer) error { return w.Put(store.Runs, []byte(key), []byte(value)) })
}

func readOne(t *testing.T, kv store.KV, key string) (value string) {
	t.Helper()
	must(t, kv.View(func(r store.Reader) error {
		value = string(r.Get(store.Runs, []byte(key)))
		return nil
	}))
	return value
}

// TestFence holds that a commit of who is not the owner changes nothing, and that nothing goes on after it.
func TestFence(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 1)
	first := take(t, d, 0)
	must(t, writeOne(first, "k", "right"))
	second := take(t, d, 0)
	must(t, writeOne(second, "l", "right"))
	must(t, d.Registry().Leave(t.Context(), "n"))
	for _, c := range []struct {
		name string
		kv   store.KV
	}{
		{"of an epoch before", first},
		{"of who gave it back", second},
		{"of nobody", d.Owned(0, "", 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := writeOne(c.kv, "k", "wrong"); !errors.Is(err, nodes.ErrNotOwner) {
				t.Errorf("the commit: got %v, want ErrNotOwner", err)
			}
			if err := c.kv.View(func(store.Reader) error { return nil }); err == nil {
				t.Error("a View after that commit: got no error")
			}
			if got := readOne(t, d.Reader(0), "k"); got != "right" {
				t.Errorf("the record is %q", got)
			}
		})
	}
}

// TestLostTail holds that a commit is refused if the database does not have the one before.
func TestLostTail(t *testing.T) {
	s := pgtest.Start(t)
	d, url := made(t, s, 1)
	kv := take(t, d, 0)
	must(t, writeOne(kv, "k", "1"))
	must(t, writeOne(kv, "k", "2"))
	s.Exec(t, url, "UPDATE nudge.commits SET number = 1", "UPDATE nudge.live_0 SET value = '1'") // as a failover would
	if err := writeOne(kv, "k", "3"); !errors.Is(err, postgres.ErrLost) {
		t.Errorf("got %v, want ErrLost", err)
	}
	kv = take(t, d, 0)
	if got := readOne(t, kv, "k"); got != "1" {
		t.Errorf("the record is %q, want 1", got)
	}
	must(t, writeOne(kv, "k", "3"))
	s.Exec(t, url, "UPDATE nudge.partitions SET owner = 'another', epoch = 1") // the taking is lost, too
	if err := writeOne(kv, "k", "4"); !errors.Is(err, postgres.ErrLost) {
		t.Errorf("of an epoch that is lost: got %v, want ErrLost", err)
	}
	kv = take(t, d, 0)
	must(t, writeOne(kv, "k", "4"))
	s.Exec(t, url, "UPDATE nudge.commits SET number = 1", "UPDATE nudge.partitions SET owner = 'another', epoch = 9") // and another node was faster
	if err := writeOne(kv, "k", "5"); !errors.Is(err, postgres.ErrLost) {
		t.Errorf("after another node has taken the partition: got %v, want ErrLost", err)
	}
}

// TestUnknown holds that nothing goes on after a commit whose outcome is not known.
func TestUnknown(t *testing.T) {
	s := pgtest.Start(t)
	d, _ := made(t, s, 1)
	kv := take(t, d, 0)
	must(t, writeOne(kv, "k", "1"))
	s.Stop(t, "immediate")
	if err := writeOne(kv, "k", "2"); err == nil {
		t.Fatal("a commit without a server: got no error")
	}
	s.Run(t)
	if err := writeOne(kv, "k", "3"); err == nil {
		t.Error("a commit after one whose outcome is not known: got no error")
	}
	kv = take(t, d, 0)
	if got := readOne(t, kv, "k"); got != "1" {
		t.Errorf("the record is %q, want 1", got)
	}
	must(t, writeOne(kv, "k", "3"))
	s.Restart(t, "fast")
	if got := readOne(t, d.Reader(0), "k"); got != "3" { // on another connection
		t.Errorf("after a restart of the server the record is %q, want 3", got)
	}
}

// TestHangingCommit holds that a taker ends a commit that does not end by itself.
func TestHangingCommit(t *testing.T) {
	s := pgtest.Start(t)
	d, url := made(t, s, 1)
	take(t, d, 0)
	hang := connect(t, url)
	tx, err := hang.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "SELECT nudge.fence(0, 'n', 1, 0)")
	must(t, err)
	if err := writeOne(take(t, d, 0), "k", "1"); err != nil {
		t.Errorf("the next epoch: %v", err)
	}
	if err := tx.Commit(context.Background()); err == nil {
		t.Error("the commit that hung was not ended")
	}
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// TestViews reads all the time while two records are changed together. A View sees both or none, also one that takes so long that commits do
// not wait for it.
func TestViews(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 1)
	kv := take(t, d, 0)
	write := func(n byte) error {
		return kv.Update(func(w store.Writer) error {
			return errors.Join(w.Put(store.Runs, []byte{'k'}, []byte{n}), w.Put(store.Counts, []byte{'k'}, []byte{n}), w.Put(store.Runs, []byte{'l', n}, []byte{n}))
		})
	}
	must(t, write(0))
	var wait sync.WaitGroup
	done := make(chan struct{})
	for i := range 3 {
		wait.Go(func() {
			for ended := false; !ended; {
				select {
				case <-done:
					ended = true
				default:
				}
				if err := kv.View(func(r store.Reader) error { return consistent(r, i) }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range byte(100) {
		must(t, write(n))
	}
	close(done)
	wait.Wait()
}

func consistent(r store.Reader, trips int) error {
	a := r.Get(store.Runs, []byte{'k'})
	for i := range 3 * trips {
		r.Get(store.Profiles, []byte{'p', byte(i), byte(trips)})
		r.Ascend(store.Journal, []byte{byte(i)}, func(_, _ []byte) bool { return true })
	}
	b := r.Get(store.Counts, []byte{'k'})
	var last byte
	r.Descend(store.Runs, nil, func(key, _ []byte) bool {
		last = key[1]
		return false
	})
	if !bytes.Equal(a, b) || last != a[0] {
		return errors.New("a View saw half of a commit")
	}
	return nil
}

// TestSlowView holds that commits do not wait for who reads slowly, and that they do not see those commits.
func TestSlowView(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 1)
	kv := take(t, d, 0)
	must(t, writeOne(kv, "k", "before"))
	must(t, kv.View(func(r store.Reader) error {
		r.Get(store.Runs, []byte("k"))
		must(t, writeOne(kv, "k", "after"))
		if got := string(r.Get(store.Runs, []byte("k"))); got != "before" {
			t.Errorf("got %q, want the record of the beginning", got)
		}
		return nil
	}))
	if got := readOne(t, kv, "k"); got != "after" {
		t.Errorf("got %q, want the record of the commit", got)
	}
}

// TestMakeTogether lets many nodes make the store at the same time.
func TestMakeTogether(t *testing.T) {
	url := pgtest.Start(t).Database(t)
	var wait sync.WaitGroup
	for range 6 {
		d := open(t, url)
		wait.Go(func() {
			if err := d.Make(t.Context(), 4); err != nil || d.Partitions() != 4 {
				t.Errorf("%d partitions, %v", d.Partitions(), err)
			}
		})
	}
	wait.Wait()
	d := open(t, url)
	if d.Partitions() != 4 {
		t.Errorf("found %d partitions", d.Partitions())
	}
	if err := d.Make(t.Context(), 8); err == nil || d.Partitions() != 4 {
		t.Errorf("of another number: %v, and %d partitions", err, d.Partitions())
	}
}

// TestRefusals holds that what cannot keep a store is refused, with a line that says why and what to do.
func TestRefusals(t *testing.T) {
	s := pgtest.Start(t)
	plain := s.Database(t)
	newer := s.Database(t)
	must(t, open(t, newer).Make(t.Context(), 1))
	s.Exec(t, newer, "UPDATE nudge.store SET level = 99")
	closed := s.Database(t)
	s.Exec(t, closed, "CREATE SCHEMA nudge")
	tables := s.Database(t)
	must(t, open(t, tables).Make(t.Context(), 1))
	s.Exec(t, tables, "ALTER TABLE nudge.log_0 OWNER TO postgres", "GRANT SELECT ON nudge.log_0 TO nudge")
	s.Exec(t, plain, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
	t.Cleanup(func() { s.Exec(t, plain, "DROP DATABASE latin WITH (FORCE)") })
	for url, want := range map[string]string{
		newer:  "a newer Nudge",
		closed: "may not use the schema nudge",
		tables: "may not read and change all tables",
		strings.Replace(plain, "/test", "/latin?x=", 1): "",
		"postgres://nudge:geheim@127.0.0.1:1/x":         "127.0.0.1:1",
	} {
		if want == "" {
			url, want = s.Superuser(t, plain), "the encoding LATIN1"
			url = url[:strings.LastIndex(url, "/")] + "/latin?sslmode=disable"
		}
		d, err := postgres.Open(t.Context(), url, slog.New(slog.DiscardHandler))
		if err == nil {
			d.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %q", url, err, want)
		}
	}
	mayNot := s.Database(t)
	s.Exec(t, mayNot, "CREATE ROLE guest LOGIN")
	t.Cleanup(func() { s.Exec(t, mayNot, "DROP ROLE guest") })
	if err := open(t, strings.Replace(mayNot, "nudge@", "guest@", 1)).Make(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "the role guest lacks a right") {
		t.Errorf("without the right to make a schema: %v", err)
	}
}

// TestSecrets holds that no error repeats a password, whatever is wrong with an address.
func TestSecrets(t *testing.T) {
	var log bytes.Buffer
	for _, url := range []string{
		"postgres://nudge:geheim@127.0.0.1:1/x",
		"postgres://nudge:geheim@127.0.0.1:port/x",
		"postgres://nudge:gehe%im@127.0.0.1/x?password=geheim",
		"postgres://nudge:geheim@/x?sslmode=geheim",
		"postgres:// nudge:geheim@host/x",
		"host=127.0.0.1 port=1 password=geheim user=nudge",
		"host=127.0.0.1 port=x password='geheim user=nudge",
		"password=geheim port=1 host=127.0.0.1 sslrootcert=/geheim/certificate sslmode=verify-full",
		"geheim",
	} {
		d, err := postgres.Open(t.Context(), url, slog.New(slog.NewTextHandler(&log, nil)))
		if err == nil {
			d.Close()
			t.Fatalf("%s: no error", url)
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if strings.Contains(log.String(), "geheim") {
		t.Errorf("the log: %s", &log)
	}
}

// TestLongView holds that a read does not keep vacuum from working for long.
func TestLongView(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 1)
	kv := take(t, d, 0)
	must(t, writeOne(kv, "k", "1"))
	d.LongestView(0)
	for name, kv := range map[string]store.KV{"the owner": kv, "a reader": d.Reader(0)} {
		err := kv.View(func(r store.Reader) error {
			for n := range byte(100) {
				r.Get(store.Profiles, []byte{n, name[0]})
			}
			return nil
		})
		if !errors.Is(err, postgres.ErrLongView) {
			t.Errorf("%s: got %v, want ErrLongView", name, err)
		}
	}
	must(t, d.Pages(0).View(func(r store.Reader) error {
		r.Get(store.Runs, []byte("k"))
		return nil
	}))
	must(t, writeOne(kv, "k", "2"))
}

// TestEnvironment holds that what the address does not say comes from the variables of PostgreSQL, and a password from its file.
func TestEnvironment(t *testing.T) {
	u, err := url.Parse(pgtest.Start(t).Database(t))
	must(t, err)
	file := filepath.Join(t.TempDir(), "pass")
	must(t, os.WriteFile(file, []byte("*:*:*:*:from the file\n"), 0o600))
	for name, value := range map[string]string{"PGHOST": u.Hostname(), "PGPORT": u.Port(), "PGUSER": "nudge", "PGDATABASE": u.Path[1:], "PGSSLMODE": "disable", "PGPASSFILE": file} {
		t.Setenv(name, value)
	}
	if d := open(t, ""); d.Where() != "the database "+u.Path[1:]+" at "+u.Host {
		t.Errorf("it is %s", d.Where())
	}
}

// TestRestore holds that a database that was restored goes on as another installation, held, and with another secret; and that nobody restores
// under a node that works.
func TestRestore(t *testing.T) {
	d, _ := made(t, pgtest.Start(t), 2)
	all, err := store.OpenAll([]store.KV{take(t, d, 0), take(t, d, 1)})
	must(t, err)
	before, err := all[1].State()
	must(t, err)
	seed, err := d.Seed(t.Context())
	must(t, err)
	if _, _, err := d.Restore(t.Context(), store.Restoring{}); !errors.Is(err, postgres.ErrInUse) {
		t.Errorf("beside a node: got %v, want ErrInUse", err)
	}
	must(t, d.Registry().Leave(t.Context(), "n"))
	for _, gone := range []bool{true, false} {
		_, _, err := d.Restore(t.Context(), store.Restoring{Gone: gone})
		must(t, err)
		s := store.View(d.Reader(1))
		after, err := s.State()
		must(t, err)
		held, err := s.Held()
		must(t, err)
		other, err := d.Seed(t.Context())
		must(t, err)
		if !held || !after.Killed || (after.Installation == before.Installation) != gone || (other.Secret() == seed.Secret()) != gone {
			t.Errorf("gone: %v: held %v, killed %v, installation %s after %s, the same secret: %v", gone, held, after.Killed, after.Installation, before.Installation, other.Secret() == seed.Secret())
		}
	}
}
