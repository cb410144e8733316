package model

import (
	"fmt"
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
	w.compareOwed(b)
	return nil
}

func (w *World) count(j *engine.Journaled) {
	w.in = j.Input
	switch {
	case j.Seq != w.seq+1:
		w.fail("it comes as number %d", j.Seq)
	case j.Stamp < w.stamp:
		w.fail("stamped %s, before the one before it at %s", j.Stamp, w.stamp)
	}
	w.seq, w.stamp = j.Seq, j.Stamp
	w.starts, w.slots, w.touched = 0, w.slotsOf(j), nil
	w.comesFrom(j.Input)
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
	d := j.Input.Payload.(*engine.Deploy)
	next := map[engine.FlowVersion]flows.Bundle{}
	for _, bundle := range d.Flows {
		c, err := flows.Compile(bundle) // for its name and version
		if err != nil {
			w.fail("%v", err)
		}
		next[engine.FlowVersion{Flow: c.Name, Version: c.Version}] = bundle
	}
	switch why := w.stale(d, next); {
	case why != "" && w.common(j.Input):
		w.Reached["a stale proposal, which every partition refuses"]++
		return
	case why != "":
		w.fail("proposal %s was approved although %s", d.Proposal, why)
	}
	w.active, w.categories = nil, map[string]*Category{}
	for v, bundle := range next {
		if w.versions[v] == nil {
			f, err := read(bundle, compiled(v))
			if err != nil {
				w.fail("%v", err)
			}
			w.versions[v] = f
		}
		w.active = append(w.active, w.versions[v])
	}
	slices.SortFunc(w.active, func(a, b *Flow) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range w.active {
		maps.Copy(w.categories, f.categories)
	}
	w.takeUp()
	if len(state.Active) != len(w.active) {
		w.fail("%d flows are active, deployed were %d", len(state.Active), len(w.active))
	}
}

// readings is how the model reads each kind of input, but for a deploy: that needs the
// compiled flows.
var readings = map[engine.InputKind]func(*World, engine.Payload){
	engine.InputEvent:           readAs((*World).event),
	engine.InputReply:           readAs(func(w *World, p *engine.Reply) { w.reply(w.in) }),
	engine.InputReceipt:         readAs(func(w *World, p *engine.Receipt) { w.receipt(&p.Receipt) }),
	engine.InputResult:          readAs((*World).result),
	engine.InputTimer:           readAs((*World).timer),
	engine.InputClaim:           readAs(func(w *World, p *engine.Claim) { w.claim(&p.OutboxRef) }),
	engine.InputCancel:          readAs((*World).cancel),
	engine.InputCampaignControl: readAs((*World).steer),
	engine.InputSweep:           readAs((*World).sweep),
	engine.InputAccounts:        readAs((*World).behave),
	engine.InputStatusAnswer:    readAs((*World).answer),
	engine.InputRecheckRuns:     readAs((*World).askRuns),
	engine.InputExpireOrphans:   readAs((*World).lapse),
	engine.InputQuarantine:      readAs((*World).quarantine),
	engine.InputNote:            readAs(func(*World, *engine.Note) {}), // it changes nothing here
	engine.InputMove:            readAs((*World).move),
	engine.InputRetry:           readAs((*World).retry),
	engine.InputControl:         readAs((*World).control),
	engine.InputProfile:         readAs((*World).profile),
	engine.InputCall:            readAs((*World).call),
	engine.InputChildEnded:      readAs((*World).childEnded),
	engine.InputDequeue:         readAs((*World).dequeue),
	engine.InputFetched:         readAs(func(w *World, p *engine.FetchResult) { w.feed(w.known(p.Run), fact{kind: fetchEnded, fetched: p}) }),
	engine.InputTick:            readAs((*World).tick),
	engine.InputSnapshot:        readAs((*World).frozen),
	engine.InputRows:            readAs((*World).rows),
}

// readAs makes a method for one kind of input one for any.
func readAs[P engine.Payload](read func(*World, P)) func(*World, engine.Payload) {
	return func(w *World, p engine.Payload) { read(w, p.(P)) }
}

// take reads one input.
func (w *World) take(j *engine.Journaled) {
	w.count(j)
	in := j.Input
	switch {
	case in.Derived != 0:
		w.expected(in)
	case w.owed > 0 && in.Kind() != engine.InputQuarantine: // which follows from nothing, and comes before all else
		w.fail("a %s from outside comes before the %s that followed from an earlier input", in.Kind(), w.derived[0].Kind())
	}
	read := readings[in.Kind()]
	if read == nil {
		w.fail("an input of unknown kind %s", in.Kind())
	}
	read(w, in.Payload)
	for _, r := range slices.Clone(w.touched) {
		if !r.over() {
			w.feed(r, fact{kind: touched})
		}
	}
	w.endParts()
}

func (w *World) cancel(c *engine.Cancel) {
	r := w.known(c.Run)
	if r.over() {
		w.fail("it cancels run %s, which has ended", r.id)
	}
	w.feed(r, fact{kind: ends, outcome: engine.OutcomeCancelled})
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

// stale says why a proposal cannot be approved any more: a flow that it changes is not as it was when it was proposed. It is empty
// where it can be, and for a deploy that nobody proposed.
func (w *World) stale(d *engine.Deploy, next map[engine.FlowVersion]flows.Bundle) string {
	if d.Proposal == "" {
		return ""
	}
	versions := [3]map[string]string{{}, {}, {}} // before, when it was proposed, and then
	for _, f := range w.active {
		versions[0][f.Name] = f.Version
	}
	for _, v := range d.Against {
		versions[1][v.Flow] = v.Version
	}
	for v := range next {
		versions[2][v.Flow] = v.Version
	}
	for _, of := range versions {
		for name := range of {
			if before := versions[0][name]; before != versions[1][name] && before != versions[2][name] {
				return fmt.Sprintf("%s was at %q when it was proposed, and is at %q", name, versions[1][name], before)
			}
		}
	}
	return ""
}
