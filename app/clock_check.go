package app

import (
	"fmt"
	"time"

	"nudge/engine"
)

const (
	// maxGap is how long nothing may have come into a store when a server starts; it does not start without --clock-is-right. A clock
	// that is wrong by months would let all timers fire and drop what retention keeps, and neither can be taken back.
	maxGap = 30 * day
	// clockBehind is how far a clock may be behind a store; the log says that time stands still in it.
	clockBehind = time.Hour
)

// checkClock refuses to start on a clock that is likely to be wrong: everything that was due until then would happen at once.
func (i *Instance) checkClock(last engine.Instant) error {
	now := i.config.Clock.Now()
	gap := now.Sub(last.Time()).Round(time.Second)
	switch {
	case last == 0 || !i.config.CheckClock:
	case gap > maxGap:
		return wrongInput(fmt.Errorf("the clock of this machine says %s, and the last input came at %s, %d days before. If the clock is wrong, set it: with it, timers of all "+
			"those days would fire at once, and retention would drop what it should keep. If it is right, start with --clock-is-right", now.UTC().Format(time.RFC3339), last, gap/day))
	case -gap > clockBehind:
		i.log.Warn("the clock of this machine is behind the store: time stands still until it has caught up", "clock", now.UTC().Format(time.RFC3339), "store", last.String())
	}
	return nil
}
