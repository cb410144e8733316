package runner

import (
	"fmt"
	"time"

	"nudge/channels"
	"nudge/engine"
)

// Store is where the loop keeps what it knows. Records that it returns belong to the
// caller.
type Store interface {
	// Load returns every run that the needs name, and the remembered answers to ids.
	Load(*engine.Needs) ([]*engine.Run, []*engine.Remembered, error)
	// Commit returns nil when the batch is durable. After an error nobody can say
	// whether it is: the loop must not be used again.
	Commit(*engine.Batch) error
	// Due returns at most limit timers until an instant, and the next one's deadline
	// after those, or 0.
	Due(until engine.Instant, limit int) ([]engine.Timer, engine.Instant, error)
	// Outbox returns at most limit messages of the outbox after one, in order.
	Outbox(after engine.OutboxRef, limit int) ([]engine.OutboxEntry, error)
	// Forget drops at most limit answers that were remembered before an instant, and
	// returns how many it dropped.
	Forget(before engine.Instant, limit int) (int, error)
}

const (
	maxTimers  = 256  // timers applied in one step
	maxForget  = 512  // answers forgotten in one step
	maxBacklog = 4096 // planned messages known in memory; the rest is read from the outbox
)

// Loop applies inputs in one order. It belongs to one goroutine.
type Loop struct {
	store Store
	core  *engine.Engine
	free  int            // senders without a message
	next  engine.Instant // no timer is due before this
	hold  bool           // claim nothing more: the process is about to stop
	tidy  engine.Instant // when old answers are looked for again

	backlog []engine.OutboxRef // planned messages, in order
	more    bool               // there may be planned messages after the backlog
}

// Group is inputs that are applied together: all of them, or none when one is
// refused.
type Group struct {
	Inputs  []*engine.Input
	Answers []engine.Answer // one for each input, once the step that took it returned
	Frees   int             // senders that came free with it
}

// Step is what one step of the loop led to.
type Step struct {
	Posts   []engine.Post   // to be handed to the channel
	Next    engine.Instant  // when a timer is due; 0 for never
	Again   bool            // there is more to do at once
	Changes []engine.Change // for metrics
	Panics  []string        // our faults; the runs concerned are quarantined
}

// NewLoop returns a loop that goes on from the state in the engine, with a number of
// senders. Messages that were claimed when the last process stopped are settled in
// the first steps: nobody knows whether they were posted.
func NewLoop(store Store, core *engine.Engine, senders int) *Loop {
	return &Loop{store: store, core: core, free: senders, more: true, next: 1}
}

// Core returns the engine. It may be looked at between steps.
func (l *Loop) Core() *engine.Engine { return l.core }

// Hold stops claims for good, so that what is under way can end.
func (l *Loop) Hold() { l.hold = true }

// Step applies the groups at an instant, after the timers that are due and with the
// planned messages that senders are free for. After an error the loop must not be
// used again, and none of the groups has an answer.
func (l *Loop) Step(now time.Time, groups []*Group) (*Step, error) {
	step := &Step{}
	own, err := l.own(now, step)
	if err != nil {
		return nil, err
	}
	groups = append(own, groups...)
	for len(groups) > 0 {
		n := untilDeploy(groups)
		if err := l.batch(now, groups[:n], step); err != nil {
			return nil, err
		}
		groups = groups[n:]
	}
	if err := l.forget(engine.InstantOf(now)); err != nil {
		return nil, err
	}
	step.Next = l.next
	step.Again = step.Again || l.next != 0 && l.next <= engine.InstantOf(now) || l.canClaim() && len(l.backlog) > 0
	return step, nil
}

// untilDeploy returns how many groups to apply before what they may touch has to be
// worked out anew: a deploy changes which flows an event concerns.
func untilDeploy(groups []*Group) int {
	for i, g := range groups {
		if g.Inputs[0].Kind == engine.InputDeploy {
			return max(i, 1)
		}
	}
	return len(groups)
}

func (l *Loop) canClaim() bool { return l.free > 0 && !l.hold && !l.core.State.Holding() }

