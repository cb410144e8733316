package runner_test

import (
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
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

// deployTell deploys the flow of the event told alone, with another wait.
func (d *desk) deployTell(wait string) {
	d.t.Helper()
	project, list := flows.Load(fstest.MapFS{
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: hello }, { wait: " + wait + " } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		d.t.Fatal(list)
	}
	d.step(&runner.Group{Inputs: []*engine.Input{{By: &engine.Actor{Name: "zoe"}, Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flow("tell").Bundle}}}}})
}

// versions are how many versions of a flow the store has, and how many it has counts of.
func (d *desk) versions(flow string) (stored, counted int) {
	d.t.Helper()
	all, err := d.store.VersionsOf(flow)
	if err != nil {
		d.t.Fatal(err)
	}
	counts, err := d.store.CountsOfFlow(flow)
	if err != nil {
		d.t.Fatal(err)
	}
	return len(all), len(counts)
}

// TestVersionsRetention shows when a version that was replaced goes: not before its time, and not before the last run and the
// last input of its time.
func TestVersionsRetention(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		keep runner.Retention
		at   time.Duration // after the deploy that replaced it
		want int           // versions
	}{
		"its time is over":              {runner.Retention{Runs: 10 * day, Journal: 10 * day, Versions: 30 * day}, 31 * day, 1},
		"its time is not over":          {runner.Retention{Runs: 10 * day, Journal: 10 * day, Versions: 30 * day}, 29 * day, 2},
		"its runs are kept":             {runner.Retention{Runs: 60 * day, Journal: 10 * day, Versions: 30 * day}, 31 * day, 2},
		"its inputs are kept":           {runner.Retention{Runs: 10 * day, Journal: 60 * day, Versions: 30 * day}, 31 * day, 2},
		"the journal is kept for good":  {runner.Retention{Runs: 10 * day, Versions: 30 * day}, 310 * day, 2},
		"versions are kept for good":    {runner.Retention{Runs: 10 * day, Journal: 10 * day}, 310 * day, 2},
		"its runs are kept for longer":  {runner.Retention{Runs: 500 * day, Journal: 10 * day, Versions: 30 * day}, 520 * day, 1},
		"longer than deploys are known": {runner.Retention{Runs: 10 * day, Journal: 600 * day, Versions: 500 * day}, 602 * day, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, runner.AccountSettings{Account: "main", Places: 10})
			d.loop.Keep(c.keep)
			d.happen("told", 0, 3)
			for _, p := range d.posts {
				d.end(p, taken)
			}
			d.now = d.now.Add(day)
			replaced := d.now
			d.deployTell("8d")
			d.now = d.now.Add(9 * day)
			d.step() // the runs of the first version have ended
			for d.now = d.now.Add(day); d.now.Before(replaced.Add(c.at)); d.now = d.now.Add(36 * time.Hour) {
				d.happen("told", 3, 4)
			}
			d.now = replaced.Add(c.at)
			d.step()
			if stored, counted := d.versions("tell"); stored != c.want || counted != c.want {
				t.Errorf("%d versions are stored, and %d counted; want %d", stored, counted, c.want)
			}
			if report, err := d.store.Check(); err != nil || len(report.Problems) > 0 {
				t.Fatalf("the store: %v %q", err, report.Problems)
			}
		})
	}
}

// TestVersionComesBack shows that a version that was dropped can be deployed again, and counts from zero.
func TestVersionComesBack(t *testing.T) {
	const day = 24 * time.Hour
	d := newDesk(t, runner.AccountSettings{Account: "main", Places: 10})
	d.loop.Keep(runner.Retention{Runs: 10 * day, Journal: 10 * day, Versions: 10 * day})
	d.deployTell("7d")
	d.happen("told", 0, 1)
	d.end(d.posts[0], taken)
	d.deployTell("8d")
	d.now = d.now.Add(8 * day)
	d.step()
	d.now = d.now.Add(20 * day)
	d.happen("told", 1, 2) // the journal keeps its last input
	d.now = d.now.Add(2 * day)
	d.step()
	if stored, _ := d.versions("tell"); stored != 1 {
		t.Fatalf("%d versions are stored, want the active one", stored)
	}
	d.deployTell("7d")
	d.happen("told", 2, 3)
	counts, err := d.store.CountsOfFlow("tell")
	if err != nil || len(counts) != 2 {
		t.Fatalf("counts of %d versions, %v; want 2", len(counts), err)
	}
	for _, c := range counts {
		if c.Started != 1 {
			t.Errorf("%d runs started on version %s, want 1", c.Started, c.Version)
		}
	}
	if report, err := d.store.Check(); err != nil || len(report.Problems) > 0 {
		t.Fatalf("the store: %v %q", err, report.Problems)
	}
}
