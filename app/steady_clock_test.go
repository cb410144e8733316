package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestSteadyClock: a clock that is set a little, and a machine that slept, are followed; a clock that is set far is not, until it is
// right again.
func TestSteadyClock(t *testing.T) {
	start := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	wall, passed, slept := start, time.Duration(0), time.Duration(0)
	var log bytes.Buffer
	c := &steadyClock{wall: func() time.Time { return wall }, passed: func() time.Duration { return passed }, slept: func() time.Duration { return slept },
		log: slog.New(slog.NewTextHandler(&log, nil))}
	c.last = clockReading{wall, passed, slept}
	for _, step := range []struct {
		what            string
		run, sleep, set time.Duration // how long it runs, then sleeps, and then by how much the clock is set
		off             time.Duration
		said            string
	}{
		{what: "it runs", run: time.Minute},
		{what: "it runs long", run: 50 * time.Hour},
		{what: "set a little", run: time.Minute, set: 59 * time.Minute},
		{what: "set back a little", run: time.Minute, set: -59 * time.Minute},
		{what: "asleep", run: time.Minute, sleep: 72 * time.Hour},
		{what: "asleep, and set a little", run: time.Minute, sleep: 72 * time.Hour, set: 10 * time.Minute},
		{what: "set far", run: time.Minute, set: 90 * 24 * time.Hour, off: 90 * 24 * time.Hour, said: "was set"},
		{what: "it runs, set far", run: 5 * time.Hour, off: 90 * 24 * time.Hour},
		{what: "it sleeps, set far", run: time.Hour, sleep: 3 * time.Hour, off: 90 * 24 * time.Hour},
		{what: "nearly right again", run: time.Minute, set: -90*24*time.Hour + 5*time.Minute, said: "right again"},
		{what: "set back far", run: time.Minute, set: -3 * time.Hour, off: -3 * time.Hour, said: "was set"},
		{what: "set back, and right again", run: time.Minute, set: 3 * time.Hour, said: "right again"},
	} {
		log.Reset()
		passed += step.run
		slept += step.sleep
		wall = wall.Add(step.run + step.sleep + step.set)
		if got, want := c.Now(), wall.Add(-step.off); !got.Equal(want) || c.Off() != step.off {
			t.Errorf("%s: it is %s, %s off; want %s, %s off", step.what, got, c.Off(), want, step.off)
		}
		if said := log.String(); (said != "") != (step.said != "") || !strings.Contains(said, step.said) {
			t.Errorf("%s: the log says %q; want %q", step.what, said, step.said)
		}
	}
}

// TestAsleep: the time that the machine slept does not fall, and is no more than since it started.
func TestAsleep(t *testing.T) {
	if slept := timeAsleep(); slept < 0 || slept > 20*365*day {
		t.Errorf("the machine slept %s", slept)
	}
}
