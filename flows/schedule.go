package flows

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// Schedule says when a trigger fires, for whom and how fast. Exactly one of Cron, Every and
// At is set; none of them where the trigger's event fires it.
type Schedule struct {
	Cron         *Cron
	Every        *Moment        // of the clock, again and again
	At           *Moment        // once, on a date
	Zone         *time.Location // nil: local, each person's own
	MaxDelay     Duration       // how late a firing is still useful; zero for any time, with At or an event only
	Audience     *Audience      // never nil
	Rate         Rate           // zero for as fast as messages go out
	StopOnBadRow bool           // the firing fails at a row that cannot be read; else the row is left out

	rows *shape.Type // what a row brings; nil for the data of the flow
}

// Earliest is how long before UTC the first clocks of the world show a time.
const Earliest = 14 * time.Hour

// Latest is how long after UTC the last clocks of the world show a time.
const Latest = 12 * time.Hour

// Next returns the first firing after an instant, or the zero time. A schedule in each
// person's own zone begins where the day begins first; PersonsTime returns the time of a
// person.
func (s *Schedule) Next(after time.Time) time.Time {
	switch {
	case s.Cron != nil && s.Zone != nil:
		return s.Cron.Next(after, s.Zone)
	case s.Cron != nil:
		if wall := s.Cron.NextWall(after.Add(Earliest).UTC()); !wall.IsZero() {
			return wall.Add(-Earliest)
		}
		return time.Time{}
	case s.Every != nil && s.Zone != nil:
		return s.Every.Next(after, s.Zone)
	case s.Every != nil:
		return s.Every.NextWall(after.Add(Earliest).UTC()).Add(-Earliest)
	}
	if at := s.once(); at.After(after) {
		return at
	}
	return time.Time{}
}

// First returns the first firing of a schedule that becomes active at an instant. A
// schedule in each person's own zone begins with the first firing whose time has not passed
// everywhere; it may already be under way.
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

// PersonsTime returns when a firing reaches a person: at its own instant, or, in each
// person's own zone, when the person's clock shows its time. Where people have times of day
// of their own, the firing's time is midnight, and theirs comes so many minutes after it.
func (s *Schedule) PersonsTime(campaign time.Time, minute int, zone *time.Location) time.Time {
	if s.Zone != nil {
		return campaign
	}
	return onWall(campaign.Add(Earliest+time.Duration(minute)*time.Minute).UTC(), zone)
}

// OwnTimes reports whether each person has a time of day of their own, which is read when
// their day begins.
func (s *Schedule) OwnTimes() bool { return s.Every != nil && s.Every.Clock != nil }

// OwnMinute reads a person's own time of day, in minutes after midnight. It fails where there
// is none.
func (s *Schedule) OwnMinute(scope map[string]any) (int, error) { return s.Every.minute(scope) }

// LastTime returns when a firing has reached the last person.
func (s *Schedule) LastTime(campaign time.Time) time.Time {
	switch {
	case s.Zone != nil:
		return campaign
	case s.OwnTimes():
		return campaign.Add(Earliest + 24*time.Hour + Latest)
	}
	return campaign.Add(Earliest + Latest)
}

// TooLate reports whether a firing is too late to be useful.
func (s *Schedule) TooLate(due, now time.Time, zone *time.Location) bool {
	return s.MaxDelay != (Duration{}) && s.MaxDelay.After(due, zone).Before(now)
}

// Words returns the time of the schedule as text. A schedule with another text is another
// schedule.
func (s *Schedule) Words() string {
	zone := "local"
	if s.Zone != nil {
		zone = s.Zone.String()
	}
	if s.Cron != nil {
		return "cron " + s.Cron.Spec + " in " + zone
	}
	if s.Every != nil {
		return "every " + s.Every.String() + " in " + zone
	}
	d := s.At.Date
	return fmt.Sprintf("at %04d-%02d-%02d %02d:%02d in %s", d.Year, d.Month, d.Day, s.At.Hour, s.At.Minute, zone)
}

// clockTrigger reads a trigger with cron, every or at: its people and its rate.
func (r *reader) clockTrigger(start string, m *node.Map) Trigger {
	s := &Schedule{}
	switch start {
	case "cron":
		r.cron(m, s)
	case "every":
		r.repeated(start, m, s)
		if t := m.Text("every"); t != nil {
			s.Every = r.everyMoment(t, s)
		}
	default:
		r.campaignMoment(m, s)
	}
	trigger := Trigger{Schedule: s, If: r.triggerIf(m, NameData, r.flow.Data)}
	if !m.Has("audience") {
		m.Errorf(start, CodeMissingKey, `for example audience: people.csv, or audience: { if: profile.plan == "pro" }`,
			"this schedule needs an audience")
	}
	r.crowd(m, s, nil)
	return trigger
}

