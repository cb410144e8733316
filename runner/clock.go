package runner

import "time"

// Clock is the source of the engine's time.
type Clock interface {
	// Now returns the current instant.
	Now() time.Time
	// Wake returns a timer that fires once the clock has reached the instant, and after
	// a second of real time at the latest, so that a clock that was set is noticed.
	Wake(at time.Time) *time.Timer
}

// ScaledClock runs at a multiple of real time from a given instant on.
type ScaledClock struct {
	from  time.Time // what it showed at the start
	start time.Time // real time then
	speed float64
}

// NewClock returns a clock that shows from now and runs speed times as fast as real
// time. A speed of 1 from time.Now() is the real clock.
func NewClock(from time.Time, speed float64) *ScaledClock {
	return &ScaledClock{from: from, start: time.Now(), speed: speed}
}

// RealClock returns the clock of the machine.
func RealClock() Clock { return realClock{} }

// Now is the present instant.
func (c *ScaledClock) Now() time.Time {
	return c.from.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

// Real is how long a duration of this clock takes in real time.
func (c *ScaledClock) Real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.speed)
}

// Wake returns a timer for the instant.
func (c *ScaledClock) Wake(at time.Time) *time.Timer { return WakeIn(c.Real(at.Sub(c.Now()))) }

// AfterFunc calls f in its own goroutine once d has passed on this clock. The stop it
// returns reports whether it prevented the call.
func (c *ScaledClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(c.Real(d), f).Stop
}

type realClock struct{}

func (realClock) Now() time.Time                { return time.Now() }
func (realClock) Wake(at time.Time) *time.Timer { return WakeIn(time.Until(at)) }
func (realClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}

// WakeIn returns a timer for a clock that reaches an instant in d; see [Clock].
func WakeIn(d time.Duration) *time.Timer { return time.NewTimer(min(max(d, 0), time.Second)) }
