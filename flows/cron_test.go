package flows

import (
	"slices"
	"testing"
	"time"

	"nudge/lang/shape"
)

// cronZones change their clocks by an hour, by half an hour and by two, in the north
// and in the south, at midnight and in Ramadan.
var cronZones = []string{
	"Europe/London", "America/New_York", "Australia/Lord_Howe", "Australia/Adelaide", "Asia/Beirut",
	"Africa/Casablanca", "Antarctica/Troll", "America/Santiago", "Pacific/Chatham", "America/St_Johns",
	"America/Havana", "Pacific/Auckland", "Africa/Cairo", "Asia/Jerusalem", "Asia/Kolkata",
}

var cronSpecs = []string{
	"30 2 * * *", "15,45 0-3 * * *", "0 0 * * *", "30 0 * * sun", "*/15 * * * *", "7 * * * sun", "@hourly",
	"30 23 * * *", "0 3 * * *", "10 */2 * * *", "0 1 1,31 * sun", "* 1 * * *",
}

// TestCronOverEveryTransition holds the firings around every change of a clock from
// 2024 to 2030 against a walk through every minute of the days around it.
func TestCronOverEveryTransition(t *testing.T) {
	transitions := 0
	for _, name := range cronZones {
		zone := shape.Zone(name)
		for _, change := range changesOf(zone) {
			transitions++
			from, to := change.Add(-26*time.Hour), change.Add(26*time.Hour)
			for _, spec := range cronSpecs {
				c, err := parseCron(spec)
				if err != nil {
					t.Fatal(err)
				}
				want := walked(c, zone, from, to)
				var got []time.Time
				for at := c.Next(from, zone); at.Before(to); at = c.Next(at, zone) {
					got = append(got, at.UTC())
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s %q around %s:\n got %v\nwant %v", name, spec, change, got, want)
				}
			}
		}
	}
	if transitions < 150 {
		t.Errorf("only %d changes of a clock: the table proves little", transitions)
	}
	t.Logf("%d changes of a clock, %d schedules", transitions, len(cronSpecs))
}

// changesOf are the instants from 2024 to 2030 at which a zone's clocks change; the
// first of 2024 where they never do.
func changesOf(zone *time.Location) (all []time.Time) {
	at, end := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for {
		_, next := at.In(zone).ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			break
		}
		all, at = append(all, next.UTC()), next
	}
	if len(all) == 0 {
		return []time.Time{at}
	}
	return all
}

// walked is when a schedule fires after one instant and before another, found by
// looking at every minute.
func walked(c *Cron, zone *time.Location, from, to time.Time) (fired []time.Time) {
	begin := from.Add(-5 * time.Hour).Truncate(time.Minute)
	seen := map[time.Time]bool{}
	last := wallOf(begin.Add(-time.Minute), zone)
	for at := begin; at.Before(to); at = at.Add(time.Minute) {
		wall := wallOf(at, zone)
		fires := false
		if c.fields.Hour&starBit != 0 {
			fires = matches(c, wall)
		} else {
			for w := last.Add(time.Minute); !w.After(wall); w = w.Add(time.Minute) { // what a gap skipped, too
				fires = fires || !seen[w] && matches(c, w)
			}
			fires = fires || !seen[wall] && matches(c, wall)
		}
		seen[wall], last = true, wall
		if fires && at.After(from) {
			fired = append(fired, at)
		}
	}
	return fired
}

func matches(c *Cron, wall time.Time) bool {
	return c.onDay(wall) && c.fields.Hour&(1<<wall.Hour()) != 0 && c.fields.Minute&(1<<wall.Minute()) != 0
}

// TestEveryIsAFixedHour holds the firings of a time of day against those of the fixed hour of
// cron that says the same, around every change of a clock.
func TestEveryIsAFixedHour(t *testing.T) {
	weekdays := EveryDay &^ (1<<time.Saturday | 1<<time.Sunday)
	for spec, every := range map[string]*Moment{
		"30 2 * * *": {Hour: 2, Minute: 30, Days: EveryDay}, "0 0 * * *": {Days: EveryDay},
		"30 0 * * mon-fri": {Minute: 30, Days: weekdays}, "15 1 1 * *": {Hour: 1, Minute: 15, Days: EveryDay, Nth: 1},
	} {
		c, wrong := parseCron(spec)
		if wrong != nil {
			t.Fatal(wrong)
		}
		for _, name := range append(cronZones, "local") {
			zone := shape.Zone("Europe/London")
			byCron, byEvery := Schedule{Cron: c}, Schedule{Every: every}
			if name != "local" {
				zone = shape.Zone(name)
				byCron.Zone, byEvery.Zone = zone, zone
			}
			for _, change := range changesOf(zone) {
				want, got := change.Add(-50*time.Hour), change.Add(-50*time.Hour)
				for range 4 {
					if want, got = byCron.Next(want), byEvery.Next(got); !got.Equal(want) {
						t.Errorf("%s, every %s: %s, but %q fires at %s", name, every, got, spec, want)
						break
					}
				}
			}
		}
	}
}

// TestLocalSchedule shows when a schedule that follows each person's own clock begins
// and comes to people, and which firing is the first after a deploy.
func TestLocalSchedule(t *testing.T) {
	c, err := parseCron("0 9 * * mon")
	if err != nil {
		t.Fatal(err)
	}
	s := &Schedule{Cron: c}
	sunday := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	first := s.Next(sunday)
	if want := time.Date(2026, 3, 8, 19, 0, 0, 0, time.UTC); !first.Equal(want) {
		t.Errorf("it begins %s, want %s", first, want)
	}
	for zone, want := range map[string]time.Time{
		"Pacific/Kiritimati": first,
		"Europe/London":      time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC),
		"America/New_York":   time.Date(2026, 3, 9, 13, 0, 0, 0, time.UTC), // the clocks changed the day before
	} {
		if got := s.PersonsTime(first, 0, shape.Zone(zone)); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
	for _, now := range []time.Time{sunday, sunday.Add(10 * time.Hour), sunday.Add(32 * time.Hour)} {
		if got := s.First(now); !got.Equal(first) {
			t.Errorf("taken up at %s it begins with %s, want %s", now, got, first)
		}
	}
	if got, want := s.First(sunday.Add(34*time.Hour)), first.Add(7*24*time.Hour); !got.Equal(want) {
		t.Errorf("once it is past everywhere, it begins with %s, want %s", got, want)
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		rate     Rate
		messages int
		want     time.Duration
	}{
		{Rate{}, 1000, 0}, {Rate{200, time.Second}, 100, 500 * time.Millisecond},
		{Rate{1000, time.Minute}, 1_000_000, 1000 * time.Minute}, {Rate{7, time.Hour}, 3, 1542857142 * time.Microsecond},
		{Rate{9_999_999, time.Hour}, 9_999_998, 3599999639 * time.Microsecond},
	} {
		if got := c.rate.Time(c.messages); got != c.want {
			t.Errorf("%d messages at %+v take %s, want %s", c.messages, c.rate, got, c.want)
		}
	}
}
