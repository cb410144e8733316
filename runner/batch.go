package runner

import (
	"fmt"
	"slices"
	"time"

	"nudge/engine"
)

// batch loads what the groups need, applies them in order and commits. It stops after
// a group from which other inputs follow, because those come before the next. It
// returns how many groups it applied: none if it set apart damaged runs first.
func (l *Loop) batch(now time.Time, groups []*Group, step *Step) (applied int, err error) {
	var needs engine.Needs
	var others sought
	inputs := 0
	for _, g := range groups {
		for _, in := range g.Inputs {
			keys := len(needs.Keys)
			l.core.Needs(in, &needs)
			if l.partitions.peers != nil {
				others.add(in, needs.Keys[keys:])
			}
		}
		inputs += len(g.Inputs)
	}
	if err := l.locate(&others); err != nil {
		return 0, err
	}
	loaded, err := l.store.Load(&needs)
	if err != nil {
		return 0, err
	}
	if len(loaded.Damaged) > 0 {
		return 0, l.quarantine(loaded.Damaged, step)
	}
	b := &batch{loop: l, ws: engine.NewWorkingSet(&needs, loaded), loaded: loaded, stamp: engine.Instant(now.UnixMilli()), step: step}
	b.out.Journal = make([]engine.Journaled, 0, inputs)
	for applied < len(groups) && len(b.out.Derived) == 0 && (applied == 0 || !b.cut(loaded, groups[applied])) {
		b.apply(groups[applied])
		applied++
	}
	if err := b.commit(); err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	return applied, nil
}

// batch is one load, apply, commit.
type batch struct {
	loop   *Loop
	ws     *engine.WorkingSet
	loaded *engine.Loaded
	stamp  engine.Instant
	out    engine.Batch
	plans  []engine.OutboxEntry
	slots  engine.Slots // free after the last input, to be used again when nothing has changed
	step   *Step        // nobody sees it before the commit
}

// cut reports whether a group touches runs by a key that has too many of them to be
// loaded at once. Those keys are known only at the beginning of a batch.
func (b *batch) cut(loaded *engine.Loaded, g *Group) bool {
	if len(loaded.Truncated) == 0 {
		return false
	}
	var needs engine.Needs
	for _, in := range g.Inputs {
		b.loop.core.Needs(in, &needs)
	}
	return loaded.TruncatedFor(&needs)
}

func (b *batch) apply(g *Group) {
	b.step.count(g)
	if x := b.loop.queueOf(g.Account); g.Frees > 0 && x != nil {
		x.limit.ended(b.stamp, g)
	}
	g.Answers = make([]engine.Answer, len(g.Inputs))
	if b.refused(g) {
		return
	}
	for i, in := range g.Inputs {
		owed := len(b.out.Owed)
		g.Answers[i] = b.one(in, g.Account)
		for _, o := range b.out.Owed[owed:] {
			g.owed = append(g.owed, owedBy{i, o.To, o.Origin.Number})
		}
	}
}

// refused reports whether an input of a group of several cannot be taken, so that
// none of them is. A single input is refused by the engine itself.
func (b *batch) refused(g *Group) bool {
	if len(g.Inputs) == 1 {
		return false
	}
	if b.cut(b.loaded, g) {
		for i := range g.Inputs {
			g.Answers[i].Refused = &engine.Refusal{Why: engine.RefusedLimit,
				Detail: fmt.Sprintf("an event that concerns more than %d runs must be sent by itself", engine.MaxRunsPerInput)}
		}
		return true
	}
	refused := false
	for i, refusal := range b.loop.core.Refusals(b.ws, g.Inputs, b.stamp) {
		g.Answers[i] = engine.Answer{ID: g.Inputs[i].ID, Refused: refusal}
		refused = refused || refusal != nil
	}
	return refused
}

