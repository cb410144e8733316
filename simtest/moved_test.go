package simtest

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// TestMoved moves a store to other numbers of partitions and back while histories go on, and holds that people get what they get without a
// move, and that everybody who reads reads the same.
func TestMoved(t *testing.T) {
	n := max(3, *seeds/16)
	answered := map[string]int{}
	moves, live, whole := 0, 0, 0
	for seed := range uint64(n) {
		project, script := scriptOf(seed)
		one := playDivided(t, 1, project, script)
		told, said := one.told(), one.finished()
		d := playMoved(t, project, script, [][]int{{16, 1}, {4, 16, 2, 1}, {16}}[seed%3]...)
		moves, live = moves+d.moves, live+d.movedLive
		at, what := difference(told, d.told())
		switch {
		case what == "":
			whole++
			moved := d.finished()
			moved.unmoved(one, d)
			moved.compare(t, said, answered)
		case len(one.moved(at)) > 1: // the order between people
		default:
			t.Fatalf("seed %d: %s", seed, what)
		}
	}
	t.Logf("%d moves with %d live runs; %d histories of %d to their end", moves, live, whole, n)
	if moves < n || live == 0 || 2*whole < n {
		t.Errorf("%d moves with %d live runs, %d histories of %d to their end", moves, live, whole, n)
	}
}

// unmoved leaves out what is another one after a move: the installation, and what the journal says of a move.
func (a *readings) unmoved(one, d *divided) {
	for n, line := range a.says["State"] {
		a.says["State"][n] = strings.ReplaceAll(line, d.parts[0].identity.In(engine.Partition{Of: 2}).String(), one.parts[0].identity.In(engine.Partition{Of: 2}).String())
	}
	for n, line := range a.says["Purged"] {
		fields := strings.Fields(line)
		a.says["Purged"][n] = strings.Join(append(fields[:3], "0", "1970-01-01T00:00:00.000Z}"), " ")
	}
}

