package flows

import (
	"fmt"
	"strings"
	"time"

	"nudge/lang/node"
)

// Duration is a number of calendar days followed by elapsed time. 3d ends three days later
// at the same time of day in the person's zone, even if a day has 23 or 25 hours; 72h is
// elapsed time.
type Duration struct {
	Days  int
	Clock time.Duration
}

// ParseDuration reads 72h, 3d, 1d12h, 90m or 1w; 1w is 7d. The error is written for the
// author.
func ParseDuration(text string) (Duration, error) {
	days, clock, err := node.ParseDuration(text)
	return Duration{days, clock}, err
}

// After returns the instant that lies the duration after t. If the zone skips that time of
// day because its clocks go forward, After returns the end of the gap; if the time occurs
// twice, it returns the first one.
func (d Duration) After(t time.Time, zone *time.Location) time.Time {
	if d.Days != 0 {
		t = sameTimeOn(t.In(zone), d.Days, zone)
	}
	return t.Add(d.Clock)
}

// String returns the duration as a flow writes it.
func (d Duration) String() string {
	var b strings.Builder
	if d.Days != 0 {
		fmt.Fprintf(&b, "%dd", d.Days)
	}
	rest := d.Clock
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := rest / u.unit; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest -= n * u.unit
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// sameTimeOn returns t's time of day some days later. time.Date alone is not enough: in a
// gap it returns an earlier time in some zones and a later one in others.
func sameTimeOn(t time.Time, days int, zone *time.Location) time.Time {
	_, offset := t.Zone()
	wall := t.Unix() + int64(offset) + int64(days)*24*60*60
	return onWall(time.Unix(wall, int64(t.Nanosecond())).UTC(), zone)
}

// onWall returns the instant at which the clocks of zone show the time that wall shows in
// UTC.
func onWall(wall time.Time, zone *time.Location) time.Time {
	before, after := offsetAt(wall.Add(-24*time.Hour), zone), offsetAt(wall.Add(24*time.Hour), zone)
	first := wall.Add(-max(before, after)).In(zone) // the greater offset is the earlier instant
	if second := wall.Add(-min(before, after)).In(zone); !sameWall(first, wall) {
		if !sameWall(second, wall) {
			return gapEnd(second, zone)
		}
		return second
	}
	return first
}

func offsetAt(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// sameWall reports whether the clocks of t's zone show what wall shows in UTC, to the second.
func sameWall(t, wall time.Time) bool {
	_, offset := t.Zone()
	return t.Unix()+int64(offset) == wall.Unix()
}

// gapEnd returns the end of the gap that a time of day fell into. The instant t, computed
// with the smaller offset, lies shortly after the gap.
func gapEnd(t time.Time, zone *time.Location) time.Time {
	start, _ := t.In(zone).ZoneBounds()
	return start
}
