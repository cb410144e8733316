package main

import (
	"sync/atomic"
	"time"

	"nudge/runner"
)

// heldClock stands still until it is released, and then runs fast. So nothing of the story
// is lost while the engine starts.
type heldClock struct {
	from    time.Time
	speed   float64
	running atomic.Pointer[runner.ScaledClock]
}

var _ runner.Clock = (*heldClock)(nil)

func newHeldClock(from time.Time, speed float64) *heldClock {
	return &heldClock{from: from, speed: speed}
}

// Release lets the clock run.
func (c *heldClock) Release() { c.running.Store(runner.NewClock(c.from, c.speed)) }

// Now returns the present instant.
func (c *heldClock) Now() time.Time {
	if running := c.running.Load(); running != nil {
		return running.Now()
	}
	return c.from
}

// Wake returns a timer for the instant. While the clock stands, the timer fires a second
// later, so that the caller looks again.
func (c *heldClock) Wake(at time.Time) *time.Timer {
	if running := c.running.Load(); running != nil {
		return running.Wake(at)
	}
	return time.NewTimer(time.Second)
}

// AfterFunc calls f once d has passed on this clock. The clock must have been released
// before.
func (c *heldClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(time.Duration(float64(d)/c.speed), f).Stop
}

// nextMonday returns ten o'clock on the Monday after t.
func nextMonday(t time.Time) time.Time {
	t = t.UTC()
	days := (int(time.Monday-t.Weekday())+6)%7 + 1
	return time.Date(t.Year(), t.Month(), t.Day()+days, 10, 0, 0, 0, time.UTC)
}
