package runner_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// TestMovedRuns holds that the runs of a store which was moved to other partitions hear of receipts, of the ends of runs that they have
// started for others, and of commands, although their IDs do not tell where they are.
func TestMovedRuns(t *testing.T) {
	const people = 24
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 2)
		r, stop := d.start(runner.Config{})
		give(t, r, deployed(t, fstest.MapFS{
			"flows/asks.yaml":   {Data: []byte("flow: asks\ntrigger: { event: told, to: event.to }\nsteps: [ { id: one, send: { body: one } }, { wait: [ { read: one }, { after: 9d } ] }, { send: { body: two } } ]\n")},
			"flows/calls.yaml":  {Data: []byte("flow: calls\ntrigger: { event: told }\ndata: { id: string }\nsteps: [ { start: { flow: called, to: '\"of \" + data.id', wait: true } }, { send: { body: over } } ]\n")},
			"flows/called.yaml": {Data: []byte("flow: called\ntrigger: { event: nothing }\nsteps: [ { wait: 20d } ]\n")},
		}))
		for i := range people {
			give(t, r, &engine.Input{Payload: &engine.Event{Type: "told", Profile: fmt.Sprint("p", i), Data: fmt.Appendf(nil, `{"to":"q%d","id":"%d"}`, i, i)}})
		}
		synctest.Wait()
		stop()
		if n := len(d.sent()); n != people {
			t.Fatalf("%d messages were sent before the move, want %d", n, people)
		}
		before := engine.Installation{1, 2, 3, 0, 5}
		d.moveTo(8)
		r, stop = d.start(runner.Config{})
		elsewhere := 0
		for n := range d.kv {
			page, err := must(t, d.kv[n]).List(store.Query{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range page.Runs {
				if engine.PartitionOfRun(run.ID, len(d.kv)) != n {
					elsewhere++
				}
				switch run.Flow {
				case "asks":
					ref := channels.Ref{Installation: before.In(engine.Partition{Number: run.ID.Partition(), Of: 2}).String(), Run: run.ID.String(), Message: 1, Attempt: 1}
					if a := give(t, r, &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: ref, Status: channels.Read}}}); a[0].Ignored != "" {
						t.Errorf("a receipt for %s is ignored: %s", run.Profile, a[0].Ignored)
					}
				case "called":
					give(t, r, &engine.Input{Payload: &engine.Cancel{Run: run.ID, Reason: "enough"}})
				}
			}
		}
		synctest.Wait()
		if n := len(d.sent()); n != 3*people || elsewhere < people {
			t.Errorf("%d messages were sent, want %d; %d runs are in other partitions than their IDs tell", n, 3*people, elsewhere)
		}
		stop()
	})
}

// moveTo moves the installation.
func (d *division) moveTo(n int) {
	d.t.Helper()
	var from []*store.Store
	for _, kv := range d.kv {
		from = append(from, must(d.t, kv))
	}
	d.kv = nil
	to := make([]store.KV, n)
	for i := range to {
		kv := new(memory.KV)
		d.kv, to[i] = append(d.kv, kv), kv
	}
	if _, err := store.Move(from, to, store.Moving{To: "there"}); err != nil {
		d.t.Fatal(err)
	}
}