// playMoved plays a script as playDivided does, and moves the store to other numbers of partitions on the way, as soon as it is ready.
func playMoved(t *testing.T, project *flows.Project, script []scripted, to ...int) *divided {
	t.Helper()
	d := begin(t, 1, project)
	for n, s := range script {
		at := d.now.Add(s.after)
		if n >= len(script)/4 {
			for d.now.Add(10*time.Second).Before(at) && len(to) > 0 {
				if d.ready() && d.moveTo(to[0]) {
					to = to[1:]
					break
				}
				d.pass(minTime(at, d.now.Add(7*time.Second)))
			}
		}
		d.pass(at)
		d.say(s)
	}
	if len(to) > 0 {
		t.Logf("not moved to %d", to)
	}
	d.pass(d.now.Add(10 * 24 * time.Hour))
	d.checkMoved()
	return d
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// checkMoved holds that the store of every partition is whole.
func (d *divided) checkMoved() {
	d.t.Helper()
	report, err := d.joined().Check()
	d.do(err)
	for _, p := range report.Problems {
		d.t.Errorf("%d partitions: %s", len(d.parts), p)
	}
}

// ready reports whether the store can be moved after a while, in which everything is written that a clean stop writes.
func (d *divided) ready() bool {
	missing, err := store.MoveReady(d.joined().Parts())
	if d.do(err); len(missing) == 0 {
		d.pass(d.now.Add(6 * time.Second))
	}
	return len(missing) == 0
}

// moveTo moves the store, and reports whether it could.
func (d *divided) moveTo(n int) bool {
	d.t.Helper()
	from := d.joined().Parts()
	missing, err := store.MoveReady(from)
	if d.do(err); len(missing) > 0 {
		return false
	}
	kvs := make([]store.KV, n)
	for p := range kvs {
		kvs[p] = new(memory.KV)
	}
	identity, err := store.Move(from, kvs, store.Moving{To: "there", At: engine.InstantOf(d.now)})
	d.do(err)
	report, err := d.joined().Check()
	d.do(err)
	d.moves, d.movedLive = d.moves+1, d.movedLive+report.Live
	d.restart(kvs, identity)
	d.checkMoved()
	return true
}

// restart lets bare machines go on, without the second reading: it does not know what was before.
func (d *divided) restart(kvs []store.KV, identity engine.Installation) {
	d.t.Helper()
	old := d.parts[0]
	d.log, d.parts = &commandLog{}, nil
	shared := &others{commands: d.log}
	for p, kv := range kvs {
		m := &machine{disk: &faultyDisk{KV: kv.(*memory.KV)}, reached: old.reached, versions: old.versions, shelf: old.shelf, names: old.names, counts: old.counts, ids: old.ids, campaigns: old.campaigns}
		if len(kvs) > 1 {
			m.part, m.others = engine.Partition{Number: p, Of: len(kvs)}, shared
			shared.all = append(shared.all, m)
		}
		m.identity = identity.In(m.part)
		d.parts = append(d.parts, m)
	}
	d.bare, d.next, d.again = true, make([]engine.Instant, len(kvs)), make([]bool, len(kvs))
	old.shelf.over = 0
	if len(kvs) > 1 {
		old.shelf.over = len(kvs)
	}
	for _, m := range d.parts {
		opened, err := store.Open(m.disk)
		d.do(err)
		m.store = opened
		core, err := opened.Engine()
		d.do(err)
		m.loop = runner.NewLoopOf(named{opened, m}, core, lanesOfDivided)
		m.loop.UseAudiences(m.shelf)
		m.loop.NoteArrivals()
		m.loop.Tell(watchers)
	}
	for p, m := range d.parts {
		if m.shelf.sources.People = m.store; m.others != nil {
			m.shelf.sources.People = everybodyIn{m.others}
			d.do(m.join())
		}
		step, err := m.loop.Recover(d.now)
		d.took(p, step, err)
		d.again[p] = true // as a process looks for timers at its first step
	}
	d.settle()
}

// named is a store that lets a machine know the names of its runs.
type named struct {
	*store.Store
	m *machine
}

func (n named) Commit(b *engine.Batch) error {
	n.m.batches = append(n.m.batches, b)
	for _, c := range b.Changes {
		n.m.name(c.After)
	}
	for _, f := range b.Versions {
		n.m.versions[engine.FlowVersion{Flow: f.Name, Version: f.Version}] = f
	}
	return n.Store.Commit(b)
}

// TestMoveCutShort ends a move at some of its transactions, before or after what they write, and holds that the next one makes the same
// store as one that nothing has stopped.
func TestMoveCutShort(t *testing.T) {
	project, script := scriptOf(2)
	d := begin(t, 1, project)
	for _, s := range script[:len(script)/2] {
		d.pass(d.now.Add(s.after))
		d.say(s)
	}
	for !d.ready() {
		d.pass(d.now.Add(time.Minute))
	}
	how := store.Moving{To: "there", At: engine.InstantOf(d.now), Bytes: 2000}
	from := d.joined().Parts()
	whole := 0 // transactions of a move that nothing ends
	move := func(f fault, at int) ([]*faultyDisk, int, error) {
		disks, kvs := make([]*faultyDisk, 4), make([]store.KV, 4)
		for p := range disks {
			disks[p] = &faultyDisk{KV: new(memory.KV)}
			kvs[p] = disks[p]
		}
		disks[at].strike(f, false)
		d.do(d.joined().StayHere())
		_, err := store.Move(from, kvs, how)
		updates := disks[0].updates
		disks[at].strike(fault{}, false)
		if f.kind != noFault {
			if err != nil && updates > 0 && updates < whole {
				if _, opened := store.Open(disks[0].KV); !errors.Is(opened, store.ErrMoving) {
					t.Fatalf("a store is opened of which only a part was moved: %v", opened)
				}
			}
			if _, again := store.Move(from, kvs, how); again != nil {
				t.Fatalf("a move that was cut short at transaction %d of partition %d does not go on: %v", f.at, at, again)
			}
		}
		return disks, updates, err
	}
	want, updates, err := move(fault{}, 0)
	if d.do(err); updates < 30 {
		t.Fatalf("the move has only %d transactions", updates)
	}
	whole = updates
	cut := 0
	for at := range 4 {
		for n := 1 + at; n <= updates; n += 5 {
			f := fault{kind: failLost, at: n}
			if n%2 == 0 {
				f.kind = failKept
			}
			disks, _, err := move(f, at)
			if err != nil {
				cut++
			}
			for p := range disks {
				for _, b := range store.Buckets {
					if b == store.Meta || b == store.Campaigns { // they have another installation
						continue
					}
					if !maps.EqualFunc(want[p].Dump(b), disks[p].Dump(b), bytes.Equal) {
						t.Fatalf("cut short at transaction %d of partition %d: %s of partition %d is not the same", n, at, b, p)
					}
				}
			}
			if _, err := store.Move(from, []store.KV{disks[0], disks[1], disks[2], disks[3]}, how); err != nil {
				t.Fatalf("a move that has come to its end is refused: %v", err)
			}
		}
	}
	if cut < 20 {
		t.Errorf("only %d moves were cut short", cut)
	}
	if err := store.Join(from).StayHere(); err != nil {
		t.Fatal(err)
	}
	other := begin(t, 1, project)
	if _, err := store.Move(other.joined().Parts(), []store.KV{want[0], want[1], want[2], want[3]}, how); !errors.Is(err, store.ErrOtherMove) {
		t.Errorf("another store is moved into one: %v", err)
	}
}
