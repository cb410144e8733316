package postgres

import (
	"time"

	"nudge/store"
)

// Trips returns how many trips to the database there were.
func (d *Database) Trips() int { return int(d.trips.Load()) }

// SmallCache gives a partition a cache of some bytes.
func SmallCache(kv store.KV, most int) { kv.(*owned).cache = newCache(most) }

// LongestView changes how long a snapshot may live.
func (d *Database) LongestView(most time.Duration) { d.longest = most }
