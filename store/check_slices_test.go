package store_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// counting is a KV that knows how many records the longest walk of one transaction read.
type counting struct {
	*memory.KV
	most int // that one walk has visited
	sum  int // that all walks have visited
}

func (k *counting) View(f func(store.Reader) error) error {
	return k.KV.View(func(r store.Reader) error { return f(countingReader{r, k}) })
}

type countingReader struct {
	store.Reader
	kv *counting
}

func (r countingReader) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	n := 0
	r.Reader.Ascend(b, from, func(key, value []byte) bool {
		n++
		r.kv.sum++
		r.kv.most = max(r.kv.most, n)
		return visit(key, value)
	})
}

// working is a store with many runs, and a function that applies an input to it.
func working(t *testing.T, kv store.KV, runs int) (*store.Store, func(*engine.Input) *runner.Step, *time.Time) {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	loop := runner.NewLoop(s, core, 8)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	if _, err := loop.Recover(now); err != nil {
		t.Fatal(err)
	}
	apply := func(in *engine.Input) *runner.Step {
		step, err := loop.Step(now, []*runner.Group{{Inputs: []*engine.Input{in}}})
		if err != nil {
			t.Fatal(err)
		}
		return step
	}
	project, list := flows.Load(fstest.MapFS{"flows/tell.yaml": {Data: []byte(
		"flow: tell\ntrigger: { event: told, key: event.id }\nexit: [ { event: over, key: event.id, as: over } ]\nsteps: [ { wait: 1h } ]\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	apply(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	for i := range runs {
		apply(event("told", i))
	}
	return s, apply, &now
}

func event(kind string, i int) *engine.Input {
	return &engine.Input{ID: fmt.Sprint(kind, i), Payload: &engine.Event{Type: kind, Profile: fmt.Sprint("p", i), Data: fmt.Appendf(nil, `{"id":"O%d"}`, i)}}
}

// TestCheckInUseBesideWriters holds that what others write between two slices is no problem: runs
// start, end and are dropped, and inputs are forgotten, before and behind the check.
func TestCheckInUseBesideWriters(t *testing.T) {
	const runs = 1000
	kv := &counting{KV: new(memory.KV)}
	s, apply, now := working(t, kv, runs)
	kv.most = 0
	slices, next := 0, 0
	report, err := s.CheckInUse(func(p store.CheckProgress) error {
		slices++
		for range 7 {
			*now = now.Add(time.Second)
			apply(event("told", runs+next))
			apply(event("over", (runs-1-next*13+runs*13)%runs))
			next++
		}
		if _, err := s.PurgeRuns(engine.InstantOf(now.Add(-time.Minute)), nil); err != nil {
			return err
		}
		if _, err := s.Forget(engine.InstantOf(now.Add(-time.Minute)), 100); err != nil {
			return err
		}
		if p.Part != "journal" {
			return nil
		}
		*now = now.Add(time.Hour) // what the check has not reached is dropped
		_, err := s.PurgeJournal(engine.InstantOf(now.Add(-time.Minute)))
		return err
	})
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%v, %v", report.Problems, err)
	}
	if kv.most > 1024+1 { // of a purge; a slice of the check has at most 256
		t.Errorf("a transaction read %d records", kv.most)
	}
	if slices < 10 || report.Live < runs/2 {
		t.Errorf("%d slices, %+v", slices, report)
	}
	whole, err := s.Check()
	if err != nil || len(whole.Problems) > 0 {
		t.Errorf("the store itself is not well: %v, %v", whole.Problems, err)
	}
}

// TestCheckInUseIsBounded holds that no transaction of a check reads more than a slice, and that
// its caller can end it.
func TestCheckInUseIsBounded(t *testing.T) {
	kv := &counting{KV: new(memory.KV)}
	s, _, _ := working(t, kv, 1000)
	kv.most = 0
	var parts []string
	records := 0
	report, err := s.CheckInUse(func(p store.CheckProgress) error {
		if len(parts) == 0 || parts[len(parts)-1] != p.Part {
			parts = append(parts, p.Part)
		}
		records = p.Records
		return nil
	})
	if err != nil || len(report.Problems) > 0 || report.Live != 1000 || report.Journal != 1001 {
		t.Fatalf("%+v, %v", report, err)
	}
	if kv.most != 256 || records < 4*1000 || len(parts) != 40 {
		t.Errorf("a transaction read %d records, of %d in %v", kv.most, records, parts)
	}
	stop := errors.New("enough")
	calls := 0
	if _, err := s.CheckInUse(func(store.CheckProgress) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("got %v after %d slices", err, calls)
	}
}
