package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/runner"
)

// TestCheckClock: a server does not start a month after its last input, unless it is not to look, and says when its clock is behind.
func TestCheckClock(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	at := func(before time.Duration) engine.Instant { return engine.InstantOf(now.Add(-before)) }
	for _, test := range []struct {
		last            engine.Instant
		look            bool
		refused, warned string
	}{
		{0, true, "", ""}, // a new store
		{at(0), true, "", ""},
		{at(30 * day), true, "", ""},
		{at(30*day + time.Hour), true, "30 days before", ""},
		{at(200 * day), true, "200 days before", ""},
		{at(200 * day), false, "", ""},
		{at(-time.Hour), true, "", ""},
		{at(-2 * time.Hour), true, "", "time stands still"},
	} {
		var log bytes.Buffer
		i := &Instance{log: slog.New(slog.NewTextHandler(&log, nil)), config: Config{Clock: runner.NewClock(now, 1e-9), CheckClock: test.look}}
		err := i.checkClock(test.last)
		if (err != nil) != (test.refused != "") || err != nil && !strings.Contains(err.Error(), test.refused) {
			t.Errorf("%s: %v; want %q", test.last, err, test.refused)
		}
		if said := log.String(); (said != "") != (test.warned != "") || !strings.Contains(said, test.warned) {
			t.Errorf("%s: the log says %q; want %q", test.last, said, test.warned)
		}
	}
}
