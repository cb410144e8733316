//go:build unix

package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// LogBytes returns how many bytes the server has written into its write-ahead log.
func (s *Server) LogBytes(t testing.TB, of string) (bytes int64) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.Superuser(t, of))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if err := c.QueryRow(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").Scan(&bytes); err != nil {
		t.Fatal(err)
	}
	return bytes
}

// ticks is how many units of /proc are a second.
const ticks = 100

// CPU returns the time that all processes of the server have computed.
func (s *Server) CPU(t testing.TB) (sum time.Duration) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	postmaster, _, _ := strings.Cut(string(text), "\n")
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(processes) == 0 {
		t.Fatalf("no /proc: %v", err)
	}
	for _, file := range processes {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// Behind the name in brackets: state, parent, and from the twelfth on the times; those of its children only count of the postmaster.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		mine := filepath.Dir(file) == fmt.Sprint("/proc/", postmaster)
		if fields[1] != postmaster && !mine {
			continue
		}
		for i := 11; i < 15 && (i < 13 || mine); i++ {
			n, _ := strconv.Atoi(fields[i])
			sum += time.Duration(n) * time.Second / ticks
		}
	}
	return sum
}