// own are the inputs that the loop itself has: timers that are due, and claims.
func (l *Loop) own(now time.Time, step *Step) ([]*Group, error) {
	var own []*Group
	if l.next != 0 && l.next <= engine.InstantOf(now) {
		// Never early: the instant is rounded down.
		due, next, err := l.store.Due(engine.Instant(now.UnixMilli()), maxTimers)
		if err != nil {
			return nil, err
		}
		l.next = next
		for i := range due {
			own = append(own, &Group{Inputs: []*engine.Input{{Kind: engine.InputTimer, Timer: &due[i]}}})
		}
	}
	if err := l.refill(); err != nil {
		return nil, err
	}
	for claims := 0; l.canClaim() && claims < l.free && len(l.backlog) > 0; claims++ {
		ref := l.backlog[0]
		l.backlog = l.backlog[1:]
		own = append(own, &Group{Inputs: []*engine.Input{{Kind: engine.InputClaim, Claim: &ref}}})
	}
	return own, nil
}

// refill reads planned messages from the outbox once the backlog is used up.
func (l *Loop) refill() error {
	if !l.more || len(l.backlog) > 0 || !l.canClaim() {
		return nil
	}
	found, err := l.store.Outbox(engine.OutboxRef{}, maxBacklog+l.free)
	if err != nil {
		return err
	}
	for _, e := range found {
		if !e.Claimed {
			l.backlog = append(l.backlog, e.OutboxRef)
		}
	}
	l.more = len(found) == maxBacklog+l.free
	return nil
}

// plan notes messages that wait for a sender.
func (l *Loop) plan(refs []engine.OutboxRef) {
	for _, ref := range refs {
		if l.more || len(l.backlog) >= maxBacklog {
			l.more = true
			return
		}
		l.backlog = append(l.backlog, ref)
	}
}

// forget drops answers that are no longer given, once an hour and in slices.
func (l *Loop) forget(now engine.Instant) error {
	if now < l.tidy {
		return nil
	}
	dropped, err := l.store.Forget(now.Add(-engine.IDRetention), maxForget)
	if dropped < maxForget {
		l.tidy = now.Add(time.Hour)
	}
	return err
}

