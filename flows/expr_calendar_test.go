package flows

import (
	"maps"
	"strings"
	"testing"
	_ "time/tzdata"

	"nudge/lang/diag"
)

// living is the scope of a person in a zone.
func living(zone string) map[string]any {
	scope := maps.Clone(testValues)
	scope[NameProfile] = map[string]any{"timezone": zone}
	return scope
}

// TestCalendar checks times, dates and durations in conditions, for somebody in New York.
// It is 2026-03-05 15:00 UTC there, and data.at is an hour before.
func TestCalendar(t *testing.T) {
	for source, want := range map[string]bool{
		`now > data.at + 30m`: true, `now > data.at + 1h`: false, `data.at < now - 59m59s`: true, `now - 30d < data.at`: true,
		`data.at - data.n * 1m < data.at`: true, `data.at - 2m * data.n == data.at - 6m`: true, `now + data.n * 1d > now + 2d22h`: true,
		`date(data.at) == date(now)`: true, `date(now + 1d) == date(now)`: false, `date(now) == "2026-03-05"`: true,
		`"2026-03-06" > date(now)`: true, `date(now) in ["2026-03-04", "2026-03-05"]`: true, `date(now) + 1w == "2026-03-12"`: true,
		`date(now) - 5d == "2026-02-28"`: true, `time(now) == "10:00"`: true, `time(now) < "18:00"`: true, `weekday(now) == "thu"`: true,
		`weekday(date(now) + 2d) in ["sat", "sun"]`: true, `day(now) == 5`: true, `month(date(now)) == 3`: true,
		`days_between(data.at, now) == 0`: true, `days_between(now, data.at - 1d) == -1`: true, `days_between(date(now), now + 40d) == 40`: true,
		// At 2026-03-08 02:00 the clocks go forward, at 2026-11-01 02:00 back.
		`time(now - 7h30m + 3d) == "03:00"`: true, `now - 7h30m + 3d == now - 7h30m + 71h30m`: true, `time(now - 7h30m + 2d24h) == "02:30"`: false,
		`len(unique(data.tags)) == 2`: true, `unique([1, 1.0, 2])[1] == 2`: true, `len(unique(map(data.items, .price * 0))) == 1`: true,
		`data.paid and date(data.at + (data.paid ? 1d : 2d)) == date(now) + 1d`: true, `"ü" == "ü" and now > data.at + 30m`: true,
		`string(date(now)) == "2026-03-05"`: true, `data.id == "1d" or data.n == 1e1 or data.n == 0x3`: true,
	} {
		if got, err := mustExpr(t, source, forCondition).Bool(living("America/New_York")); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", source, got, err, want)
		}
	}
	for zone, want := range map[string]string{"Asia/Tokyo": "00:00", "Mars/Base": "15:00", "": "15:00"} {
		if got, err := mustExpr(t, `time(now)`, forValue).Value(living(zone)); err != nil || got != want {
			t.Errorf("in %q it is %v, %v; want %s", zone, got, err, want)
		}
	}
}

