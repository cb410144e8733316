package flows

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a schedule: five fields, or a descriptor such as @daily. Only the parser of the
// library is used; its Next skips a firing in a clock gap and repeats one in an overlap.
type Cron struct {
	Spec   string
	fields *cron.SpecSchedule
}

const (
	noCron     = "a schedule needs five fields, or one of @hourly, @daily, @weekly, @monthly and @yearly"
	neverFires = "this schedule never fires"
	cronHint   = "for example 0 9 * * mon: minute, hour, day, month, weekday"
)

// parseCron reads a schedule. The library's parser panics on some texts.
func parseCron(spec string) (c *Cron, wrong *cronError) {
	whole := func(text string) *cronError { return &cronError{0, len([]rune(spec)), text, ""} }
	defer func() {
		if r := recover(); r != nil {
			c, wrong = nil, whole(noCron)
		}
	}()
	read := spec
	if !strings.HasPrefix(spec, "@") {
		if len(strings.Fields(spec)) != len(cronFields) || strings.Contains(spec, "=") {
			return nil, whole(noCron)
		}
		if read, wrong = readCronFields(spec); wrong != nil {
			return nil, wrong
		}
	}
	schedule, err := cron.ParseStandard(read)
	fields, ok := schedule.(*cron.SpecSchedule)
	if err != nil || !ok {
		return nil, whole(noCron)
	}
	fields.Location = time.UTC
	c = &Cron{Spec: spec, fields: fields}
	if c.NextWall(time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, whole(neverFires)
	}
	return c, nil
}

// starBit marks a field that is written as *.
const starBit = 1 << 63

// NextWall returns the next firing after a time on a wall clock, both written as UTC. It
// returns the zero time if there is none within five years.
func (c *Cron) NextWall(after time.Time) time.Time { return c.fields.Next(after) }

// Next returns the first firing after an instant in a zone, or the zero time if there is
// none within five years.
//
// If the hour is *, firings follow elapsed time: none is lost in a gap, and an hour that
// occurs twice fires twice. Any other hour follows the wall clock: in a gap the firing
// moves to the first minute after it, and in an overlap it happens at the first of the two
// times. Firings at the same instant count once.
func (c *Cron) Next(after time.Time, zone *time.Location) time.Time {
	if c.fields.Hour&starBit != 0 {
		return c.nextElapsed(after, zone)
	}
	wall := wallOf(after, zone)
	for {
		if wall = c.NextWall(wall); wall.IsZero() {
			return wall
		}
		if at := onWall(wall, zone); at.After(after) {
			return at
		}
	}
}

// nextElapsed is Next for schedules whose hour is *.
func (c *Cron) nextElapsed(after time.Time, zone *time.Location) time.Time {
	limit := after.AddDate(5, 0, 0)
	for at := after.In(zone).Truncate(time.Minute).Add(time.Minute); at.Before(limit); {
		switch {
		case !c.onDay(at):
			at = nextDay(at, zone)
		case c.fields.Minute&(1<<at.Minute()) != 0:
			return at
		default:
			at = at.Add(time.Minute)
		}
	}
	return time.Time{}
}

// onDay reports whether the schedule fires on the day of t. If both the day of the month
// and the weekday are set, one of them is enough.
func (c *Cron) onDay(t time.Time) bool {
	s := c.fields
	inMonth, onWeekday := s.Dom&(1<<t.Day()) != 0, s.Dow&(1<<t.Weekday()) != 0
	day := inMonth || onWeekday
	if s.Dom&starBit != 0 || s.Dow&starBit != 0 {
		day = inMonth && onWeekday
	}
	return day && s.Month&(1<<t.Month()) != 0
}

// nextDay returns the first minute of the day after t.
func nextDay(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.Date()
	return onWall(time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC), zone).In(zone)
}

// wallOf returns what the clocks of a zone show at an instant, written as UTC.
func wallOf(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, t.Nanosecond(), time.UTC)
}
