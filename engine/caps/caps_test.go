package caps

import (
	"slices"
	"testing"
	"time"

	"nudge/engine/instant"
	"nudge/flows"
)

func at(text string) instant.Instant {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return instant.Of(t)
}

func TestOpensAt(t *testing.T) {
	day := Cap{AtMost: 2, Per: flows.Duration{Days: 1}}
	now := at("2026-03-28T12:00:00Z")
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		cap     Cap
		counted []instant.Instant
		zone    *time.Location
		want    instant.Instant
	}{
		{"no cap", Cap{}, []instant.Instant{now, now, now}, time.UTC, now},
		{"nothing counted", day, nil, time.UTC, now},
		{"room for one", day, []instant.Instant{now - 1}, time.UTC, now},
		{"full", day, []instant.Instant{at("2026-03-28T08:00:00Z"), at("2026-03-28T09:00:00Z")}, time.UTC, at("2026-03-29T08:00:00Z")},
		{"full, on the day on which the clocks go forward", day, []instant.Instant{at("2026-03-28T08:00:00Z"), now}, madrid, at("2026-03-29T07:00:00Z")},
		{"more than the cap, which was lowered", day, []instant.Instant{now - 3, now - 2, now - 1}, time.UTC, now.Add(24*time.Hour) - 2},
		{"the period of the first is over", day, []instant.Instant{at("2026-03-27T12:00:00Z"), now}, time.UTC, now},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.cap.OpensAt(c.counted, now, c.zone); got != c.want {
				t.Errorf("it opens at %s, want %s", got, c.want)
			}
		})
	}
}

func TestCounted(t *testing.T) {
	now := at("2026-03-02T12:00:00Z")
	hour := Cap{AtMost: 1, Per: flows.Duration{Clock: time.Hour}}
	all := []instant.Instant{now.Add(-2 * time.Hour), now.Add(-time.Hour), now - 1}
	if got := hour.Counted(all, now, time.UTC); !slices.Equal(got, all[2:]) {
		t.Errorf("%v are counted, want the last alone", got)
	}
	if all[0] != now.Add(-2*time.Hour) {
		t.Error("the slice that was given is changed")
	}
}

func TestWithAndWithout(t *testing.T) {
	counted := []instant.Instant{10, 30}
	if got := With(counted, 20); !slices.Equal(got, []instant.Instant{10, 20, 30}) {
		t.Errorf("with 20: %v", got)
	}
	if got, found := Without(counted, 10); !found || !slices.Equal(got, []instant.Instant{30}) {
		t.Errorf("without 10: %v, %t", got, found)
	}
	if got, found := Without(counted, 20); found || !slices.Equal(got, counted) {
		t.Errorf("without 20, which is not there: %v, %t", got, found)
	}
	if !slices.Equal(counted, []instant.Instant{10, 30}) {
		t.Errorf("the slice that was given is changed: %v", counted)
	}
}