// TestRefusedTimes checks what is said of times that are used as something else.
func TestRefusedTimes(t *testing.T) {
	for source, want := range map[string]struct {
		code diag.Code
		says string
	}{
		`data.at - now > 2h`:               {codeWrongType, "write data.at > now + 2h, or days_between(now, data.at)"},
		`days_between(now, now - now) > 2`: {codeWrongType, "compare the times, for example now > now + 2h, or write days_between(now, now)"},
		`max(data.at - now, 1) > 2h`:       {codeWrongType, "compare the times, for example data.at > now + 2h, or write days_between(now, data.at)"},
		`data.at - now > data.n`:           {codeWrongType, "compare the times, for example data.at > now + 2h"},
		`weekday(now) == "Friday"`:         {codeWrongType, `it can be: fri | mon | sat | sun | thu | tue | wed`},
		`weekday(now) in ["saturday"]`:     {codeWrongType, `can never be "saturday"`},
		`time(now) < "9:00"`:               {codeWrongType, `such as "09:00"`},
		`time(now) in ["24:00"]`:           {codeWrongType, `"24:00" is not a time of day`},
		`date(now) == "5 March"`:           {codeWrongType, "for example 2026-03-05"},
		`date(now) in ["tomorrow"]`:        {codeWrongType, `"tomorrow" is not a date`},
		`date(now) + 2h == date(now)`:      {codeWrongType, "only days can be added to a date"},
		`2h > 1h`:                          {codeWrongType, "2h is a duration"},
		`2h + now > now`:                   {codeWrongType, "write now + 2h"},
		`now + 2 > now`:                    {codeWrongType, "a time or date moves by a duration: now + 2h"},
		`now + 1d + 2h * 1m > now`:         {codeWrongType, "* cannot be computed of a duration and a duration"},
		`now > data.at + 3days`:            {codeBadDuration, "write 3d"},
		`now > data.at + 1.5h`:             {codeBadDuration, "write 1h30m"},
		`day(data.id) == 3`:                {codeWrongType, "an argument of day must be"},
		`time(date(now)) == "10:00"`:       {codeWrongType, "an argument of time must be"},
		`date(data.note) == date(now)`:     {codeWrongType, "an argument of date must be"},
		`2h in [2h]`:                       {codeWrongType, "a duration cannot be kept"},
	} {
		e, list := tryExpr(source, forCondition)
		var said strings.Builder
		diag.Render(&said, list, nil)
		if e != nil || len(list) != 1 || list[0].Code != want.code || !strings.Contains(list[0].Message+" "+list[0].Hint, want.says) {
			t.Errorf("%s: got %v, want one %s with %q", source, list, want.code, want.says)
		}
	}
	for _, source := range []string{`2h`, `[1d]`, `data.n * 1d`, `map(data.items, 1d)`} {
		if e, list := tryExpr(source, forValue); e != nil || len(list) != 1 || list[0].Code != codeWrongType {
			t.Errorf("%s is kept: %v", source, list)
		}
	}
}

// TestNoSuchTime checks times that cannot be computed.
func TestNoSuchTime(t *testing.T) {
	for source, want := range map[string]string{
		`now + data.total * 1d > now`:                     "only a whole number can be multiplied with a duration",
		`now + data.n * 36500d * 40 > now`:                "the duration is too long",
		`now + 9223372036854775807 * 1h > now`:            "the duration is too long",
		`now - data.n * 36500d * 7 < now`:                 "the result is not a time between the years 1 and 9999",
		`date(now) + data.n * 36500d * 30 > "2026-01-01"`: "the result is not a time between the years 1 and 9999",
	} {
		holds, err := mustExpr(t, source, forCondition).Bool(testValues)
		if err == nil || holds || !strings.HasPrefix(err.Error(), "f.yaml:2:") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, %v; want %q", source, holds, err, want)
		}
	}
}

// TestReadsZone checks that what the calendar computes is known to depend on the person.
func TestReadsZone(t *testing.T) {
	for source, want := range map[string]string{
		`data.at > now - 2h`: "data.at now", `data.at > now - 1d`: "data.at now profile.timezone", `weekday(data.at) == "fri"`: "data.at profile.timezone",
		`date(data.at) == "2026-03-05" and len(data.id) > 1`: "data.at data.id profile.timezone",
	} {
		if got := strings.Join(mustExpr(t, source, forCondition).Read().Paths(), " "); got != want {
			t.Errorf("%s reads %s, want %s", source, got, want)
		}
	}
}

// BenchmarkCalendar compares expressions with times to others of the same shape: the same
// number of values, functions and comparisons.
func BenchmarkCalendar(b *testing.B) {
	scope := living("America/New_York")
	for _, pair := range []struct{ name, others, times string }{
		{"hours", `data.total + 2 > data.n and data.paid`, `data.at + 2h > now and data.paid`},
		{"days", `data.total + 2 > data.n and data.paid`, `data.at + 2d > now and data.paid`},
		{"day", `lower(data.id) != lower(reply.text)`, `date(data.at) == date(now)`},
		{"clock", `lower(data.id) < "p"`, `time(data.at) < "18:00"`},
		{"all", `data.total + 2 > data.n and lower(data.id) != lower(reply.text) and lower(data.id) < "p"`,
			`data.at + 2d > now and date(data.at) == date(now) and time(now) < "18:00"`},
	} {
		for kind, source := range map[string]string{"others": pair.others, "times": pair.times} {
			e := mustExpr(b, source, forCondition)
			b.Run(pair.name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if ok, err := e.Bool(scope); err != nil || !ok {
						b.Fatal(ok, err)
					}
				}
			})
		}
	}
}
