package console

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/number"

	"nudge/client"
)

// Num writes a number as the visitor does.
func (v *visit) Num(n any) string { return v.print.Sprint(number.Decimal(n)) }

// Pct writes a part of a whole in percent: with one decimal below ten, and without a whole as a dash.
func (v *visit) Pct(part, whole any) string {
	p, w := toFloat(part), toFloat(whole)
	if w == 0 {
		return "–"
	}
	percent, digits := 100*p/w, 0
	if percent < 9.95 && percent != 0 {
		digits = 1
	}
	return v.print.Sprint(number.Decimal(percent, number.MaxFractionDigits(digits), number.MinFractionDigits(digits))) + " %"
}

func toFloat(n any) float64 {
	switch n := n.(type) {
	case int:
		return float64(n)
	case int64:
		return float64(n)
	case uint64:
		return float64(n)
	case float64:
		return n
	}
	panic(fmt.Sprintf("console: %T is no number", n))
}

// toTime takes the times of the API and of Go.
func toTime(t any) time.Time {
	switch t := t.(type) {
	case client.Time:
		return t.Time
	case time.Time:
		return t
	}
	panic(fmt.Sprintf("console: %T is no time", t))
}

// At writes an instant by the page's clock: the hour today, the day and the hour otherwise.
func (v *visit) At(t any) template.HTML { return v.instant(toTime(t), "15:04:05") }

// Short is At without seconds.
func (v *visit) Short(t any) template.HTML { return v.instant(toTime(t), "15:04") }

func (v *visit) instant(t time.Time, clock string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.In(v.zone)
	now := v.now.In(v.zone)
	layout := "2 Jan 2006, " + clock
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		layout = clock
	case t.Sub(now).Abs() < 6*24*time.Hour:
		layout = "Mon 2 Jan, " + clock
	case t.Year() == now.Year():
		layout = "2 Jan, " + clock
	}
	return timeElement(t, t.Format(layout))
}

// Day writes a day.
func (v *visit) Day(t any) string {
	day := toTime(t).In(v.zone)
	text := day.Format("Monday 2 January")
	if day.Year() != v.now.In(v.zone).Year() {
		text = day.Format("Monday 2 January 2006")
	}
	if now := v.now.In(v.zone); day.Year() == now.Year() && day.YearDay() == now.YearDay() {
		text = "Today, " + text
	}
	return text
}

// Ago writes how long ago something was, or in how long it is.
func (v *visit) Ago(t any) template.HTML {
	at := toTime(t)
	if at.IsZero() {
		return "never"
	}
	d := v.now.Sub(at)
	switch {
	case d < 0:
		return timeElement(at, "in "+Span(-d))
	case d < time.Second:
		return timeElement(at, "now")
	}
	return timeElement(at, Span(d)+" ago")
}

func timeElement(t time.Time, text string) template.HTML {
	iso := t.UTC().Format(time.RFC3339)
	return template.HTML(`<time datetime="` + iso + `" title="` + t.UTC().Format("2006-01-02 15:04:05") + ` UTC">` + template.HTMLEscapeString(text) + `</time>`)
}

// Span writes a duration with its two largest units.
func Span(d time.Duration) string {
	days, hours, minutes, seconds := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60, d/time.Second%60
	two := func(a time.Duration, of string, b time.Duration, in string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, of)
		}
		return fmt.Sprintf("%d %s %d %s", a, of, b, in)
	}
	switch {
	case days >= 10:
		return fmt.Sprintf("%d d", days)
	case days > 0:
		return two(days, "d", hours, "h")
	case hours > 0:
		return two(hours, "h", minutes, "min")
	case minutes > 0:
		return two(minutes, "min", seconds, "s")
	case seconds > 0:
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d ms", d/time.Millisecond)
}

// Many writes a number and its noun: one run, two runs.
func (v *visit) Many(n any, one, more string) string {
	if toFloat(n) == 1 {
		return v.Num(n) + " " + one
	}
	return v.Num(n) + " " + more
}

// upper writes the first letter of a sentence large.
func upper(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// maxShown is how many bytes of a text of a person, a product or a provider are shown; the rest is left out, and the text says so.
const maxShown = 2000

// Shown prepares a text from outside: control characters become visible, and a long text is cut.
func Shown(text string) string {
	if len(text) > maxShown {
		cut := maxShown
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "… (cut)"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20:
			return 0x2400 + r
		case r >= 0x7f && r <= 0x9f, r == utf8.RuneError:
			return '�'
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
			return -1 // they turn the text around them
		}
		return r
	}, text)
}

// Clock is the hour of an instant, beside a day.
func (v *visit) Clock(t any) template.HTML {
	at := toTime(t)
	return timeElement(at, at.In(v.zone).Format("15:04:05"))
}
