package flows

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"nudge/lang/node"
	"nudge/lang/shape"
)

// momentHint shows every spelling of a moment.
const momentHint = "for example 09:00, mon-fri 09:00, last day of month 18:00, 2026-12-24 09:00, 18:00 1d before data.starts_at, " +
	"24h before data.starts_at or data.starts_at"

// clockHint shows the spellings of a moment of the clock.
const clockHint = "for example 09:00, mon-fri 09:00, first mon of month 09:00 or last day of month 18:00"

var (
	ordinals    = []string{"first", "second", "third", "fourth", "last"}
	ordinalForm = regexp.MustCompile(`^(\S+) +(\S+) +of +month +`)
	noMonth     = regexp.MustCompile(`^(first|second|third|fourth|last) +(\S+) +(\S+)$`)
	daysForm    = regexp.MustCompile(`^([a-z]{3,}(?:[-,][a-z]+)*|\d{4}-\d{2}-\d{2}) +`)
	timeForm    = regexp.MustCompile(`^\d{1,2}[:.]\d{2}(?: +|$)`)
	onForm      = regexp.MustCompile(`^on +`)
	comesAgain  = regexp.MustCompile(`^(\S+ +|\S+ +\S+ +(of +month +)?)?\d{1,2}([:.]\d{2}|([:.]\d{2})? *[ap]\.?m\.?)$`)
	bracketed   = regexp.MustCompile(`^(\S+ +|\S+ +\S+ +(of +month +)?)?\(.*\)$`)
	anchorForm  = regexp.MustCompile(`^(\S+|\d[\d.]* *[a-z]+) +(before|after) +`)
)

// momentReader reads a moment from left to right.
type momentReader struct {
	*reader
	t  *node.Text
	k  *typeEnv
	at int // in the text, in bytes: what is before it is read
	m  Moment
}

// moment reads a moment. Its expression can use the names in k.
func (r *reader) moment(t *node.Text, k *typeEnv) *Moment {
	if t == nil {
		return nil
	}
	x := &momentReader{reader: r, t: t, k: k, m: Moment{Days: EveryDay}}
	before := len(*r.list)
	if !x.clock() && len(*r.list) == before {
		x.instant()
	}
	if len(*r.list) > before {
		return nil
	}
	read := x.m // not a part of x, which holds on to the reader and its project
	return &read
}

// clockMoment reads a moment of the clock, which comes again and again and hangs on no other
// time. A text in brackets may be its time of day, if k has the names that it can use.
func (r *reader) clockMoment(t *node.Text, k *typeEnv) *Moment {
	form := comesAgain
	if k != nil && bracketed.MatchString(t.Value) {
		form = bracketed
	}
	var m *Moment
	if form.MatchString(t.Value) {
		if m = r.moment(t, cmp.Or(k, &typeEnv{})); m == nil {
			return nil
		}
	}
	if m == nil || m.Of != nil || (m.Date != Date{}) {
		r.list.Errorf(t.Span, codeBadMoment, clockHint, "%q is not a time of day that comes again and again", t.Value)
		return nil
	}
	return m
}

func (x *momentReader) rest() string { return x.t.Value[x.at:] }

func (x *momentReader) errorf(from, to int, hint, format string, args ...any) {
	place := x.t.At(len([]rune(x.t.Value[:from])), len([]rune(x.t.Value[:to])))
	x.list.Errorf(place, codeBadMoment, hint, format, args...)
}

// clock reads a moment with a time of day. It reports false if the text has none.
func (x *momentReader) clock() bool {
	text := x.t.Value
	if halfDay.MatchString(text) {
		x.list.Errorf(x.t.Span, codeBadMoment, "write 09:00 for 9 am, or 21:00 for 9 pm", "%q is not a time of day", text)
		return true
	}
	if c := clockForm.FindStringSubmatch(text); c != nil && c[1] != "" && !daysForm.MatchString(text) {
		x.errorf(0, len(c[1]), momentHint, "%q is not a list of weekdays; use mon, tue, wed, thu, fri, sat and sun", c[1])
		return true
	}
	if m := noMonth.FindStringSubmatch(text); m != nil {
		x.list.Errorf(x.t.Span, codeBadMoment, "write "+m[1]+" "+m[2]+" of month "+m[3], "%q does not say of what", m[1]+" "+m[2])
		return true
	}
	days, dated := x.days()
	if !x.timeOfDay(days > 0) {
		x.at = 0
		return false
	}
	switch rest := x.rest(); {
	case rest == "":
	case days > 0:
		x.errorf(x.at, len(text), "write a time of day alone: 09:00 2d after run.started, or 09:00 on data.due",
			"a moment on %s is not counted from another", map[bool]string{true: "a date", false: "some days"}[dated])
	default:
		x.onDay()
	}
	return true
}

