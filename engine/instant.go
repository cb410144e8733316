package engine

import (
	"time"

	"nudge/engine/instant"
)

// Instant is a point in time in milliseconds since the Unix epoch, in UTC. The zero Instant
// means "none".
type Instant = instant.Instant

// InstantOf returns the first Instant that is not before t, so that a timer set for it never
// fires early.
func InstantOf(t time.Time) Instant { return instant.Of(t) }
