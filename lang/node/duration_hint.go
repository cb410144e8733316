package node

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// spokenUnits are the units of a duration as people write them.
var spokenUnits = map[string]struct {
	days  float64
	clock time.Duration
}{
	"ms": {0, time.Millisecond}, "millisecond": {0, time.Millisecond},
	"s": {0, time.Second}, "sec": {0, time.Second}, "second": {0, time.Second},
	"m": {0, time.Minute}, "min": {0, time.Minute}, "minute": {0, time.Minute},
	"h": {0, time.Hour}, "hr": {0, time.Hour}, "hour": {0, time.Hour},
	"d": {1, 0}, "day": {1, 0}, "w": {7, 0}, "wk": {7, 0}, "week": {7, 0}, "fortnight": {14, 0},
	"mo": {30, 0}, "month": {30, 0}, "quarter": {90, 0}, "y": {365, 0}, "yr": {365, 0}, "year": {365, 0},
}

var (
	spokenForm  = regexp.MustCompile(`^(?:\s*(\d{1,6}(?:\.\d{1,3})?|an?|one)?\s*([a-z]+)(?:\s*(?:,|and)\s+)?)`)
	lastForm    = regexp.MustCompile(`\d([wdhms])\s*\d{1,6}$`)
	smallerUnit = map[string]string{"w": "d", "d": "h", "h": "m", "m": "s", "s": "ms"}
	numberForm  = regexp.MustCompile(`^\d{1,6}$`)
	uneven      = regexp.MustCompile(`^(?:mo|month|quarter|y|yr|year)s?$`)
	durationFor = "for example 90m, 72h or 3d"
)

// DurationHint returns what to write instead of a text that is not a duration: 5m for
// "5 mins", 1h30m for "1.5h", 30d for "1 month".
func DurationHint(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if numberForm.MatchString(text) && strings.Trim(text, "0") != "" {
		return fmt.Sprintf("add a unit: %sm, %sh or %sd", text, text, text)
	}
	if m := lastForm.FindStringSubmatch(text); m != nil {
		if meant := strings.Join(strings.Fields(text), "") + smallerUnit[m[1]]; isDuration(meant) {
			return "write " + meant
		}
	}
	duration, vague := SpokenDuration(text)
	switch {
	case duration == "":
		return durationFor
	case vague:
		return "write " + duration + ": months and years have no fixed length"
	}
	return "write " + duration
}

func isDuration(text string) bool {
	_, _, err := ParseDuration(text)
	return err == nil
}

// SpokenDuration returns a duration in the form of [ParseDuration] for a text such as
// "5 mins", "1.5h" or "week", or an empty text if it cannot be read. It reports whether
// the text has a unit without a fixed length, such as a month.
func SpokenDuration(text string) (duration string, vague bool) {
	days, clock := 0.0, time.Duration(0)
	for rest := text; rest != ""; {
		m := spokenForm.FindStringSubmatch(rest)
		if m == nil {
			return "", false
		}
		unit, ok := spokenUnits[m[2]]
		if !ok {
			unit, ok = spokenUnits[strings.TrimSuffix(m[2], "s")]
		}
		if !ok {
			return "", false
		}
		n := 1.0
		if m[1] != "" && m[1][0] >= '0' && m[1][0] <= '9' {
			n, _ = strconv.ParseFloat(m[1], 64)
		}
		whole := float64(int(n * unit.days))
		days += whole
		clock += time.Duration((n*unit.days-whole)*float64(24*time.Hour)) + time.Duration(n*float64(unit.clock))
		vague = vague || uneven.MatchString(m[2])
		rest = rest[len(m[0]):]
	}
	duration = writtenDuration(int(days), clock.Round(time.Millisecond))
	if !isDuration(duration) {
		return "", false
	}
	return duration, vague
}

func writtenDuration(days int, clock time.Duration) string {
	var b strings.Builder
	if days > 0 {
		fmt.Fprintf(&b, "%dd", days)
	}
	for _, u := range units[2:] {
		if n := clock / u.clock; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.suffix)
			clock -= n * u.clock
		}
	}
	return b.String()
}