// days reads the days of a time of day: an ordinal, weekdays or a date. It returns the
// length of what it read, and whether that is a date.
func (x *momentReader) days() (length int, dated bool) {
	if o := ordinalForm.FindStringSubmatch(x.t.Value); o != nil {
		nth := slices.Index(ordinals, o[1])
		if nth < 0 {
			x.errorf(0, len(o[1]), "use first, second, third, fourth or last", "%q is no ordinal of a day of the month", o[1])
		}
		if x.m.Nth = nth + 1; o[1] == "last" {
			x.m.Nth = Last
		}
		x.weekdays(o[2], strings.Index(x.t.Value[len(o[1]):], o[2])+len(o[1]), "day")
		x.at = len(o[0])
		return x.at, false
	}
	d := daysForm.FindStringSubmatch(x.t.Value)
	if d == nil || d[1] == "not" {
		return 0, false
	}
	after := x.t.Value[len(d[0]):]
	if !timeForm.MatchString(after) && !strings.HasPrefix(after, "(") {
		return 0, false
	}
	x.at = len(d[0])
	if !dateForm.MatchString(d[1]) {
		x.weekdays(d[1], 0, "")
		return x.at, false
	}
	var err error
	if x.m.Date, err = parseDate(d[1]); err != nil {
		x.errorf(0, len(d[1]), "for example 2026-12-24 09:00", "%v", err)
	}
	return x.at, true
}

// weekdays reads weekdays, or a word for all of them.
func (x *momentReader) weekdays(text string, at int, all string) {
	if all != "" && text == all {
		return
	}
	days, err := parseDays(text)
	if err != nil {
		x.errorf(at, at+len(text), momentHint, "%v", err)
	}
	x.m.Days = days
}

// timeOfDay reads 09:00, or a text in round brackets. It reports false if there is none.
func (x *momentReader) timeOfDay(must bool) bool {
	text := x.rest()
	if c := timeForm.FindString(text); c != "" {
		from := x.at
		x.at += len(c)
		at, err := parseClock(strings.TrimSpace(c))
		if err != nil || at == 24*60 || strings.Contains(c, ".") {
			x.errorf(from, x.at, "write two digits for the hour and two for the minute, from 00:00 to 23:59", "%q is not a time of day", strings.TrimSpace(c))
		}
		x.m.Hour, x.m.Minute = at/60, at%60
		return true
	}
	end := bracketEnd(text)
	if end < 0 {
		return false
	}
	after := strings.TrimLeft(text[end:], " ")
	if after != "" && !must && !onForm.MatchString(after) && !anchorForm.MatchString(after) {
		return false
	}
	inner := *x.t
	inner.Value = x.t.Value[:x.at+end-1]
	scratch := *x.list
	if _, t := compileExpr(&inner, x.at+1, x.k.scope(), x.home(), forValue, &scratch); t != nil && t.Kind == shape.KindTime && after == "" && !must {
		return false // a time in brackets is that time
	}
	x.m.Clock, _ = compileExpr(&inner, x.at+1, x.k.scope(), x.home(), forClock, x.list)
	x.at = len(x.t.Value) - len(after)
	return true
}

// bracketEnd returns where the bracket ends that a text begins with; -1 for none.
func bracketEnd(text string) int {
	depth, quote := 0, rune(0)
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if depth == 0 {
			if c == ')' && quote == 0 {
				return i + 1
			}
			return -1
		}
	}
	return -1
}

// onDay reads the day of a time of day: on EXPR, or D before or after EXPR.
func (x *momentReader) onDay() {
	x.m.OnDay = true
	from := x.at
	if on := onForm.FindString(x.rest()); on != "" {
		x.at += len(on)
	} else if !x.offset() {
		if x.at == from {
			x.errorf(from, len(x.t.Value), momentHint, "%q cannot follow a time of day", x.rest())
		}
		return
	}
	if x.m.Offset.Clock != 0 {
		x.errorf(from, x.at, "for example 09:00 2d after run.started", "a time of day goes with days and weeks, not with hours: %s", x.m.Offset)
		return
	}
	x.of()
}

// instant reads an expression that gives a time, or a duration before or after it.
func (x *momentReader) instant() {
	text := x.t.Value
	if _, err := ParseDuration(text); err == nil {
		x.list.Errorf(x.t.Span, codeBadMoment, "write after: "+text+", or at: "+text+" after run.started",
			"%s is a duration, not a moment", text)
		return
	}
	if word, _, counted := strings.Cut(text, " of "); counted {
		if _, err := ParseDuration(word); err == nil {
			x.list.Errorf(x.t.Span, codeBadMoment, "write after: "+text, "%s is a duration within hours, not a moment", text)
			return
		}
	}
	before := len(*x.list)
	x.offset()
	if len(*x.list) == before {
		x.of()
	}
}

// offset reads D before or D after. It reports false if there is none, or a mistake.
func (x *momentReader) offset() bool {
	a := anchorForm.FindStringSubmatch(x.rest())
	if a == nil {
		return false
	}
	d, err := ParseDuration(a[1])
	if err != nil {
		from := len([]rune(x.t.Value[:x.at]))
		x.list.Errorf(x.t.At(from, from+len([]rune(a[1]))), codeBadDuration, node.DurationHint(a[1]), "%v", err)
		x.at += len(a[0])
		return false
	}
	x.m.Offset, x.m.Before = d, a[2] == "before"
	x.at += len(a[0])
	return true
}

// of reads the expression that ends a moment: a time, or also a day where a time of day
// stands before it.
func (x *momentReader) of() {
	want := forTime
	if x.m.OnDay {
		want = forDay
	}
	x.m.Of, _ = compileExpr(x.t, x.at, x.k.scope(), x.home(), want, x.list)
}
