package runner

import (
	"testing"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// TestBurst holds what a rate saves up while nothing is sent: the messages of a tenth of a second, and at least one. Several partitions
// have no more than that together.
func TestBurst(t *testing.T) {
	for messages, want := range map[int]int{100: 10, 1: 1, 4000: 400} {
		rate := flows.Rate{Messages: messages, Per: time.Second}
		at := engine.Instant(1_800_000_000_000)
		one := &limiter{places: 9999, room: 9999, rate: rate}
		if got := one.free(at); got != want {
			t.Errorf("%d a second: %d at once, want %d", messages, got, want)
		}
		together := 0
		for number := range 4 {
			g := &limiter{places: 9999, room: 9999, rate: rate, share: engine.Partition{Number: number, Of: 4}}
			together += g.free(at)
		}
		// The turn that has just begun counts too.
		if want > 1 && together != want+1 || want == 1 && together > 2 {
			t.Errorf("%d a second: four partitions have %d at once, want %d", messages, together, want+1)
		}
	}
}

// TestOpens holds when a message may be claimed again without any further outcome.
func TestOpens(t *testing.T) {
	const now = engine.Instant(1_800_000_000_000)
	slow := flows.Rate{Messages: 1, Per: time.Second}
	for name, test := range map[string]struct {
		limiter limiter
		want    engine.Instant
	}{
		"nothing holds it back":   {limiter{places: 2, room: 2}, 0},
		"all places are taken":    {limiter{places: 2, busy: 2, room: 2}, 0},
		"the rate":                {limiter{places: 2, room: 2, rate: slow, saved: 0.5, counted: now}, now + 501},
		"the rate lets it":        {limiter{places: 2, room: 2, rate: slow, saved: 1, counted: now}, 0},
		"the rate, and no places": {limiter{places: 2, busy: 2, room: 2, rate: slow, counted: now}, 0},
		"the rate, and no room":   {limiter{places: 2, rate: slow, counted: now}, 0},
		"the provider":            {limiter{places: 2, room: 2, heldUntil: now + 7, openUntil: now + 3}, now + 7},
		"the breaker":             {limiter{places: 2, room: 2, heldUntil: now + 3, openUntil: now + 7}, now + 7},
		"a trial":                 {limiter{places: 2, room: 2, openUntil: now}, 0},
	} {
		if got := test.limiter.opens(now); got != test.want {
			t.Errorf("%s: %d, want %d", name, got-now, test.want-now)
		}
	}
}

// TestHolds holds what operators read of an account that takes nothing: of two reasons, the one that lasts longer.
func TestHolds(t *testing.T) {
	const now = engine.Instant(1_800_000_000_000)
	for name, test := range map[string]struct {
		limiter limiter
		until   engine.Instant
		why     string
	}{
		"none":         {limiter{heldUntil: now}, 0, ""},
		"the provider": {limiter{heldUntil: now + 7, openUntil: now + 3}, now + 7, "the provider asked to wait"},
		"both":         {limiter{heldUntil: now + 7, openUntil: now + 7}, now + 7, "the provider asked to wait"},
		"the breaker":  {limiter{heldUntil: now + 3, openUntil: now + 7}, now + 7, "requests fail"},
		"a trial":      {limiter{openUntil: now - 1}, now - 1, "requests fail"},
	} {
		if got := test.limiter.hold(now); got.until != test.until || got.why != test.why {
			t.Errorf("%s: until %d, %q; want %d, %q", name, got.until-now, got.why, test.until-now, test.why)
		}
	}
}
