// Package caps counts the messages that a person gets under a cap. It has no state: the
// engine keeps the counts.
package caps

import (
	"slices"
	"time"

	"nudge/engine/instant"
	"nudge/flows"
)

// Cap allows AtMost messages in any period of the length Per. The zero Cap allows any number.
type Cap struct {
	AtMost int
	Per    flows.Duration
}

// OpensAt returns the first instant, from now on, at which one more message fits. Counted
// holds when the last messages went out, oldest first. Periods follow the person's time
// zone.
func (c Cap) OpensAt(counted []instant.Instant, now instant.Instant, zone *time.Location) instant.Instant {
	if c.AtMost == 0 || len(counted) < c.AtMost {
		return now
	}
	return max(now, c.until(counted[len(counted)-c.AtMost], zone))
}

// Counted returns the messages that the cap still counts. It does not change its argument.
func (c Cap) Counted(counted []instant.Instant, now instant.Instant, zone *time.Location) []instant.Instant {
	over := func(at instant.Instant) bool { return c.until(at, zone) <= now }
	return slices.DeleteFunc(slices.Clone(counted), over)
}

// until returns the instant from which the cap no longer counts a message.
func (c Cap) until(at instant.Instant, zone *time.Location) instant.Instant {
	return instant.Of(c.Per.After(at.Time(), zone))
}

// With returns the counted messages plus one more, in order.
func With(counted []instant.Instant, at instant.Instant) []instant.Instant {
	n, _ := slices.BinarySearch(counted, at)
	return slices.Insert(slices.Clone(counted), n, at)
}

// Without returns the counted messages minus one that went out at the given instant. It
// returns all of them if none did.
func Without(counted []instant.Instant, at instant.Instant) (left []instant.Instant, found bool) {
	n, found := slices.BinarySearch(counted, at)
	if !found {
		return counted, false
	}
	return slices.Delete(slices.Clone(counted), n, n+1), true
}
