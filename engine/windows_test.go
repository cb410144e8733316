package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"nudge/flows"
)

// onTheWall reports whether a wall clock shows one of the hours. It is the slow reading of a
// window, and knows nothing of clock changes.
func onTheWall(at time.Time, hours [][2]int) bool {
	minute := at.Hour()*60 + at.Minute()
	for _, h := range hours {
		if h[0] <= minute && minute < h[1] {
			return true
		}
	}
	return false
}

// TestClaimedInHours checks over a year, in a dozen zones, that nothing is claimed outside
// its window. A held message must be claimed in the window's first minute, and no message
// earlier or later than necessary.
func TestClaimedInHours(t *testing.T) {
	zones := []string{"Europe/London", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Santiago",
		"Australia/Lord_Howe", "Pacific/Chatham", "Africa/Cairo", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Beirut", "UTC"}
	for n, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			dice := rand.New(rand.NewPCG(uint64(n), 3))
			night, day := dice.IntN(60), 600+dice.IntN(60)
			hours := [][2]int{{60 + night, 190 + night}, {day, day + 100}}
			claimInHours(t, zone, dice, hours)
		})
	}
}

func claimInHours(t *testing.T, zone *time.Location, dice *rand.Rand, hours [][2]int) {
	window := ""
	for i, h := range hours {
		if i > 0 {
			window += ", "
		}
		window += fmt.Sprintf("%02d:%02d-%02d:%02d", h[0]/60, h[0]%60, h[1]/60, h[1]%60)
	}
	w := newWorld(t, txtar.Parse(fmt.Appendf(nil, `
-- nudge.yaml --
timezone: %s
categories: { tips: { window: [%s] } }
-- flows/tip.yaml --
flow: tip
trigger: { event: go }
category: tips
steps:
  - send: hello
-- templates/hello.yaml --
body: Hello
`, zone, window)))
	w.do("provider accepts")
	held := 0
	for w.now.Before(time.Date(2027, 3, 2, 10, 0, 0, 0, time.UTC)) {
		asked := w.now
		w.do("event go by " + fmt.Sprint("p", dice.IntN(50)))
		first := asked.Truncate(time.Minute)
		for !onTheWall(first.In(zone), hours) {
			first = first.Add(time.Minute)
		}
		w.passUntil(asked.Add(time.Duration(dice.Int64N(4*24*3600_000)) * time.Millisecond))
		if w.now.Before(first.Add(time.Minute)) {
			w.passUntil(first.Add(time.Minute))
		}
		r, err := w.store.Run(w.runs[len(w.runs)-1])
		if err != nil {
			t.Fatal(err)
		}
		claimed := r.Message(1).Posted.Time()
		if !onTheWall(claimed.In(zone), hours) || claimed.Before(asked) || !claimed.Truncate(time.Minute).Equal(first) {
			t.Fatalf("asked for at %s, it was claimed at %s; the first minute of %s was %s",
				asked.In(zone), claimed.In(zone), window, first.In(zone))
		}
		if first.After(asked) {
			held++
			if d := claimed.Sub(first); d >= flows.DefaultSpread {
				t.Fatalf("spread by %s", d)
			}
		} else if !claimed.Equal(asked) {
			t.Fatalf("asked for within %s at %s, it waited until %s", window, asked.In(zone), claimed.In(zone))
		}
	}
	if held < 50 {
		t.Errorf("only %d were held", held)
	}
	w.check()
}

// TestOpeningIsSpread shows that the messages of many people do not go out in the same
// second.
func TestOpeningIsSpread(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte(`
-- nudge.yaml --
categories: { tips: { window: [11:00-12:00, 13:00-13:05] } }
-- flows/tip.yaml --
flow: tip
trigger: { event: go }
category: tips
steps: [ { send: hello }, { wait: 1h }, { send: hello } ]
-- templates/hello.yaml --
body: Hello
`)))
	w.do("provider accepts")
	seconds := map[int]int{}
	for n := range 300 {
		w.do(fmt.Sprint("event go by p", n))
	}
	w.passUntil(w.now.Add(4 * time.Hour))
	for _, id := range w.runs {
		r, err := w.store.Run(id)
		if err != nil {
			t.Fatal(err)
		}
		seconds[r.Message(1).Posted.Time().Second()]++
		if at := r.Message(2).Posted.Time(); at.Minute() != 0 || at.Second() >= 30 {
			t.Errorf("at %s, more than a tenth of the window has passed", at)
		}
	}
	for second, n := range seconds {
		if n > 30 {
			t.Errorf("%d of 300 in second %d", n, second)
		}
	}
	if len(seconds) < 50 {
		t.Errorf("in %d of 60 seconds", len(seconds))
	}
}
