package model

import (
	"maps"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// Take takes a batch that was committed, and says what in it must not be (I2, I4, I5,
// I7). Compiled returns a version that is in use.
func (w *World) Take(b *engine.Batch, compiled func(engine.FlowVersion) *flows.Flow) (err error) {
	defer func() {
		if p := recover(); p != nil {
			v, ok := p.(*Violation)
			if !ok {
				panic(p)
			}
			err = v
		}
	}()
	w.owed = len(w.derived)
	w.installation = b.State.Installation // a restored store has another one
	w.after, w.changed, w.fired = map[engine.RunID]*engine.Run{}, map[*Run]bool{}, map[*campaign]bool{}
	for _, c := range b.Changes {
		w.after[c.After.ID] = c.After
	}
	for i := range b.Journal {
		if b.Journal[i].Input.Kind() == engine.InputDeploy {
			w.deploy(&b.Journal[i], &b.State, compiled)
		} else {
			w.take(&b.Journal[i])
		}
	}
	w.compare(b)
	return nil
}

func (w *World) count(j *engine.Journaled) {
	switch {
	case j.Seq != w.seq+1:
		w.fail("it comes as number %d", j.Seq)
	case j.Stamp < w.stamp:
		w.fail("stamped %s, before the one before it at %s", j.Stamp, w.stamp)
	}
	w.seq, w.stamp, w.in = j.Seq, j.Stamp, j.Input
	w.starts, w.slots, w.touched = 0, w.slotsOf(j), nil
	if id := j.Input.ID; id != "" {
		name := j.Input.Kind().String() + ":" + id
		if last, ok := w.ids[name]; ok && last.Add(engine.IDRetention) > j.Stamp {
			w.fail("%s was taken at %s already", name, last)
		}
		w.ids[name] = j.Stamp
	}
}

func (w *World) deploy(j *engine.Journaled, state *engine.State, compiled func(engine.FlowVersion) *flows.Flow) {
	w.count(j)
	w.active, w.categories = nil, map[string]*Category{}
	for _, bundle := range j.Input.Payload.(*engine.Deploy).Flows {
		c, err := flows.Compile(bundle) // for its name and version
		if err != nil {
			w.fail("%v", err)
		}
		v := engine.FlowVersion{Flow: c.Name, Version: c.Version}
		if w.versions[v] == nil {
			f, err := read(bundle, compiled(v))
			if err != nil {
				w.fail("%v", err)
			}
			w.versions[v] = f
		}
		w.active = append(w.active, w.versions[v])
		maps.Copy(w.categories, w.versions[v].categories)
	}
	slices.SortFunc(w.active, func(a, b *Flow) int { return strings.Compare(a.Name, b.Name) })
	w.takeUp()
	if len(state.Active) != len(w.active) {
		w.fail("%d flows are active, deployed were %d", len(state.Active), len(w.active))
	}
}

// take lives through one input.
func (w *World) take(j *engine.Journaled) {
	w.count(j)
	in := j.Input
	switch {
	case in.Derived != 0:
		w.expected(in)
	case w.owed > 0:
		w.fail("a %s from outside comes before the %s that followed from an earlier input", in.Kind(), w.derived[0].Kind())
	}
	switch p := in.Payload.(type) {
	case *engine.Event:
		w.event(p)
	case *engine.Reply:
		w.reply(in)
	case *engine.Receipt:
		w.receipt(&p.Receipt)
	case *engine.SendResult:
		w.result(p)
	case *engine.Timer:
		w.timer(p)
	case *engine.Claim:
		w.claim(&p.OutboxRef)
	case *engine.Cancel:
		r := w.known(p.Run)
		if r.over() {
			w.fail("it cancels run %s, which has ended", r.id)
		}
		w.feed(r, fact{kind: ends, outcome: engine.OutcomeCancelled})
	case *engine.CampaignControl:
		w.steer(p)
	case *engine.Sweep:
		w.sweep(p)
	case *engine.Accounts:
		w.behave(p)
	case *engine.StatusAnswer:
		w.answer(p)
	case *engine.RecheckRuns:
		w.askRuns(p)
	case *engine.ExpireOrphans:
		w.lapse(p)
	case *engine.Move:
		w.move(p)
	case *engine.Control:
		w.control(p)
	case *engine.ProfileChange:
		w.profile(p)
	case *engine.Call:
		w.call(p)
	case *engine.ChildEnded:
		w.childEnded(p)
	case *engine.Dequeue:
		w.dequeue(p)
	case *engine.FetchResult:
		w.feed(w.known(p.Run), fact{kind: fetchEnded, fetched: p})
	case *engine.Tick:
		w.tick(p)
	case *engine.Snapshot:
		w.frozen(p)
	case *engine.Rows:
		w.rows(p)
	default:
		w.fail("an input of unknown kind %s", in.Kind())
	}
	for _, r := range slices.Clone(w.touched) {
		if !r.over() {
			w.feed(r, fact{kind: touched})
		}
	}
}

func (w *World) activeNamed(name string) *Flow {
	for _, f := range w.active {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (w *World) control(c *engine.Control) {
	if c.Outbound != 0 {
		w.outbound, w.only = c.Outbound, slices.Clone(c.Only)
	}
	if c.Kill != nil {
		w.killed = *c.Kill
	}
}
