package flows

import (
	"math/rand/v2"
	"testing"
	"time"

	"nudge/lang/shape"
)

// passByTheMinute is a slow reading of Pass: it looks at the clock on the wall minute by
// minute and counts those that are open.
func passByTheMinute(w Windows, open time.Duration, now time.Time, zone *time.Location) time.Time {
	for {
		wall, end := now.In(zone), now.Truncate(time.Minute).Add(time.Minute)
		if w.has(wall.Weekday(), wall.Hour()*60+wall.Minute()) {
			if left := end.Sub(now); open >= left {
				open -= left
			} else {
				return now.Add(open)
			}
		}
		now = end
	}
}

// TestPassByTheMinute holds Pass to the slow reading, over changes of clocks too.
func TestPassByTheMinute(t *testing.T) {
	for n, name := range zonesOfTheWorld {
		zone := shape.Zone(name)
		dice := rand.New(rand.NewPCG(uint64(n), 8))
		for range 12 {
			w := drawnWindows(dice)
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(dice.Int64N(int64(360 * 24 * time.Hour)))).Truncate(time.Millisecond)
			for _, open := range []time.Duration{0, time.Second, time.Hour, time.Duration(dice.IntN(600)) * time.Minute} {
				got, ok := w.Pass(open, now, zone)
				if want := passByTheMinute(w, open, now, zone); !ok || !got.Equal(want) {
					t.Errorf("%s: %s of %s from %s: %s (%v), by the minute %s", name, open, w, now.In(zone), got.In(zone), ok, want.In(zone))
				}
			}
		}
	}
}

func TestPass(t *testing.T) {
	work := Windows{{EveryDay &^ (1<<time.Saturday | 1<<time.Sunday), 9 * 60, 17 * 60}}
	for _, c := range []struct {
		name      string
		open      time.Duration
		now, want string
	}{
		{"open now", 0, "2026-03-02T11:00:00Z", "2026-03-02T11:00:00Z"},
		{"not yet open", 0, "2026-03-02T08:59:59Z", "2026-03-02T09:00:00Z"},
		{"closing time is closed", 0, "2026-03-02T17:00:00Z", "2026-03-03T09:00:00Z"},
		{"the weekend is closed", 0, "2026-03-06T17:00:00Z", "2026-03-09T09:00:00Z"},
		{"within a day", 4 * time.Hour, "2026-03-02T10:00:00Z", "2026-03-02T14:00:00Z"},
		{"a whole day ends at the next opening", 8 * time.Hour, "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z"},
		{"from Friday at four", 4 * time.Hour, "2026-03-06T16:00:00Z", "2026-03-09T12:00:00Z"},
		{"a day from Friday at four", 8 * time.Hour, "2026-03-06T16:00:00Z", "2026-03-09T16:00:00Z"},
		{"from a closed hour", 90 * time.Minute, "2026-03-07T12:00:00Z", "2026-03-09T10:30:00Z"},
	} {
		if got, ok := work.Pass(c.open, instant(c.now), time.UTC); !ok || !got.Equal(instant(c.want)) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if got, ok := Windows(nil).Pass(time.Hour, instant("2026-03-02T11:00:00Z"), time.UTC); !ok || !got.Equal(instant("2026-03-02T12:00:00Z")) {
		t.Errorf("hours that are always open: %s", got)
	}
	if _, ok := (Windows{}).Pass(0, instant("2026-03-02T11:00:00Z"), time.UTC); ok {
		t.Error("hours that never open open")
	}
}
