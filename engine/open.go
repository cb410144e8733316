package engine

import (
	"time"

	"nudge/flows"
)

// setOpening sets the alarm of a line that waits for hours: for their opening, or until some
// time has passed in them. Where they are open the opening is now. The hours are those of the
// active flows at this moment, as everywhere.
func (a *applier) setOpening(r pinned, place, index int, line *flows.Line, now time.Time, zone *time.Location) {
	at, ok := line.Comes(a.e.categories, now, zone)
	if !ok {
		a.passOver(r.Run, place, index, line, passedNone)
		return
	}
	r.setAlarm(Alarm{InstantOf(at), place, index})
}
