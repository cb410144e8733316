package app

import (
	"log/slog"
	"sync"
	"time"

	"nudge/runner"
)

// maxClockStep is how far the machine's clock may be set while a server runs; farther, the server goes on by the time that has
// passed since, until the clock is right again or it is started anew. A clock that is set wrong would let all timers fire.
const maxClockStep = time.Hour

// steadyClock is the clock of the machine. It does not follow when somebody sets that far off.
type steadyClock struct {
	wall   func() time.Time
	passed func() time.Duration // since some instant, without the time that the machine slept
	slept  func() time.Duration // since it started, in all
	log    *slog.Logger

	mu   sync.Mutex // guards the rest
	last clockReading
	off  time.Duration // how far the machine's clock is from this one; 0: this one follows
}

// clockReading is what the machine said when its clock was last followed.
type clockReading struct {
	wall          time.Time
	passed, slept time.Duration
}

func newSteadyClock(log *slog.Logger) *steadyClock {
	start := time.Now()
	c := &steadyClock{wall: time.Now, passed: func() time.Duration { return time.Since(start) }, slept: timeAsleep, log: log}
	c.last = clockReading{c.wall(), c.passed(), c.slept()}
	return c
}

// Now is the present instant.
func (c *steadyClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := clockReading{c.wall(), c.passed(), c.last.slept}
	should := c.last.wall.Add(now.passed - c.last.passed)
	step := now.wall.Round(0).Sub(should.Round(0))
	if step.Abs() > time.Second { // the machine slept, or its clock was set
		now.slept = c.slept()
		asleep := now.slept - c.last.slept
		should, step = should.Add(asleep), step-asleep
	}
	if step.Abs() <= maxClockStep {
		c.note(0, now.wall)
		c.last = now
		return now.wall
	}
	c.note(step, now.wall)
	return should
}

// note says when the clock is no longer followed, and when it is again.
func (c *steadyClock) note(off time.Duration, wall time.Time) {
	switch {
	case c.off == 0 && off != 0:
		c.log.Error("the clock of this machine was set; time goes on here as if it had not been. Set it right, or if it is right now, start nudge again",
			"clock", wall.UTC().Format(time.RFC3339), "off", off.Round(time.Second).String())
	case c.off != 0 && off == 0:
		c.log.Info("the clock of this machine is right again")
	}
	c.off = off
}

// Off returns how far the machine's clock is from this one; 0: this one follows it.
func (c *steadyClock) Off() time.Duration {
	c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.off
}

// Wake returns a timer for an instant.
func (c *steadyClock) Wake(at time.Time) *time.Timer { return runner.WakeIn(at.Sub(c.Now())) }
