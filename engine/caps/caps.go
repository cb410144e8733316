// Package caps counts the messages that a person gets under the caps of a category. It has no
// state: the engine keeps the counts.
package caps

import (
	"slices"
	"time"

	"nudge/engine/instant"
	"nudge/flows"
)

// Homes is where a person lives now, and where they lived before. By the calendar of each of
// these zones the period of a message must be over, so a change of zone frees no place.
type Homes struct {
	Now    *time.Location
	Before []Home
}

// Home is where a person lived until an instant.
type Home struct {
	Zone  *time.Location
	Until instant.Instant
}

// frees returns the instant from which a cap no longer counts a message.
func frees(c flows.Cap, at instant.Instant, homes Homes) instant.Instant {
	if c.Calendar != 0 && c.Zone != nil {
		return instant.Of(c.Frees(at.Time(), c.Zone))
	}
	last := instant.Of(c.Frees(at.Time(), homes.Now))
	for _, h := range homes.Before {
		if c.Calendar != 0 && h.Until >= at {
			last = max(last, instant.Of(c.Frees(at.Time(), h.Zone)))
		}
	}
	return last
}

// opens returns the first instant, from now on, at which one more message fits under a cap.
func opens(c flows.Cap, counted []instant.Instant, now instant.Instant, homes Homes) instant.Instant {
	var ends []instant.Instant
	for _, at := range counted {
		if end := frees(c, at, homes); end > now {
			ends = append(ends, end)
		}
	}
	if len(ends) < c.AtMost {
		return now
	}
	slices.Sort(ends)
	return ends[len(ends)-c.AtMost]
}

// OpensAt returns the first instant, from now on, at which one more message fits under all
// caps, and the cap that it waits for. Counted holds when the last messages went out, oldest
// first.
func OpensAt(all []flows.Cap, counted []instant.Instant, now instant.Instant, homes Homes) (at instant.Instant, full flows.Cap) {
	at = now
	for _, c := range all {
		if end := opens(c, counted, now, homes); end > at {
			at, full = end, c
		}
	}
	return at, full
}

// zonesApart is how much later than in any zone a day can end in another: from UTC+14 to UTC-12.
const zonesApart = 26 * time.Hour

// Counted returns the messages that any of the caps still counts, or would count again if the
// person moved to another zone now. It does not change its argument.
func Counted(all []flows.Cap, counted []instant.Instant, now instant.Instant, homes Homes) []instant.Instant {
	over := func(at instant.Instant) bool {
		return !slices.ContainsFunc(all, func(c flows.Cap) bool {
			last := frees(c, at, homes)
			if c.Calendar != 0 && c.Zone == nil {
				last = last.Add(zonesApart)
			}
			return last > now
		})
	}
	return slices.DeleteFunc(slices.Clone(counted), over)
}

// Left returns how many more messages fit under all caps now.
func Left(all []flows.Cap, counted []instant.Instant, now instant.Instant, homes Homes) int {
	left := flows.MaxCap
	for _, c := range all {
		taken := 0
		for _, at := range counted {
			if frees(c, at, homes) > now {
				taken++
			}
		}
		left = min(left, max(c.AtMost-taken, 0))
	}
	return left
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