// batch loads what the groups need, applies them in order and commits.
func (l *Loop) batch(now time.Time, groups []*Group, step *Step) error {
	var needs engine.Needs
	for _, g := range groups {
		for _, in := range g.Inputs {
			l.core.Needs(in, &needs)
		}
	}
	runs, ids, err := l.store.Load(&needs)
	if err != nil {
		return err
	}
	b := &batch{loop: l, ws: engine.NewWorkingSet(&needs, runs, ids), stamp: engine.Instant(now.UnixMilli()), step: step}
	for _, g := range groups {
		b.apply(g)
	}
	if err := b.commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// batch is one load, apply, commit.
type batch struct {
	loop  *Loop
	ws    *engine.WorkingSet
	stamp engine.Instant
	out   engine.Batch
	posts []engine.Post
	plans []engine.OutboxRef
	step  *Step
}

func (b *batch) apply(g *Group) {
	b.loop.free += g.Frees
	g.Answers = make([]engine.Answer, len(g.Inputs))
	if b.refused(g) {
		return
	}
	for i, in := range g.Inputs {
		g.Answers[i] = b.one(in)
	}
}

// refused reports whether an input of a group of several cannot be taken, so that
// none of them is. A single input is refused by the engine itself.
func (b *batch) refused(g *Group) bool {
	if len(g.Inputs) == 1 {
		return false
	}
	refused := false
	for i, in := range g.Inputs {
		g.Answers[i] = engine.Answer{ID: in.ID, Refused: b.loop.core.Refusal(b.ws, in, b.stamp)}
		refused = refused || g.Answers[i].Refused != nil
	}
	return refused
}

func (b *batch) one(in *engine.Input) engine.Answer {
	core := b.loop.core
	if in.Kind == engine.InputTimer {
		b.out.Met = append(b.out.Met, *in.Timer)
	}
	slots := b.slots(in)
	known := core.State.Active
	outcome := core.Apply(b.ws, in, b.stamp, slots)
	b.loop.free -= len(outcome.Posts)
	b.posts = append(b.posts, outcome.Posts...)
	b.plans = append(b.plans, outcome.Planned...)
	if outcome.Panic != "" {
		b.step.Panics = append(b.step.Panics, outcome.Panic)
	}
	if outcome.Taken {
		b.out.Journal = append(b.out.Journal,
			engine.Journaled{Seq: core.State.Seq, Stamp: core.State.Stamp, Slots: slots, Input: in})
	}
	if in.Kind == engine.InputDeploy && outcome.Taken {
		b.newVersions(known)
	}
	return outcome.Answer
}

// slots is how many messages the input may claim. While older messages wait for a
// sender only their own claims get one, so that nobody overtakes.
func (b *batch) slots(in *engine.Input) int {
	if b.loop.hold || b.loop.free <= 0 {
		return 0
	}
	if in.Kind != engine.InputClaim && (len(b.loop.backlog) > 0 || b.loop.more || len(b.plans) > 0) {
		return 0
	}
	return b.loop.free
}

func (b *batch) newVersions(known []engine.FlowVersion) {
	for _, f := range b.loop.core.Active() {
		v := engine.FlowVersion{Flow: f.Name, Version: f.Version}
		if !contains(known, v) {
			b.out.Versions = append(b.out.Versions, f)
		}
	}
}

func contains(versions []engine.FlowVersion, v engine.FlowVersion) bool {
	for _, k := range versions {
		if k == v {
			return true
		}
	}
	return false
}

// commit makes the batch durable and only then hands on what it led to.
func (b *batch) commit() error {
	b.out.State = b.loop.core.State
	b.out.Changes, b.out.Answers = b.ws.Changes()
	if len(b.out.Journal) > 0 || len(b.out.Met) > 0 || len(b.out.Changes) > 0 {
		if err := b.loop.store.Commit(&b.out); err != nil {
			return err
		}
	}
	b.loop.plan(b.plans)
	for _, c := range b.out.Changes {
		if d := c.After.Deadline; d != 0 && (b.loop.next == 0 || d < b.loop.next) {
			b.loop.next = d
		}
	}
	b.step.Posts = append(b.step.Posts, b.posts...)
	b.step.Changes = append(b.step.Changes, b.out.Changes...)
	return nil
}

// Recover applies, as results, that the outcome of every message claimed by an
// earlier process is unknown. It must be called once, before the first step with
// other inputs.
func (l *Loop) Recover(now time.Time) (*Step, error) {
	all := &Step{}
	var after engine.OutboxRef
	for {
		found, err := l.store.Outbox(after, maxBacklog)
		if err != nil || len(found) == 0 {
			l.next = 1 // look for timers at the first step
			return all, err
		}
		after = found[len(found)-1].OutboxRef
		groups, err := l.lost(found)
		if err != nil {
			return nil, err
		}
		if len(groups) == 0 {
			continue
		}
		step := &Step{}
		if err := l.batch(now, groups, step); err != nil {
			return nil, err
		}
		all.Posts = append(all.Posts, step.Posts...)
		all.Changes = append(all.Changes, step.Changes...)
		all.Panics = append(all.Panics, step.Panics...)
	}
}

// lost makes a result of unknown outcome for every claimed message.
func (l *Loop) lost(found []engine.OutboxEntry) ([]*Group, error) {
	var needs engine.Needs
	for _, e := range found {
		if e.Claimed {
			needs.Runs = append(needs.Runs, e.Run)
		}
	}
	runs, _, err := l.store.Load(&needs)
	if err != nil {
		return nil, err
	}
	byID := make(map[engine.RunID]*engine.Run, len(runs))
	for _, r := range runs {
		byID[r.ID] = r
	}
	var groups []*Group
	for _, e := range found {
		if !e.Claimed || byID[e.Run] == nil {
			continue
		}
		groups = append(groups, &Group{Inputs: []*engine.Input{{
			Kind: engine.InputResult,
			Result: &engine.SendResult{
				Run: e.Run, Message: e.Message, Attempt: byID[e.Run].Message(e.Message).Attempt,
				Result: channels.Result{Outcome: channels.Unknown, Reason: "the process stopped while it was being posted"},
			},
		}}})
	}
	return groups, nil
}
