//go:build unix

package pgtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func value(t *testing.T, url, query string) (text string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if err := c.QueryRow(t.Context(), query, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestServer(t *testing.T) {
	s := Start(t)
	url := s.Database(t)
	for query, want := range map[string]string{
		"SELECT current_user::text":                 "nudge",
		"SELECT current_setting('fsync')":           "on",
		"SELECT current_setting('server_encoding')": "UTF8",
	} {
		if got := value(t, url, query); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	pooled := s.PgBouncer(t, url)
	if got := value(t, pooled, "SELECT current_user::text"); got != "nudge" {
		t.Errorf("through PgBouncer: the user is %q", got)
	}
	t.Run("alone", func(t *testing.T) {
		other := Alone(t)
		if got := value(t, other.Database(t), "SELECT current_setting('port')"); value(t, url, "SELECT current_setting('port')") == got {
			t.Errorf("two servers at port %s", got)
		}
		other.Stop(t, "fast")
	})
	s.Exec(t, url, "CREATE TABLE kept AS SELECT 'yes' AS text")
	s.Exec(t, url, "GRANT ALL ON kept TO nudge")
	s.Restart(t, "immediate")
	if got := value(t, url, "SELECT text FROM kept"); got != "yes" {
		t.Errorf("after a crash: got %q", got)
	}
}

func TestProxy(t *testing.T) {
	s := Start(t)
	p, url := s.Proxy(t, s.Database(t))
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	p.RoundTrip(20 * time.Millisecond)
	began := time.Now()
	if err := c.Ping(t.Context()); err != nil || time.Since(began) < 20*time.Millisecond {
		t.Errorf("a trip took %v: %v", time.Since(began), err)
	}
	p.RoundTrip(0)
	p.Still()
	brief, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Ping(brief); err == nil {
		t.Error("a trip through a network that stands still: got no error")
	}
	p.Cut()
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("a connection through a network that is cut: got no error")
	}
	p.Flow()
	if got := value(t, url, "SELECT 'yes'"); got != "yes" {
		t.Errorf("got %q", got)
	}
}
