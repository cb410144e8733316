package prove_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"nudge/flows"
	"nudge/whatif/prove"
)

// TestHoursOverChanges holds the bounds of windows against the real windows of a few zones,
// over two years of changes of their clocks. An hour that comes twice is not counted, as a day
// counts as 24 hours.
func TestHoursOverChanges(t *testing.T) {
	longest := map[string]time.Duration{} // that a window was really closed
	for _, text := range []string{"01:30-02:30", "01:10-01:50", "sun 02:00-02:45", "sun 02:00-02:30", "fri 00:00-01:00", "sat 22:30-24:00", "sun 01:00-03:00",
		"mon-fri 09:00-17:00", "[mon 00:00-24:00, tue-fri 08:00-23:00]", "00:00-24:00"} {
		windows := windowsOf(t, text)
		for _, open := range []time.Duration{0, 20 * time.Minute, 90 * time.Minute, 10*time.Hour + 30*time.Second} {
			bound := prove.LongestPass(windows, open)
			for _, name := range []string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Nuuk", "Africa/Cairo", "Antarctica/Troll", "Asia/Beirut"} {
				zone, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				end := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
				for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); {
					done := pass(windows, zone, at, open)
					took := done.Sub(at) - back(at, done, zone)
					if took > bound {
						t.Fatalf("%v of %s took %v from %v on; the bound is %v", open, text, took, at.In(zone), bound)
					}
					if open == 0 {
						longest[text] = max(longest[text], took)
					}
					opens, closes, _ := windows.Next(at, zone)
					if at = closes; opens.Equal(closes) {
						t.Fatal("a window that is empty")
					}
					if !changesNear(at, zone) { // one of these weeks is as another
						_, at, _ = windows.Next(at.AddDate(0, 0, 6), zone)
					}
				}
			}
		}
	}
	for text, want := range map[string]time.Duration{"01:10-01:50": 46*time.Hour + 20*time.Minute, "mon-fri 09:00-17:00": 64 * time.Hour, "00:00-24:00": 0} {
		if hold := prove.LongestHold(windowsOf(t, text)); longest[text] != want || hold < want || hold > want+time.Hour {
			t.Errorf("%s was closed for %v, the bound is %v; want %v", text, longest[text], hold, want)
		}
	}
}

// changesNear reports whether the clocks of a zone change in the weeks around an instant.
func changesNear(at time.Time, zone *time.Location) bool {
	const near = 15
	_, before := at.AddDate(0, 0, -near).In(zone).Zone()
	_, now := at.In(zone).Zone()
	_, after := at.AddDate(0, 0, near).In(zone).Zone()
	return before != now || now != after
}

// pass is when windows have been open for some time from an instant on, and are open.
func pass(windows flows.Windows, zone *time.Location, at time.Time, left time.Duration) time.Time {
	for {
		opens, closes, ok := windows.Next(at, zone)
		if !ok {
			panic("it never opens")
		}
		if left < closes.Sub(opens) {
			return opens.Add(left)
		}
		left -= closes.Sub(opens)
		at = closes
	}
}

// back is how far the clocks of a zone go back between two instants.
func back(from, to time.Time, zone *time.Location) (back time.Duration) {
	for at := from; ; {
		_, change := at.In(zone).ZoneBounds()
		if change.IsZero() || change.After(to) {
			return back
		}
		_, before := change.Add(-time.Second).In(zone).Zone()
		_, after := change.In(zone).Zone()
		back += max(0, time.Duration(before-after)*time.Second)
		at = change
	}
}

func windowsOf(t *testing.T, text string) flows.Windows {
	t.Helper()
	p, list := flows.Load(fstest.MapFS{"nudge.yaml": {Data: fmt.Appendf(nil, "categories: { c: { window: %s } }\n", text)}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p.Categories["c"].Window
}
