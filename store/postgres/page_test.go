//go:build unix

package postgres_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"nudge/store/postgres/pgtest"
)

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// TestPage runs the statements of docs/postgresql.md: the first ones make a role and a database in which a node can make its tables, and the
// others let a further role use them.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/postgresql.md")
	must(t, err)
	blocks := sqlBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("the page has %d blocks of statements", len(blocks))
	}
	s := pgtest.Start(t)
	old := s.Database(t)
	run := func(url, sql string) {
		for statement := range strings.SplitSeq(strings.TrimSpace(sql), ";\n") {
			s.Exec(t, url, statement)
		}
	}
	run(old, strings.NewReplacer("ROLE nudge", "ROLE page", "DATABASE nudge", "DATABASE page", "OWNER nudge", "OWNER page").Replace(blocks[0][1]))
	s.Exec(t, old, "CREATE ROLE further LOGIN")
	t.Cleanup(func() { s.Exec(t, old, "DROP DATABASE page WITH (FORCE)", "DROP ROLE page", "DROP ROLE further") })
	url := old[:strings.LastIndex(old, "/")] + "/page?sslmode=disable"
	maker := strings.Replace(url, "nudge@", "page@", 1)
	must(t, open(t, maker).Make(t.Context(), 1))
	run(maker, strings.ReplaceAll(blocks[1][1], "TO nudge", "TO further"))
	d := open(t, strings.Replace(url, "nudge@", "further@", 1))
	join(t, d)
	must(t, writeOne(take(t, d, 0), "k", "v"))
}

// TestPageSettings holds that the settings of the server that the page names are there.
func TestPageSettings(t *testing.T) {
	page, err := os.ReadFile("../../docs/postgresql.md")
	must(t, err)
	c := connect(t, pgtest.Start(t).Database(t))
	for _, name := range []string{"fsync", "synchronous_commit", "synchronous_standby_names", "full_page_writes", "wal_compression", "max_wal_size", "shared_buffers",
		"tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "statement_timeout"} {
		var there bool
		must(t, c.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_settings WHERE name = $1)", name).Scan(&there))
		if !there || !strings.Contains(string(page), "`"+name) {
			t.Errorf("%s: PostgreSQL has it: %v, and the page should name it", name, there)
		}
	}
}
