package app

import (
	"time"

	"nudge/cluster"
	"nudge/runner"
)

// fastClock is the clock of the database, which goes faster since the store was made: for load and crash tests.
type fastClock struct {
	keeper *cluster.Keeper
	from   time.Time
	speed  float64
}

// Now is the present instant.
func (c fastClock) Now() time.Time {
	return c.from.Add(time.Duration(float64(c.keeper.Now().Sub(c.from)) * c.speed))
}

// Wake returns a timer for the instant.
func (c fastClock) Wake(at time.Time) *time.Timer {
	return runner.WakeIn(time.Duration(float64(at.Sub(c.Now())) / c.speed))
}