func (b *batch) one(in *engine.Input, account string) engine.Answer {
	core := b.loop.core
	switch p := in.Payload.(type) {
	case *engine.Timer:
		b.out.Met = append(b.out.Met, *p)
	case *engine.StatusAnswer:
		b.loop.asking.open--
	}
	if in.Derived != 0 {
		b.out.Done = append(b.out.Done, in.Derived)
	}
	slots := b.grant(in, account)
	known := core.State.Active
	outcome := core.Apply(b.ws, in, b.stamp, slots)
	for i := range outcome.Posts {
		b.loop.queueOf(outcome.Posts[i].Account).limit.claim(1)
	}
	for _, e := range outcome.Planned {
		if x := b.loop.queueOf(e.Account); x != nil {
			b.plans, x.waits = append(b.plans, e), true
		}
	}
	b.step.Posts = append(b.step.Posts, outcome.Posts...)
	b.step.Fetches = append(b.step.Fetches, outcome.Fetches...)
	b.step.Freezes = append(b.step.Freezes, outcome.Snapshots...)
	b.step.Asks = append(b.step.Asks, outcome.StatusQueries...)
	b.loop.asking.open += len(outcome.StatusQueries)
	b.step.Lapsed += outcome.Lapsed
	b.arrived(in, &outcome)
	b.out.Derived, b.out.Owed = append(b.out.Derived, outcome.Derived...), append(b.out.Owed, outcome.Owed...)
	b.out.Forgotten = append(b.out.Forgotten, outcome.Forgotten...)
	b.out.History = append(b.out.History, outcome.History...)
	b.loop.erasing = b.loop.erasing || len(outcome.Forgotten) > 0
	if outcome.Audit != nil {
		b.out.Audit = append(b.out.Audit, outcome.Audit)
	}
	if outcome.Panic != "" {
		b.step.Panics = append(b.step.Panics, outcome.Panic)
	}
	if outcome.Taken {
		b.out.Journal = append(b.out.Journal,
			engine.Journaled{Seq: core.State.Seq, Stamp: core.State.Stamp, Slots: slots, Input: in})
	}
	if in.Kind() == engine.InputDeploy && outcome.Taken {
		b.newVersions(known)
		b.loop.deployed = true
	}
	return outcome.Answer
}

// grant is how many messages the input may claim. While older messages of an account
// wait only their own claims get a place, so that nobody overtakes.
func (b *batch) grant(in *engine.Input, account string) engine.Slots {
	claim := in.Kind() == engine.InputClaim
	for i, x := range b.loop.accounts {
		own := claim && x.account == account
		if own {
			x.claims--
		}
		free := 0
		if older := x.claims > 0 || len(x.backlog) > 0 || x.more || x.waits; own || !older {
			free = b.loop.free(x)
		}
		b.note(i, engine.Slot{Account: x.account, Free: free})
	}
	return b.slots
}

// note sets one of the slots. Those handed out before are not touched.
func (b *batch) note(i int, s engine.Slot) {
	switch {
	case len(b.slots) < len(b.loop.accounts):
		b.slots = append(b.slots, s)
	case b.slots[i] != s:
		b.slots = slices.Clone(b.slots)
		b.slots[i] = s
	}
}

func (b *batch) newVersions(known []engine.FlowVersion) {
	for _, f := range b.loop.core.Active() {
		v := engine.FlowVersion{Flow: f.Name, Version: f.Version}
		if !slices.Contains(known, v) {
			b.out.Versions = append(b.out.Versions, f)
		}
	}
}

// commit makes the batch durable, and then hands on its effects.
func (b *batch) commit() error {
	b.out.State = b.loop.core.State
	b.out.Changes, b.out.Answers = b.ws.Changes()
	b.out.People, b.out.Campaigns, b.out.Members, b.out.Orphans = b.ws.People(), b.ws.Campaigns(), b.ws.Members(), b.ws.Orphans()
	b.notice()
	b.step.Campaigns += len(b.out.Campaigns)
	b.step.Forgotten = append(b.step.Forgotten, b.out.Forgotten...)
	if len(b.out.Journal) > 0 || len(b.out.Met) > 0 || len(b.out.Changes) > 0 || len(b.out.Done) > 0 {
		if b.loop.arrivals != nil {
			b.out.Arrivals = b.loop.arrivals.taken.all
		}
		b.out.Delivered = b.loop.partitions.deliveries()
		if err := b.loop.store.Commit(&b.out); err != nil {
			return err
		}
		b.loop.partitions.committed(b.out.Delivered)
		b.loop.committedArrivals()
	}
	for _, e := range b.plans {
		x := b.loop.queueOf(e.Account)
		x.plan(e.OutboxRef)
		x.waits = false
	}
	b.loop.derived = append(b.loop.derived, b.out.Derived...)
	for _, c := range b.out.Changes {
		b.loop.dropping = b.loop.dropping || c.After.Campaign != 0 && !c.After.Live()
		if d := c.After.Deadline; d != 0 && (b.loop.next == 0 || d < b.loop.next) {
			b.loop.next = d
		}
	}
	if len(b.out.Campaigns) > 0 {
		b.loop.dropping, b.loop.feed.changed = true, true
	}
	b.step.Changes = append(b.step.Changes, b.out.Changes...)
	return nil
}
