// Package caps counts the messages that a person gets under a cap. It is values in and
// values out: the engine keeps the counts.
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

// OpensAt is the first instant from now on at which one more message fits. Counted is when
// the last messages went out, oldest first. The period is measured in the person's zone.
func (c Cap) OpensAt(counted []instant.Instant, now instant.Instant, zone *time.Location) instant.Instant {
	if c.AtMost == 0 || len(counted) < c.AtMost {
		return now
	}
	return max(now, c.until(counted[len(counted)-c.AtMost], zone))
}

// Counted returns the messages that the cap still counts. It leaves the slice that it is
// given as it is.
func (c Cap) Counted(counted []instant.Instant, now instant.Instant, zone *time.Location) []instant.Instant {
	over := func(at instant.Instant) bool { return c.until(at, zone) <= now }
	return slices.DeleteFunc(slices.Clone(counted), over)
}

// until is the instant from which on the cap no longer counts a message.
func (c Cap) until(at instant.Instant, zone *time.Location) instant.Instant {
	return instant.Of(c.Per.After(at.Time(), zone))
}

// With returns the counted messages and one more, in order.
func With(counted []instant.Instant, at instant.Instant) []instant.Instant {
	n, _ := slices.BinarySearch(counted, at)
	return slices.Insert(slices.Clone(counted), n, at)
}

// Without returns the counted messages without one that went out at an instant. Not found:
// none did, and all are returned.
func Without(counted []instant.Instant, at instant.Instant) (left []instant.Instant, found bool) {
	n, found := slices.BinarySearch(counted, at)
	if !found {
		return counted, false
	}
	return slices.Delete(slices.Clone(counted), n, n+1), true
}
