package runner_test

import (
	"testing"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

// ended is how many ended runs the store of a desk has, up to a page.
func (d *desk) ended() int {
	d.t.Helper()
	page, err := d.store.List(store.Query{RunFilter: store.RunFilter{Status: "ended"}, Limit: store.MaxPage})
	if err != nil {
		d.t.Fatal(err)
	}
	return len(page.Runs)
}

// TestRetention shows that what is over is dropped in slices: all of it at once where
// there is nothing else to do, else one slice in a while, and again a day later.
func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 1000})
	d.loop.Keep(runner.Retention{Runs: 10 * day, Journal: 20 * day})
	d.happen("told", 0, 400)
	for _, p := range d.posts[:400] {
		d.end(p, taken)
	}
	d.now = d.now.Add(9*day + time.Hour)
	d.step()
	if n := d.ended(); n != 400 {
		t.Fatalf("%d runs have ended, want 400", n)
	}
	d.now = d.now.Add(10*day + time.Minute)
	busy := func() {
		if _, err := d.loop.Step(d.now, []*runner.Group{{Inputs: []*engine.Input{{Payload: &engine.Event{Type: "nothing"}}}}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		busy()
	}
	if n := d.ended(); n != 400-64 {
		t.Fatalf("while there is something to do %d runs are left, want one slice less", n)
	}
	d.now = d.now.Add(time.Second)
	busy()
	if n := d.ended(); n != 400-2*64 {
		t.Fatalf("a second later %d runs are left, want two slices less", n)
	}
	d.step() // to the end of the sweep: nothing else is to be done
	if n := d.ended(); n != 0 {
		t.Fatalf("once the loop is idle %d runs are left, want none", n)
	}
	if gone, err := d.store.Purged(); err != nil || gone.Journal != 0 {
		t.Errorf("of the journal %d inputs are gone, %v; want none before its time", gone.Journal, err)
	}
	if want := engine.InstantOf(d.now.Add(day)); d.next != want {
		t.Errorf("the next sweep is at %s, want %s", d.next, want)
	}
	d.happen("told", 0, 1)
	d.now = d.now.Add(11 * day)
	d.step()
	gone, err := d.store.Purged()
	if err != nil || gone.Journal < 800 {
		t.Errorf("of the journal %d inputs are gone, %v; want at least the 800 that are old", gone.Journal, err)
	}
}
