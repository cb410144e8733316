package flows

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// Schedule is when a trigger fires by the clock, for whom and how fast. Exactly one of
// Cron and At is set.
type Schedule struct {
	Cron         *Cron
	At           *Moment        // once, on a date
	Zone         *time.Location // nil: local, each person's own
	MaxDelay     Duration       // how late a firing is still useful; zero for any time, with At only
	Audience     *Audience      // never nil
	Rate         Rate           // zero for as fast as messages go out
	StopOnBadRow bool           // the firing fails at a row that cannot be read; else the row is left out
}

// Earliest is how long before UTC the clocks of the world first show a time: the zone
// that is furthest ahead.
const Earliest = 14 * time.Hour

// Latest is how long after UTC the last clocks of the world show it.
const Latest = 12 * time.Hour

// Next is the first firing after an instant, zero when there is none. One whose clock
// is each person's own begins where the day begins first; At tells each person's.
func (s *Schedule) Next(after time.Time) time.Time {
	switch {
	case s.Cron != nil && s.Zone != nil:
		return s.Cron.Next(after, s.Zone)
	case s.Cron != nil:
		if wall := s.Cron.NextWall(after.Add(Earliest).UTC()); !wall.IsZero() {
			return wall.Add(-Earliest)
		}
		return time.Time{}
	}
	if at := s.once(); at.After(after) {
		return at
	}
	return time.Time{}
}

// First is the first firing of a schedule that is taken up at an instant: the first
// after it. Where the clock is each person's own it is the first whose time has not
// passed everywhere, which may have begun already.
func (s *Schedule) First(now time.Time) time.Time {
	if s.Zone != nil {
		return s.Next(now)
	}
	return s.Next(now.Add(-Earliest - Latest))
}

func (s *Schedule) once() time.Time {
	d := s.At.Date
	wall := time.Date(d.Year, d.Month, d.Day, s.At.Hour, s.At.Minute, 0, 0, time.UTC)
	if s.Zone == nil {
		return wall.Add(-Earliest)
	}
	return onWall(wall, s.Zone)
}

// PersonsTime is when a firing comes to a person: at its own instant, or where the
// clock is each person's own when theirs shows it.
func (s *Schedule) PersonsTime(campaign time.Time, zone *time.Location) time.Time {
	if s.Zone != nil {
		return campaign
	}
	return onWall(campaign.Add(Earliest).UTC(), zone)
}

// TooLate reports whether a firing that was due is of no use any more.
func (s *Schedule) TooLate(due, now time.Time, zone *time.Location) bool {
	return s.MaxDelay != (Duration{}) && s.MaxDelay.After(due, zone).Before(now)
}

// Words is the schedule's time in the words of the file. A schedule with other words
// is another one.
func (s *Schedule) Words() string {
	zone := "local"
	if s.Zone != nil {
		zone = s.Zone.String()
	}
	if s.Cron != nil {
		return "cron " + s.Cron.Spec + " in " + zone
	}
	d := s.At.Date
	return fmt.Sprintf("at %04d-%02d-%02d %02d:%02d in %s", d.Year, d.Month, d.Day, s.At.Hour, s.At.Minute, zone)
}

// clockTrigger reads a trigger by cron or at, with the people it is for.
func (r *reader) clockTrigger(start string, m *node.Map) Trigger {
	s := &Schedule{}
	if start == "cron" {
		r.cron(m, s)
	} else {
		r.campaignMoment(m, s)
	}
	trigger := Trigger{Schedule: s, If: r.triggerIf(m, NameData, r.flow.Data)}
	if !m.Has("audience") {
		m.Errorf(start, CodeMissingKey, `for example audience: people.csv, or audience: { if: profile.plan == "pro" }`,
			"this schedule needs an audience")
	}
	s.Audience = r.audience(m.Get("audience"))
	s.Rate = ReadRate(m.Text("rate"), r.list)
	s.StopOnBadRow = readWord(m, "on_bad_row", []string{"skip", "stop"}, r.list) == 1
	return trigger
}

// cron reads a schedule. Whose clock it follows and how late it may be must be said:
// nobody guesses them right.
func (r *reader) cron(m *node.Map, s *Schedule) {
	s.Cron = &Cron{}
	if t := m.Text("cron"); t != nil {
		c, err := parseCron(t.Value)
		if err != nil {
			r.list.Errorf(t.Span, codeBadCron, "for example 0 9 * * mon: minute, hour, day, month, weekday", "%v", err)
		} else {
			s.Cron = c
		}
	}
	if !m.Has("timezone") {
		m.Errorf("cron", CodeMissingKey, "add timezone: Europe/London, or timezone: local for each person's own zone",
			"this schedule needs a timezone")
	}
	s.Zone = r.clockZone(m)
	if !m.Has("max_delay") {
		m.Errorf("cron", CodeMissingKey, "for example max_delay: 6h", "this schedule needs max_delay: how late it may still fire")
	}
	s.MaxDelay = r.duration(m.Get("max_delay"))
}

// campaignMoment reads the one moment of a campaign, which must be on a date: nothing
// says of which day another one would be.
func (r *reader) campaignMoment(m *node.Map, s *Schedule) {
	t := m.Text("at")
	s.At = r.moment(t, &typeEnv{names: map[string]*shape.Type{}}) // there is nobody to ask yet
	if s.At != nil && s.At.Date == (Date{}) {
		r.list.Errorf(t.Span, codeBadMoment, "for example 2026-12-24 09:00", "a trigger with at needs a date and a time of day")
	}
	s.Zone = r.flow.Zone
	if m.Has("timezone") {
		s.Zone = r.clockZone(m)
	}
	s.MaxDelay = r.duration(m.Get("max_delay"))
}

// clockZone reads the zone of a schedule; nil for each person's own.
func (r *reader) clockZone(m *node.Map) *time.Location {
	if t := m.Text("timezone"); t == nil || t.Value == "local" {
		return nil
	}
	return readZone(m, r.list)
}

var atMostForm = regexp.MustCompile(`^([1-9]\d{0,5})(?: per (\S+))?$`)

// readAtMost reads how often something may happen: 3, or 3 per 7d.
func readAtMost(t *node.Text, hint string, list *diag.List) (n int, per Duration) {
	if t == nil {
		return 0, Duration{}
	}
	m := atMostForm.FindStringSubmatch(t.Value)
	if m == nil {
		list.Errorf(t.Span, codeBadValue, hint, "at_most cannot be %q", t.Value)
		return 0, Duration{}
	}
	fmt.Sscan(m[1], &n)
	if m[2] == "" {
		return n, Duration{}
	}
	per, err := ParseDuration(m[2])
	if err != nil {
		from := strings.LastIndex(t.Value, " ") + 1
		list.Errorf(t.At(from, len(t.Value)), codeBadDuration, "for example 90m, 72h or 3d", "%v", err)
	}
	return n, per
}
