package app

import (
	"time"

	"nudge/cluster"
	"nudge/runner"
)

// nodeClock is the clock of the database, as this node knows it. In load and crash tests it goes faster, since the store was made.
type nodeClock struct {
	keeper *cluster.Keeper
	from   time.Time
	speed  float64
}

// Now is the present instant.
func (c nodeClock) Now() time.Time {
	now := c.keeper.Now()
	if c.speed == 1 {
		return now
	}
	return c.from.Add(time.Duration(float64(now.Sub(c.from)) * c.speed))
}

// Wake returns a timer for the instant.
func (c nodeClock) Wake(at time.Time) *time.Timer {
	return runner.WakeIn(time.Duration(float64(at.Sub(c.Now())) / c.speed))
}
