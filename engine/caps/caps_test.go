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

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestOpensAt(t *testing.T) {
	day := []flows.Cap{{AtMost: 2, Per: flows.Duration{Days: 1}}}
	one := []flows.Cap{{AtMost: 1, Calendar: flows.ByDay}}
	now := at("2026-03-28T12:00:00Z")
	madrid, tokyo, newYork := zoneOf(t, "Europe/Madrid"), zoneOf(t, "Asia/Tokyo"), zoneOf(t, "America/New_York")
	week, month := []flows.Cap{{AtMost: 1, Calendar: flows.ByWeek}}, []flows.Cap{{AtMost: 1, Calendar: flows.ByMonth}}
	for _, c := range []struct {
		name    string
		caps    []flows.Cap
		counted []instant.Instant
		homes   Homes
		want    instant.Instant
	}{
		{"no cap", nil, []instant.Instant{now, now, now}, Homes{Now: time.UTC}, now},
		{"nothing counted", day, nil, Homes{Now: time.UTC}, now},
		{"room for one", day, []instant.Instant{now - 1}, Homes{Now: time.UTC}, now},
		{"full", day, []instant.Instant{at("2026-03-28T08:00:00Z"), at("2026-03-28T09:00:00Z")}, Homes{Now: time.UTC}, at("2026-03-29T08:00:00Z")},
		{"full, on the day on which the clocks go forward", day, []instant.Instant{at("2026-03-28T08:00:00Z"), now}, Homes{Now: madrid}, at("2026-03-29T07:00:00Z")},
		{"more than the cap, which was lowered", day, []instant.Instant{now - 3, now - 2, now - 1}, Homes{Now: time.UTC}, now.Add(24*time.Hour) - 2},
		{"the period of the first is over", day, []instant.Instant{at("2026-03-27T12:00:00Z"), now}, Homes{Now: time.UTC}, now},
		{"a day ends at midnight", one, []instant.Instant{at("2026-03-28T08:00:00Z")}, Homes{Now: madrid}, at("2026-03-28T23:00:00Z")},
		{"a day that began with the last midnight", one, []instant.Instant{at("2026-03-27T22:59:59Z")}, Homes{Now: madrid}, now},
		{"a week ends with Sunday", week, []instant.Instant{at("2026-03-23T00:00:00Z")}, Homes{Now: time.UTC}, at("2026-03-30T00:00:00Z")},
		{"a month ends with its last day", month, []instant.Instant{at("2026-03-01T00:00:00Z")}, Homes{Now: time.UTC}, at("2026-04-01T00:00:00Z")},
		{"of two caps the later", append(slices.Clone(day), week...), []instant.Instant{now - 1}, Homes{Now: time.UTC}, at("2026-03-30T00:00:00Z")},
		{"of a fixed zone", []flows.Cap{{AtMost: 1, Calendar: flows.ByDay, Zone: madrid}}, []instant.Instant{now - 1}, Homes{Now: tokyo}, at("2026-03-28T23:00:00Z")},
		{"somebody moved to where it is tomorrow", one, []instant.Instant{now - 1}, Homes{Now: tokyo, Before: []Home{{madrid, now}}}, at("2026-03-28T23:00:00Z")},
		{"somebody moved to where the day is longer", one, []instant.Instant{now - 1}, Homes{Now: newYork, Before: []Home{{madrid, now}}}, at("2026-03-29T04:00:00Z")},
		{"somebody moved and came back", one, []instant.Instant{now - 2}, Homes{Now: tokyo, Before: []Home{{tokyo, now - 1}, {newYork, now}}}, at("2026-03-29T04:00:00Z")},
		{"somebody moved before the message", one, []instant.Instant{now - 1}, Homes{Now: tokyo, Before: []Home{{newYork, now - 2}}}, at("2026-03-28T15:00:00Z")},
		{"an earlier message may be counted longer", []flows.Cap{{AtMost: 2, Calendar: flows.ByDay}}, []instant.Instant{now - 3, now - 1},
			Homes{Now: tokyo, Before: []Home{{newYork, now - 2}}}, at("2026-03-28T15:00:00Z")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, full := OpensAt(c.caps, c.counted, now, c.homes)
			if got != c.want {
				t.Errorf("it opens at %s, want %s", got, c.want)
			}
			if left := Left(c.caps, c.counted, now, c.homes); (left == 0) != (got > now) || (full.AtMost > 0) != (got > now) {
				t.Errorf("%d are left, and it waits for %s", left, full)
			}
		})
	}
}

func TestLeft(t *testing.T) {
	now := at("2026-03-28T12:00:00Z")
	caps := []flows.Cap{{AtMost: 2, Calendar: flows.ByDay}, {AtMost: 5, Per: flows.Duration{Days: 7}}}
	homes := Homes{Now: time.UTC}
	for _, c := range []struct {
		name    string
		counted []instant.Instant
		want    int
	}{
		{"nothing counted", nil, 2},
		{"one today", []instant.Instant{now - 1}, 1},
		{"four yesterday", []instant.Instant{now.Add(-24 * time.Hour), now.Add(-23 * time.Hour), now.Add(-22 * time.Hour), now.Add(-21 * time.Hour)}, 1},
		{"more than the cap", []instant.Instant{now - 3, now - 2, now - 1}, 0},
	} {
		if got := Left(caps, c.counted, now, homes); got != c.want {
			t.Errorf("%s: %d are left, want %d", c.name, got, c.want)
		}
	}
	if got := Left(nil, []instant.Instant{now}, now, homes); got != flows.MaxCap {
		t.Errorf("without a cap %d are left", got)
	}
}

func TestCounted(t *testing.T) {
	now := at("2026-03-02T12:00:00Z")
	hour := flows.Cap{AtMost: 1, Per: flows.Duration{Clock: time.Hour}}
	all := []instant.Instant{now.Add(-2 * time.Hour), now.Add(-time.Hour), now - 1}
	homes := Homes{Now: time.UTC}
	if got := Counted([]flows.Cap{hour}, all, now, homes); !slices.Equal(got, all[2:]) {
		t.Errorf("%v are counted, want the last alone", got)
	}
	if got := Counted([]flows.Cap{hour, {AtMost: 3, Calendar: flows.ByDay}}, all, now, homes); !slices.Equal(got, all) {
		t.Errorf("%v are counted, want all of today", got)
	}
	day := flows.Cap{AtMost: 1, Calendar: flows.ByDay}
	if got := Counted([]flows.Cap{day}, all, now.Add(37*time.Hour), homes); !slices.Equal(got, all) {
		t.Errorf("%v are counted an hour into the day after tomorrow, want all: the person may move west", got)
	}
	if got := Counted([]flows.Cap{day}, all, now.Add(38*time.Hour), homes); len(got) != 0 {
		t.Errorf("%v are counted when the day is over in every zone", got)
	}
	day.Zone = time.UTC
	if got := Counted([]flows.Cap{day}, all, now.Add(12*time.Hour), homes); len(got) != 0 {
		t.Errorf("%v are counted when the day of the zone is over", got)
	}
	if got := Counted(nil, all, now, homes); len(got) != 0 {
		t.Errorf("without a cap %v are counted", got)
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
