package flows

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]string{
		"72h": "72h", "3d": "3d", "1d12h": "1d12h", "90m": "1h30m", "1w": "7d", "1w2d": "9d", "30s": "30s", "500ms": "500ms",
	} {
		d, err := ParseDuration(text)
		if err != nil || d.String() != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "3", "d", "1h1d", "1h1h", "1.5h", "-1h", "P3D", "3 days", "0h", "0d", "99999d", "9999999999h", "٣d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v; want an error", text, d)
		}
	}
}

// TestAfterAcrossClockChanges holds calendar days and elapsed hours apart where they
// differ: on the days on which clocks change.
func TestAfterAcrossClockChanges(t *testing.T) {
	const form = "2006-01-02 15:04 -0700"
	tests := []struct{ name, zone, from, duration, want string }{
		{"a day is 23 hours long in spring", "Europe/London", "2026-03-28 12:00 +0000", "1d", "2026-03-29 12:00 +0100"},
		{"24 hours are not a day in spring", "Europe/London", "2026-03-28 12:00 +0000", "24h", "2026-03-29 13:00 +0100"},
		{"a day is 25 hours long in autumn", "Europe/London", "2026-10-24 12:00 +0100", "1d", "2026-10-25 12:00 +0000"},
		{"a gap ends at its first minute, London", "Europe/London", "2026-03-28 01:30 +0000", "1d", "2026-03-29 02:00 +0100"},
		{"a gap ends at its first minute, New York", "America/New_York", "2026-03-07 02:30 -0500", "1d", "2026-03-08 03:00 -0400"},
		{"the first of two, London", "Europe/London", "2026-10-24 01:30 +0100", "1d", "2026-10-25 01:30 +0100"},
		{"the first of two, New York", "America/New_York", "2026-10-31 01:30 -0400", "1d", "2026-11-01 01:30 -0400"},
		{"a gap of half an hour", "Australia/Lord_Howe", "2026-10-03 02:15 +1030", "1d", "2026-10-04 02:30 +1100"},
		{"a gap at midnight", "Asia/Beirut", "2026-03-28 00:30 +0200", "1d", "2026-03-29 01:00 +0300"},
		{"hours count after days", "Europe/London", "2026-03-28 12:00 +0000", "1d12h", "2026-03-30 00:00 +0100"},
		{"no change at all", "UTC", "2026-03-28 12:00 +0000", "3d", "2026-03-31 12:00 +0000"},
		{"over the end of a month", "Europe/London", "2026-01-31 09:00 +0000", "1w", "2026-02-07 09:00 +0000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			from, err := time.Parse(form, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			d, err := ParseDuration(tt.duration)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.After(from, zone).In(zone).Format(form); got != tt.want {
				t.Errorf("%s after %s is %s, want %s", tt.duration, tt.from, got, tt.want)
			}
		})
	}
}
