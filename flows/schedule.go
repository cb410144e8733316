package flows

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"nudge/flows/diag"
	"nudge/flows/node"
	"nudge/flows/shape"
)

// clockTrigger reads a trigger by cron or at, with the people it is for.
func (r *reader) clockTrigger(start string, m *node.Map) Trigger {
	var trigger Trigger
	if start == "cron" {
		trigger.Cron = r.cron(m)
	} else {
		trigger.At = r.campaignMoment(m)
	}
	trigger.If = r.triggerIf(m, NameData, r.flow.Data)
	r.audience(m.Get("audience"))
	if t := m.Text("rate"); t != nil && !rateForm.MatchString(t.Value) {
		r.list.Errorf(t.Span, CodeBadValue, "for example 200/s or 1000/m", "%q is not a rate of messages", t.Value)
	}
	readWord(m, "on_bad_row", []string{"skip", "stop"}, r.list)
	return trigger
}

// cron reads a schedule. Whose clock it follows and how late it may be must be said:
// nobody guesses them right.
func (r *reader) cron(m *node.Map) *Cron {
	c := &Cron{}
	t := m.Text("cron")
	if t != nil {
		c.Spec = t.Value
		if err := checkCron(c.Spec); err != nil {
			r.list.Errorf(t.Span, CodeBadCron, "for example 0 9 * * mon: minute, hour, day, month, weekday", "%v", err)
		}
	}
	if !m.Has("timezone") {
		m.Errorf("cron", CodeMissingKey, "add timezone: Europe/London, or timezone: local for each person's own",
			"the schedule does not say where its clock stands")
	}
	c.Zone = r.clockZone(m)
	if !m.Has("max_delay") {
		m.Errorf("cron", CodeMissingKey, "add for example max_delay: 6h", "the schedule does not say how late it may fire")
	}
	c.MaxDelay = r.duration(m.Get("max_delay"))
	return c
}

// campaignMoment reads the one moment of a campaign, which must be on a date: nothing
// says of which day another one would be.
func (r *reader) campaignMoment(m *node.Map) *Moment {
	t := m.Text("at")
	moment := r.moment(t, &known{names: map[string]*shape.Type{}}) // there is nobody to ask yet
	if moment != nil && moment.Date == (Date{}) {
		r.list.Errorf(t.Span, CodeBadMoment, "for example 2026-12-24 09:00", "a trigger fires at a date and a time of day")
	}
	r.clockZone(m)
	r.duration(m.Get("max_delay"))
	return moment
}

// clockZone reads the zone of a schedule; nil for each person's own.
func (r *reader) clockZone(m *node.Map) *time.Location {
	if t := m.Text("timezone"); t == nil || t.Value == "local" {
		return nil
	}
	return readZone(m, r.list)
}

var rateForm = regexp.MustCompile(`^[1-9]\d{0,6}/(s|m|h)$`)

// audience reads the people of a schedule: a file, those of whom a condition holds, or
// the rows that a service answers with.
func (r *reader) audience(v *node.Value) {
	if v == nil {
		return
	}
	if v.IsText() {
		if ext := path.Ext(v.Str()); ext != ".csv" && ext != ".jsonl" {
			v.Errorf(CodeBadValue, "for example people.csv", "an audience is a file that ends in .csv or .jsonl")
		}
		return
	}
	m := v.Map()
	if m == nil {
		return
	}
	r.expr(m.Get("if"), shape.MapOf(map[string]*shape.Type{NameProfile: r.profile, NameNow: shape.Moment}), forCondition)
	m.Child("fetch")
	if m.Has("if") == m.Has("fetch") {
		v.Errorf(CodeMissingKey, `for example audience: { if: profile.plan == "pro" }`, "an audience has an if or a fetch")
	}
	m.Close()
}

var (
	errNoCron     = errors.New("a schedule has five fields, or is one of @hourly, @daily, @weekly, @monthly, @yearly")
	errNeverFires = errors.New("this schedule never fires")
)

// checkCron says what is wrong with a schedule, whose parser is known to panic on some
// texts.
func checkCron(spec string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errNoCron
		}
	}()
	if strings.Contains(spec, "=") || strings.HasPrefix(spec, "@every") {
		return errNoCron
	}
	schedule, err := cron.ParseStandard(spec)
	if err != nil {
		if strings.HasPrefix(spec, "@") || len(strings.Fields(spec)) != 5 {
			return errNoCron
		}
		return fmt.Errorf("not a schedule: %w", err)
	}
	if schedule.Next(time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return errNeverFires
	}
	return nil
}

var atMostForm = regexp.MustCompile(`^([1-9]\d{0,5})(?: per (\S+))?$`)

// readAtMost reads how often something may happen: 3, or 3 per 7d.
func readAtMost(t *node.Text, list *diag.List) (n int, per Duration) {
	if t == nil {
		return 0, Duration{}
	}
	m := atMostForm.FindStringSubmatch(t.Value)
	if m == nil {
		list.Errorf(t.Span, CodeBadValue, "for example 1, which is once ever, or 3 per 7d", "at_most cannot be %q", t.Value)
		return 0, Duration{}
	}
	fmt.Sscan(m[1], &n)
	if m[2] == "" {
		return n, Duration{}
	}
	per, err := ParseDuration(m[2])
	if err != nil {
		from := strings.LastIndex(t.Value, " ") + 1
		list.Errorf(t.At(from, len(t.Value)), CodeBadDuration, "for example 90m, 72h or 3d", "%v", err)
	}
	return n, per
}
