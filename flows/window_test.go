package flows

import (
	"math/rand/v2"
	"testing"
	"time"

	"nudge/lang/shape"
)

// zonesOfTheWorld have every way to change clocks: by an hour and by half an hour, at
// midnight and at night, north and south, for Ramadan, and not at all.
var zonesOfTheWorld = []string{
	"UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Santiago",
	"America/Asuncion", "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Cairo", "Africa/Casablanca",
	"Asia/Kathmandu", "Asia/Beirut", "Pacific/Apia",
}

// drawnWindows is one to three windows; many lie at night, where clocks change.
func drawnWindows(dice *rand.Rand) Windows {
	var w Windows
	for range 1 + dice.IntN(3) {
		x := Window{Days: EveryDay, From: dice.IntN(24 * 60), To: 24 * 60}
		if dice.IntN(2) == 0 {
			x.From = dice.IntN(4 * 60)
		}
		x.To = min(24*60, x.From+1+dice.IntN(300))
		if dice.IntN(2) == 0 {
			x.Days = Weekdays(1 + dice.IntN(int(EveryDay)))
		}
		w = append(w, x)
	}
	return w
}

// TestWindowsByTheMinute holds Next to a slow reading: a clock on the wall that is
// looked at every minute of a year.
func TestWindowsByTheMinute(t *testing.T) {
	for n, name := range zonesOfTheWorld {
		zone := shape.Zone(name)
		if zone == nil {
			t.Fatalf("there is no zone %s", name)
		}
		dice := rand.New(rand.NewPCG(uint64(n), 5))
		for range 3 {
			w := drawnWindows(dice)
			readByTheMinute(t, w, zone)
			if t.Failed() {
				t.Fatalf("windows %s", w)
			}
		}
	}
}

func readByTheMinute(t *testing.T, w Windows, zone *time.Location) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	// From the last minute to the first: what opens next is known when a minute is read.
	var next, shut time.Time
	for minute := start.AddDate(1, 0, 0); !minute.Before(start); minute = minute.Add(-time.Minute) {
		wall := minute.In(zone)
		if w.has(wall.Weekday(), wall.Hour()*60+wall.Minute()) {
			next = minute
		} else {
			shut = minute
		}
		if next.IsZero() || minute.Minute()%7 != 0 && !next.Equal(minute) {
			continue
		}
		opens, closes, ok := w.Next(minute, zone)
		if !ok || !opens.Equal(next) {
			t.Errorf("%s: at %s it opens at %s (%v), by the minute at %s", zone, wall, opens.In(zone), ok, next.In(zone))
			return
		}
		if !closes.After(opens) || next.Equal(minute) && !shut.IsZero() && closes.After(shut) {
			t.Errorf("%s: from %s it closes at %s, by the minute at %s", zone, opens.In(zone), closes.In(zone), shut.In(zone))
			return
		}
	}
}

func TestWindowsAnd(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		a, b := drawnWindows(dice), drawnWindows(dice)
		both := a.And(b)
		for day := range time.Weekday(7) {
			for minute := range 24 * 60 {
				if both.has(day, minute) != (a.has(day, minute) && b.has(day, minute)) {
					t.Fatalf("%s and %s: %s is wrong on %s at minute %d", a, b, both, day, minute)
				}
			}
		}
	}
	day := Windows{{EveryDay, 600, 700}}
	if got := day.And(nil); got.String() != day.String() {
		t.Errorf("with any time it is %s", got)
	}
	if _, _, ok := day.And(Windows{{EveryDay, 800, 900}}).Next(time.Unix(0, 0), time.UTC); ok {
		t.Error("hours that have nothing in common open")
	}
}

// TestWindowsAtTheEndOfAYear looks for a window on the last day of each year, also from 2040 on,
// where time.Time.ZoneBounds returns an end before the instant on that day of a leap year.
func TestWindowsAtTheEndOfAYear(t *testing.T) {
	for _, name := range []string{"Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for year := 2026; year < 2100; year++ {
			at := time.Date(year, 12, 31, 12, 0, 0, 0, zone)
			opens, _, ok := Windows{{Days: EveryDay, From: 9 * 60, To: 10 * 60}}.Next(at, zone)
			if want := time.Date(year+1, 1, 1, 9, 0, 0, 0, zone); !ok || !opens.Equal(want) {
				t.Errorf("after %s it opens at %s, want %s", at, opens, want)
			}
		}
	}
}
