package app

import (
	"sync"
	"time"
)

// SteeredClock is a clock that runs at a multiple of real time, can be held, and can jump ahead. It
// never goes back. The engine and the people of a sandbox share it.
type SteeredClock struct {
	mu     sync.Mutex // guards the rest
	at     time.Time  // what it showed
	since  time.Time  // real time then
	speed  float64
	held   bool
	alarms map[*alarm]bool
	wakes  []*time.Timer // the newest, to be fired when the clock changes
}

// maxWakes is how many timers of Wake fire at once when the clock changes, the newest; an older one
// fires within a second. Few goroutines of an instance sleep, each with one at a time.
const maxWakes = 16

var _ FastClock = (*SteeredClock)(nil)

// NewSteeredClock returns a clock that shows an instant and, unless it is held, runs speed times
// as fast as real time.
func NewSteeredClock(from time.Time, speed float64, held bool) *SteeredClock {
	return &SteeredClock{at: from, since: time.Now(), speed: speed, held: held, alarms: map[*alarm]bool{}}
}

// Now returns the present instant.
func (c *SteeredClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *SteeredClock) now() time.Time {
	if c.held {
		return c.at
	}
	return c.at.Add(time.Duration(float64(time.Since(c.since)) * c.speed))
}

// Held reports whether the clock stands still, and how fast it runs when it does not.
func (c *SteeredClock) Held() (held bool, speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held, c.speed
}

// Hold stops the clock, or lets it run.
func (c *SteeredClock) Hold(held bool) {
	c.change(func() { c.held = held })
}

// SetSpeed changes how fast the clock runs, from the instant that it shows.
func (c *SteeredClock) SetSpeed(speed float64) {
	c.change(func() { c.speed = speed })
}

// JumpTo sets the clock to an instant, if that is not past.
func (c *SteeredClock) JumpTo(at time.Time) {
	c.change(func() {
		if at.After(c.at) {
			c.at = at
		}
	})
}

// change changes the clock, which goes on from what it shows, and sets all timers anew.
func (c *SteeredClock) change(how func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.since = c.now(), time.Now()
	how()
	for a := range c.alarms {
		a.timer.Stop()
		c.arm(a)
	}
	for _, t := range c.wakes {
		t.Reset(0) // nobody listens to one that was stopped
	}
	c.wakes = nil
}

// Wake returns a timer for the instant, which fires at once when the clock changes.
func (c *SteeredClock) Wake(at time.Time) *time.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := time.NewTimer(min(max(c.real(at), 0), time.Second))
	if len(c.wakes) == maxWakes {
		c.wakes = append(c.wakes[:0], c.wakes[1:]...)
	}
	c.wakes = append(c.wakes, t)
	return t
}

// real is how long it takes in real time until the clock shows an instant.
func (c *SteeredClock) real(at time.Time) time.Duration {
	left := at.Sub(c.now())
	if c.held && left > 0 {
		return time.Hour // it is set anew when the clock runs again
	}
	return time.Duration(float64(left)/c.speed) + 1
}

// alarm is a call that waits for its instant.
type alarm struct {
	due   time.Time
	call  func()
	timer *time.Timer
}

// AfterFunc calls f in its own goroutine once d has passed on this clock. The stop it returns
// reports whether it prevented the call.
func (c *SteeredClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{due: c.now().Add(d), call: f}
	c.alarms[a] = true
	c.arm(a)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		waiting := c.alarms[a]
		delete(c.alarms, a)
		a.timer.Stop()
		return waiting
	}
}

// arm sets the timer of an alarm. The caller holds the lock.
func (c *SteeredClock) arm(a *alarm) {
	a.timer = time.AfterFunc(max(c.real(a.due), 0), func() { c.fire(a) })
}

// fire calls an alarm that is due.
func (c *SteeredClock) fire(a *alarm) {
	c.mu.Lock()
	if !c.alarms[a] {
		c.mu.Unlock()
		return
	}
	if a.due.After(c.now()) {
		c.arm(a)
		c.mu.Unlock()
		return
	}
	delete(c.alarms, a)
	c.mu.Unlock()
	a.call()
}
