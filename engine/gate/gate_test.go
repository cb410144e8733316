package gate

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"nudge/engine/caps"
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

// allDays returns hours on every day of the week.
func allDays(from, to int) flows.Windows {
	return flows.Windows{{Days: 0x7f, From: from * 60, To: to * 60}}
}

func TestJudge(t *testing.T) {
	noon := at("2026-03-02T12:00:00Z")
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	perDay := flows.Category{Caps: []flows.Cap{{AtMost: 1, Per: flows.Duration{Days: 1}}}}
	hour := flows.Duration{Clock: time.Hour}
	for _, c := range []struct {
		name   string
		m      Message
		reason string
		detail string          // part of it
		until  instant.Instant // 0 for never; the spread of an opening is added
	}{
		{"without limits", Message{}, "", "", 0},
		{"outbound mode", Message{Blocked: true, OptedOut: true}, Outbound, "", 0},
		{"opted out", Message{OptedOut: true, ExpiresAt: noon.Time().Add(-1)}, OptedOut, "", 0},
		{"at the instant it expires", Message{ExpiresAt: noon.Time()}, "", "", 0},
		{"after it expired", Message{ExpiresAt: noon.Time().Add(-time.Millisecond), Expires: hour}, Expired, "expires of 1h", 0},
		{"within its hours", Message{Hours: allDays(9, 17)}, "", "", 0},
		{"before its hours where the person lives", Message{Hours: allDays(9, 17), Homes: caps.Homes{Now: newYork}}, Window, "outside its window", at("2026-03-02T14:00:00Z")},
		{"hours that never are", Message{Hours: flows.Windows{}}, Late, "no hour in common", 0},
		{"max_delay is over", Message{MaxDelay: hour, Latest: noon - 1}, Late, "max_delay of 1h", 0},
		{"max_delay ends now", Message{MaxDelay: hour, Latest: noon}, "", "", 0},
		{"its hours come after max_delay", Message{Hours: allDays(15, 17), MaxDelay: hour, Latest: noon.Add(time.Hour)}, Late, "as its window opens", 0},
		{"capped", Message{Category: "news", Rules: &perDay, Counted: []instant.Instant{noon - 1}}, Capped, "1 per 1d is the cap of news", 0},
		{"capped, and there is time to wait", Message{Category: "news", Rules: &perDay, Counted: []instant.Instant{noon.Add(-23 * time.Hour)},
			MaxDelay: flows.Duration{Days: 1}, Latest: noon.Add(24 * time.Hour)}, Capped, "1 per 1d", noon.Add(time.Hour)},
		{"capped for longer than max_delay", Message{Category: "news", Rules: &perDay, Counted: []instant.Instant{noon - 1}, MaxDelay: hour, Latest: noon.Add(time.Hour)},
			Capped, "no place comes free", 0},
		{"the cap has room", Message{Category: "news", Rules: &perDay, Counted: []instant.Instant{noon.Add(-24 * time.Hour)}}, "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m.Now, c.m.Person, c.m.Rules = noon, "ann", cmp.Or(c.m.Rules, &flows.Category{})
			c.m.Homes.Now = cmp.Or(c.m.Homes.Now, time.UTC)
			got := c.m.Judge()
			if got.Reason != c.reason || !strings.Contains(got.Detail, c.detail) {
				t.Errorf("it is %q: %q, want %q: %q", got.Reason, got.Detail, c.reason, c.detail)
			}
			if c.until == 0 && got.Until != 0 || got.Until < c.until || got.Until > c.until.Add(flows.DefaultSpread) {
				t.Errorf("it is asked again at %s, want %s", got.Until, c.until)
			}
		})
	}
}

// TestSpread shows that people are spread over the minute after an opening, and over a tenth
// of a short window. Each person always gets the same place.
func TestSpread(t *testing.T) {
	opens, half := at("2026-03-02T09:00:00Z"), 30*time.Minute
	for _, c := range []struct {
		name         string
		rules        flows.Category
		length, most time.Duration
	}{
		{"a long window", flows.Category{}, 8 * time.Hour, time.Minute},
		{"a window of five minutes", flows.Category{}, 5 * time.Minute, 30 * time.Second},
		{"half an hour", flows.Category{Spread: &half}, 8 * time.Hour, half},
		{"half an hour of three", flows.Category{Spread: &half}, 3 * time.Hour, 18 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			places, most := map[time.Duration]bool{}, c.rules.SpreadOver(c.length)
			if most != c.most {
				t.Fatalf("it is spread over %s", most)
			}
			for i := range 200 {
				person := strings.Repeat("x", i)
				d := spread(person, opens, most)
				if d < 0 || d >= c.most || d != spread(person, opens, most) {
					t.Fatalf("person %d comes %s after the opening", i, d)
				}
				places[d] = true
			}
			if len(places) < 150 {
				t.Errorf("200 people share %d places", len(places))
			}
		})
	}
	exact := flows.Category{Spread: new(time.Duration)}
	if d := spread("ann", opens, exact.SpreadOver(8*time.Hour)); d != 0 {
		t.Errorf("exactly at the opening is %s after it", d)
	}
}