// crowd reads for whom a schedule fires and how fast. The condition of an audience sees the
// event that fires it, if one does.
func (r *reader) crowd(m *node.Map, s *Schedule, event *shape.Type) {
	s.Audience = r.audience(m.Get("audience"), event)
	s.Rate = ReadRate(m.Text("rate"), r.list)
	s.StopOnBadRow = readWord(m, "on_bad_row", []string{"skip", "stop"}, r.list) == 1
}

// cron reads a schedule of five fields.
func (r *reader) cron(m *node.Map, s *Schedule) {
	s.Cron = &Cron{}
	if t := m.Text("cron"); t != nil {
		c, wrong := parseCron(t.Value)
		switch {
		case wrong != nil:
			r.list.Errorf(t.At(wrong.from, wrong.to), codeBadCron, cmp.Or(wrong.hint, cronHint), "%s", wrong.text)
		default:
			s.Cron = c
			if text := c.eitherDay(); text != "" {
				r.list.Warnf(t.Span, codeEitherDay, "write * for the one that you do not mean, or ignore this warning", "%s", text)
			}
		}
	}
	r.repeated("cron", m, s)
}

// everyMoment reads the moment of a schedule. In each person's own zone it may be a time of day
// that they have themselves; the expression sees what the trigger's if sees.
func (r *reader) everyMoment(t *node.Text, s *Schedule) *Moment {
	m := r.clockMoment(t, &typeEnv{names: map[string]*shape.Type{
		NameData: r.flow.Data, NameProfile: r.profile, NameNow: shape.Moment,
	}})
	if m != nil && m.Clock != nil && s.Zone != nil {
		r.list.Errorf(t.Span, codeBadMoment, "write timezone: local", "a time of day that people have themselves goes with timezone: local")
		return nil
	}
	return m
}

// repeated reads what belongs to a schedule that fires again and again. The zone and
// max_delay have no default, because a wrong guess would go unnoticed.
func (r *reader) repeated(start string, m *node.Map, s *Schedule) {
	if !m.Has("timezone") {
		m.Errorf(start, CodeMissingKey, "add timezone: Europe/London, or timezone: local for each person's own zone",
			"this schedule needs a timezone")
	}
	s.Zone = r.clockZone(m)
	if !m.Has("max_delay") {
		m.Errorf(start, CodeMissingKey, "for example max_delay: 6h", "this schedule needs max_delay: how late it may still fire")
	}
	s.MaxDelay = r.duration(m.Get("max_delay"))
}

// campaignMoment reads the moment of a campaign. It needs a date, because otherwise its day
// is unknown.
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

// clockZone reads the zone of a schedule; it returns nil for each person's own zone.
func (r *reader) clockZone(m *node.Map) *time.Location {
	if t := m.Text("timezone"); t == nil || t.Value == "local" {
		return nil
	}
	return readZone(m, r.list)
}

var atMostForm = regexp.MustCompile(`^([1-9]\d{0,5})(?: per (\S+))?$`)

// spokenAtMost matches a number and a period as people write them: 3 per week, 3/day.
var spokenAtMost = regexp.MustCompile(`^([1-9]\d{0,5}|once|twice)\s*(?:times )?(?:per|/|an?|every|each|in)\s*(.+)$`)

// atMostHint returns what to write instead: 3 per 7d for "3 per week". Where the text says
// too little, it returns the given hint.
func atMostHint(text, otherwise string) string {
	m := spokenAtMost.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return otherwise
	}
	number := strings.NewReplacer("once", "1", "twice", "2").Replace(m[1])
	if duration, _ := node.SpokenDuration(m[2]); duration != "" {
		return "write " + number + " per " + duration
	}
	return otherwise
}

// readAtMost reads how often something may happen: 3, or 3 per 7d.
func readAtMost(t *node.Text, hint string, list *diag.List) (n int, per Duration) {
	if t == nil {
		return 0, Duration{}
	}
	m := atMostForm.FindStringSubmatch(t.Value)
	if m == nil {
		list.Errorf(t.Span, codeBadValue, atMostHint(t.Value, hint), "at_most cannot be %q", t.Value)
		return 0, Duration{}
	}
	fmt.Sscan(m[1], &n)
	if m[2] == "" {
		return n, Duration{}
	}
	per, err := ParseDuration(m[2])
	if err != nil {
		from := strings.LastIndex(t.Value, " ") + 1
		list.Errorf(t.At(from, len(t.Value)), codeBadDuration, atMostHint(t.Value, hint), "%v", err)
	}
	return n, per
}
