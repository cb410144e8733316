package flows

import (
	"fmt"
	"math/bits"
)

// warnOfNow warns of a time of day that the first wait of the flow waits for, if a trigger
// starts the run at that time of day: a moment must lie ahead, so the wait takes a day.
func (r *reader) warnOfNow() {
	for i := range r.flow.Triggers {
		if s := r.flow.Triggers[i].Schedule; s != nil {
			if minute, ok := s.timeOfDay(); ok {
				r.warnOfMinute(minute)
			}
		}
	}
}

// warnOfMinute goes to the first step that waits, and looks at its lines.
func (r *reader) warnOfMinute(minute int) {
	looped := false
	for at, steps := 0, r.flow.Steps; at >= 0 && at < len(steps); {
		s := &steps[at]
		at = s.Next
		switch s.Verb {
		case VerbWait:
			r.warnOfLines(s.Wait.Lines, minute)
			return
		case VerbCollect:
			r.warnOfLines(s.Collect.Until, minute)
			return
		case VerbRepeat:
			if looped { // a round without a wait leads back here
				return
			}
			looped = true
			r.warnOfLines(s.Repeat.Until, minute)
			at = s.Repeat.Body
		case VerbSend, VerbSet, VerbEmit, VerbOpt:
		default:
			return
		}
	}
}

func (r *reader) warnOfLines(lines []Line, minute int) {
	for i := range lines {
		m := lines[i].At
		if m == nil || m.Of != nil || m.Clock != nil || m.Date != (Date{}) || m.Hour*60+m.Minute != minute {
			continue
		}
		clock := fmt.Sprintf("%02d:%02d", m.Hour, m.Minute)
		r.list.Warnf(lines[i].Span, codeMomentIsNow, "leave it out to go on at once, or ignore this warning",
			"a trigger starts this run at %s, and the wait is for the next %s: that is tomorrow's", clock, clock)
	}
}

// timeOfDay returns the time of day at which the schedule fires, in minutes after midnight,
// if it is always the same.
func (s *Schedule) timeOfDay() (minute int, ok bool) {
	switch {
	case s.At != nil:
		return s.At.Hour*60 + s.At.Minute, s.At.Clock == nil
	case s.Every != nil:
		return s.Every.Hour*60 + s.Every.Minute, s.Every.Clock == nil
	case s.Cron == nil || s.Cron.fields == nil:
		return 0, false
	}
	hours, minutes := s.Cron.fields.Hour&^starBit, s.Cron.fields.Minute&^starBit
	return bits.TrailingZeros64(hours)*60 + bits.TrailingZeros64(minutes), bits.OnesCount64(hours) == 1 && bits.OnesCount64(minutes) == 1
}
