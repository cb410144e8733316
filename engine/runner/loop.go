package runner

import (
	"time"

	"nudge/engine"
)

// Store is where the loop keeps what it knows. Records that it returns belong to the
// caller.
type Store interface {
	// Load returns everything that the needs name.
	Load(*engine.Needs) (*engine.Loaded, error)
	// Commit returns nil when the batch is durable. After an error nobody can say
	// whether it is: the loop must not be used again.
	Commit(*engine.Batch) error
	// Due returns at most limit timers until an instant, and the next one's deadline
	// after those, or 0.
	Due(until engine.Instant, limit int) ([]engine.Timer, engine.Instant, error)
	// Outbox returns at most limit messages of the outbox after one, in order.
	Outbox(after engine.OutboxRef, limit int) ([]engine.OutboxEntry, error)
	// Derived returns the derived inputs that are not yet applied, in order.
	Derived() ([]*engine.Input, error)
	// Erase takes what speaks of forgotten people out of a slice of what is stored, and
	// reports whether there is more.
	Erase() (more bool, err error)
	// Drop takes a slice of the people out of firings that are settled, and reports
	// whether there is more.
	Drop() (more bool, err error)
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

	walk     walk
	erasing  bool            // there may be people to erase
	dropping bool            // there may be firings that are settled
	derived  []*engine.Input // inputs to be applied before any from outside, in order

	backlog []engine.OutboxRef // planned messages, in order
	more    bool               // there may be planned messages after the backlog
	claims  int                // taken off the backlog for this step and not yet applied
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
	Posts   []engine.Post      // to be handed to the channel
	Fetches []engine.FetchPost // to be asked of HTTP services
	Freezes []engine.Freeze    // audiences to be frozen
	Next    engine.Instant     // when a timer is due; 0 for never
	Again   bool               // there is more to do at once
	Changes []engine.Change    // for metrics
	Panics  []string           // our faults; the runs concerned are quarantined
}

// NewLoop returns a loop that goes on from the state in the engine, with a number of
// senders. Messages that were claimed when the last process stopped are settled in
// the first steps: nobody knows whether they were posted.
func NewLoop(store Store, core *engine.Engine, senders int) *Loop {
	return &Loop{store: store, core: core, free: senders, more: true, next: 1, erasing: true, dropping: true}
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
	for len(groups) > 0 || len(l.derived) > 0 {
		taken, err := l.applyNext(now, groups, step)
		if err != nil {
			return nil, err
		}
		groups = groups[taken:]
	}
	if err := l.tidyUp(engine.InstantOf(now)); err != nil {
		return nil, err
	}
	step.Next = earlier(earlier(l.next, l.nextTick()), l.walk.next)
	step.Again = step.Again || l.erasing || l.dropping || l.walk.changed || l.next != 0 && l.next <= engine.InstantOf(now) || l.canClaim() && (len(l.backlog) > 0 || l.more)
	return step, nil
}

// applyNext applies derived inputs where there are some, else the next of the groups, and
// returns how many groups it applied.
func (l *Loop) applyNext(now time.Time, groups []*Group, step *Step) (int, error) {
	if len(l.derived) == 0 {
		return l.batch(now, groups[:untilDeploy(groups)], step)
	}
	first := &Group{Inputs: l.derived[:1]}
	l.derived = l.derived[1:]
	_, err := l.batch(now, []*Group{first}, step)
	return 0, err
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

// own are the inputs that the loop itself has: timers and schedules that are due, claims,
// and rows of campaigns.
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
	for l.claims = 0; l.canClaim() && l.claims < l.free && len(l.backlog) > 0; l.claims++ {
		ref := l.backlog[0]
		l.backlog = l.backlog[1:]
		own = append(own, &Group{Inputs: []*engine.Input{{Kind: engine.InputClaim, Claim: &ref}}})
	}
	own = append(own, l.ticks(engine.Instant(now.UnixMilli()))...)
	rows, err := l.rows(engine.Instant(now.UnixMilli()))
	if rows != nil {
		own = append(own, rows)
	}
	return own, err
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

// tidyUp erases forgotten people and drops answers that are no longer given, in slices
// and the latter once an hour.
func (l *Loop) tidyUp(now engine.Instant) (err error) {
	if l.erasing {
		if l.erasing, err = l.store.Erase(); err != nil {
			return err
		}
	}
	if l.dropping {
		if l.dropping, err = l.store.Drop(); err != nil {
			return err
		}
	}
	if now < l.tidy {
		return nil
	}
	if err := l.keepAudiences(); err != nil {
		return err
	}
	dropped, err := l.store.Forget(now.Add(-engine.IDRetention), maxForget)
	if dropped < maxForget {
		l.tidy = now.Add(time.Hour)
	}
	return err
}
