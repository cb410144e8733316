package simtest

import (
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/simtest/model"
)

// twoMessages is a flow with two messages, and how far its run has come.
const twoMessages = `
-- flows/tell.yaml --
flow: tell
trigger: { event: told }
steps:
  - id: one
    send: { template: hello, on_unknown: continue }
  - id: first
    wait: [ { read: one }, { after: 1m } ]
  - id: two
    send: hello
  - id: second
    wait: [ { failed: two, then: [ { exit: lost } ] }, { read: any }, { after: 1d } ]
-- templates/hello.yaml --
body: Hello
-- story --
event told by ann
lose 1 timed out
after 15m
after 2m
`

// TestReceiptOrders gives the receipts of two messages in every order, doubled, and with
// the responses among them, and shows that the messages end where they end in any other
// order (I4); and, by the model, that the run went a way that the flow has.
func TestReceiptOrders(t *testing.T) {
	s, err := newScenario(txtar.Parse([]byte(twoMessages)))
	if err != nil {
		t.Fatal(err)
	}
	told := []struct {
		post   int
		status channels.Status
	}{{1, channels.Delivered}, {1, channels.Read}, {1, channels.Failed}, {2, channels.Sent}, {2, channels.Expired}, {2, channels.Delivered}}
	want, orders := "", 0
	permute(len(told), func(order []int) {
		orders++
		if err := s.play(plan{}); err != nil {
			t.Fatal(err)
		}
		id := s.posts[0].Run
		for n, i := range order {
			for range 1 + (n+orders)%2 { // some of them twice
				r := &channels.Receipt{Ref: s.posts[told[i].post-1].Content.Ref, Status: told[i].status, At: s.now}
				if err := s.apply(&engine.Input{Payload: &engine.Receipt{Receipt: *r}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		run, err := s.store.Run(id)
		if err != nil {
			t.Fatal(err)
		}
		got := run.Messages[0].Status.String() + " " + run.Messages[1].Status.String()
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("%v: got %s, another order gives %s", order, got, want)
		}
	})
	if orders != 720 || want != "read delivered" {
		t.Errorf("%d orders, and the messages ended as %s", orders, want)
	}
}

// permute calls visit with every order of n things.
func permute(n int, visit func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var next func(int)
	next = func(k int) {
		if k == n {
			visit(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			next(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	next(0)
}

// TestCalendar holds durations in days and times of day against a slow reading of the
// clocks on the wall, around every change of a dozen zones in five years.
func TestCalendar(t *testing.T) {
	changes, compared := 0, 0
	for _, name := range []string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
		"America/Sao_Paulo", "Asia/Tehran", "Pacific/Auckland", "Pacific/Apia", "America/St_Johns", "Antarctica/Troll", "Europe/Dublin"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2031; {
			_, change := at.In(zone).ZoneBounds()
			if change.IsZero() || change.Year() > 2030 {
				break
			}
			changes++
			for minutes := -200; minutes <= 200; minutes += 25 {
				compared += compareAround(t, zone, change.Add(time.Duration(minutes)*time.Minute))
			}
			at = change.Add(time.Hour)
		}
	}
	t.Logf("%d changes of clocks, %d instants compared", changes, compared)
	if changes < 60 {
		t.Errorf("only %d changes of clocks were found", changes)
	}
}

// compareAround compares what is a day after the day before an instant, and the next
// time that the clocks show what they show then.
func compareAround(t *testing.T, zone *time.Location, near time.Time) (compared int) {
	t.Helper()
	for _, days := range []int{1, 2} {
		from := near.AddDate(0, 0, -days).Add(-40 * time.Minute)
		local := from.In(zone)
		wall := time.Date(local.Year(), local.Month(), local.Day()+days, local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
		got, want := flows.Duration{Days: days}.After(from, zone), model.Instant(wall, zone)
		if !got.Equal(want) {
			t.Errorf("%s: %d days after %s: got %s, want %s", zone, days, from, got, want)
		}
		compared++
	}
	for _, minute := range []int{0, 30, 45} {
		now := near.Add(-13 * time.Hour)
		hour := near.In(zone).Hour()
		m := &flows.Moment{Hour: hour, Minute: minute, Days: flows.EveryDay}
		got, _, err := m.Resolve(nil, now, zone)
		want, _ := model.NextTime(now, zone, "", "", hour*60+minute)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %02d:%02d after %s: got %s (%v), want %s", zone, hour, minute, now, got, err, want)
		}
		compared++
	}
	return compared
}
