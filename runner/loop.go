package runner

import (
	"errors"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// Store keeps the state of the loop. Records that it returns belong to the caller.
type Store interface {
	// Load returns everything that the needs name, and which runs cannot be read.
	Load(*engine.Needs) (*engine.Loaded, error)
	// Commit returns nil when the batch is durable. After an error nobody can say
	// whether it is: the loop must not be used again.
	Commit(*engine.Batch) error
	// Quarantine sets apart every run among the given ones whose record is damaged, and if
	// one of them was live, every other such live run. It returns those that it has set apart.
	Quarantine(ids []engine.RunID, at engine.Instant) ([]*store.Quarantined, error)
	// Untold returns the input for each live run that was set apart and that the engine has
	// not yet ended.
	Untold() ([]*engine.Input, error)
	// Due returns at most limit timers until an instant, and the next one's deadline
	// after those, or 0.
	Due(until engine.Instant, limit int) ([]engine.Timer, engine.Instant, error)
	// Asking returns the runs that wait for the provider to say how a message stands.
	Asking() ([]engine.RunID, error)
	// Live returns at most limit live runs after one, in order.
	Live(after engine.RunID, limit int) ([]engine.RunID, error)
	// Orphans returns the IDs of at most limit messages for which receipts have waited
	// since an instant.
	Orphans(since engine.Instant, limit int) ([]string, error)
	// Outbox returns at most limit messages of the outbox after one, in order.
	Outbox(after engine.OutboxRef, limit int) ([]engine.OutboxEntry, error)
	// Derived returns the derived inputs that are not yet applied, in order.
	Derived() ([]*engine.Input, error)
	// VersionsInUse returns every version that is active, has live runs, or has a campaign
	// that has not taken all its rows.
	VersionsInUse() ([]engine.FlowVersion, error)
	// Version returns a stored version, or nil.
	Version(engine.FlowVersion) (*flows.Flow, error)
	// StoredVersions returns all versions.
	StoredVersions() ([]*flows.Flow, error)
	// OwedTo returns at most limit inputs that are owed to another partition after a number, in order.
	OwedTo(to int, after uint64, limit int) ([]*engine.Input, error)
	// HasKey reports whether a live run of a flow has a key, for other partitions.
	HasKey(engine.FlowKey) (bool, error)
	// HasRun reports whether the partition has a run.
	HasRun(engine.RunID) (bool, error)
	// HasMessage reports whether a run has sent the message that the provider calls by an ID, for other partitions.
	HasMessage(providerID string) (bool, error)
	// State returns the engine's state after the last commit, for other partitions.
	State() (engine.State, error)
	// Commands returns the common commands after a number, in order. The first partition keeps them.
	Commands(after uint64) ([]*engine.Input, error)
	// AddCommand keeps a common command under its number. It may be called while a Commit runs.
	AddCommand(*engine.Input) error
	// DropOwed deletes what other partitions have taken.
	DropOwed([]engine.Delivery) error
	// DropCommands drops the common commands up to a number. It may be called while a Commit runs.
	DropCommands(upTo uint64) error
	// Erase removes forgotten people from a slice of the stored records, and reports
	// whether there are more.
	Erase() (more bool, err error)
	// IndexPeople makes a slice of the index by which people are found, and reports whether there
	// is more.
	IndexPeople() (more bool, err error)
	// Drop removes a slice of the people of campaigns that are settled, and reports
	// whether there is more.
	Drop() (more bool, err error)
	// Forget drops at most limit answers that were remembered before an instant, and
	// returns how many it dropped.
	Forget(before engine.Instant, limit int) (int, error)
	// PurgeRuns drops a slice of the runs that ended before an instant, beginning after
	// the place that the slice before it returned, and returns how far it has come, or nil
	// when there are no more.
	PurgeRuns(before engine.Instant, after []byte) ([]byte, error)
	// FoldCounts adds up a slice of the counts of old hours and days, and reports whether there
	// are more.
	FoldCounts(now engine.Instant) (more bool, err error)
	// SettleNotices notes how attempts to deliver notices ended.
	SettleNotices([]store.NoticeResult) error
	// DropNotices drops at most limit notices that were given up before an instant, or whose endpoint
	// is not among the given ones, and returns how many it dropped.
	DropNotices(endpoints []string, before engine.Instant, limit int) (int, error)
	// NoteArrivals writes events that were refused, and those that no commit has.
	NoteArrivals(all []*engine.Arrivals, refused []*store.Refusal, more uint64) error
	// DropDeploys drops about limit records of deploys and proposals from before an instant, and returns how many. With replacing it
	// keeps those of deploys that have replaced versions which are still there.
	DropDeploys(before engine.Instant, limit int, replacing bool) (int, error)
	// PurgeJournal drops a slice of the inputs that were applied before an instant, and
	// reports whether there are more.
	PurgeJournal(before engine.Instant) (more bool, err error)
	// VersionsNeeded returns the versions of flows that something needs, or that were active at an instant or later.
	VersionsNeeded(since engine.Instant) ([]engine.FlowVersion, error)
	// PurgeVersions drops a slice of the versions that were replaced before an instant, without those that are needed, and
	// reports whether there are more.
	PurgeVersions(before engine.Instant, needed []engine.FlowVersion) (more bool, err error)
	// PurgeHistory drops a slice of what people's histories have of dropped inputs, beginning after the
	// place that the slice before it returned, and returns how far it has come, or nil when there are no more.
	PurgeHistory(after []byte) ([]byte, error)
}

const (
	maxTimers  = 256              // timers applied in one step
	maxForget  = 512              // answers forgotten in one step
	foldEvery  = 10 * time.Minute // from one look for counts that are old enough to be added up to the next
	maxBacklog = 4096             // planned messages known in memory; the rest is read from the outbox
)

// Loop applies inputs in one order. It belongs to one goroutine.
type Loop struct {
	store    Store
	core     *engine.Engine
	accounts []*accountQueue // by account, the default one first
	now      engine.Instant  // of the step
	next     engine.Instant  // no timer is due before this
	hold     bool            // claim nothing more: the process is about to stop
	tidy     engine.Instant  // when old answers are looked for again

	feed     campaignFeed
	asking   asking
	deployed bool // there may be versions that nobody uses any more
	erasing  bool // there may be people to erase
	indexing bool // there may be people who cannot be found yet
	dropping bool // there may be campaigns that are settled
	purging  purging

	partitions partitions
	derived    []*engine.Input // inputs to be applied before any from outside, in order
	untold     []*engine.Input // ends of runs whose records are damaged, to be applied before all else
	suspects   []engine.RunID  // runs that somebody could not read

	endpoints []Endpoint           // other systems that get notices of what happens
	results   []store.NoticeResult // how attempts to tell them ended, to be noted
	dropAt    engine.Instant       // when notices that nobody gets are dropped again
	foldAt    engine.Instant       // when old counts are added up next
	arrivals  *arrivals            // what arrived and is not written yet; nil: nobody counts it
}

// Group is inputs that are applied together: all of them, or none when one is
// refused.
type Group struct {
	Inputs  []*engine.Input
	Answers []engine.Answer // one for each input, once the step that took it returned
	Frees   int             // messages of the account that have an outcome with it
	Account string          // whose they are
	owed    []owedBy        // what others are owed because of it
}

// owedBy is an input that another partition is owed because of one of a group.
type owedBy struct {
	input  int // place of that one in its group
	to     int
	number uint64
}

// Step is the result of one step of the loop.
type Step struct {
	Posts   []engine.Post            // to be handed to the channel
	Fetches []engine.FetchPost       // to be asked of HTTP services
	Freezes []engine.SnapshotRequest // audiences to be frozen
	Asks    []engine.StatusQuery     // messages to ask the provider about
	Lapsed  int                      // receipts dropped whose message never became known
	Next    engine.Instant           // when a timer is due; 0 for never
	Again   bool                     // there is more to do at once
	Changes []engine.Change          // for metrics
	Inputs  map[engine.InputKind]int // applied, those of the loop itself too; for metrics
	Panics  []string                 // our faults; the runs concerned are quarantined
	Damaged []*store.Quarantined     // runs that were set apart because their records are damaged
	Noticed bool                     // there are new notices for endpoints
	Arrived Arrived                  // for those who read live, as the following

	Campaigns int      // that changed
	Forgotten []string // people whose stored data must be erased
}

// count counts the inputs of a group.
func (s *Step) count(g *Group) {
	if s.Inputs == nil {
		s.Inputs = map[engine.InputKind]int{}
	}
	for _, in := range g.Inputs {
		s.Inputs[in.Kind()]++
	}
}

// AccountSettings is what the loop has to know of an account.
type AccountSettings struct {
	Account string // its name; see [engine.AnyAccount]
	Places  int    // messages that may be claimed and without an outcome at a time
	Rate    flows.Rate
	ByID    bool // its receipts name a message by the provider's ID alone
	Verify  bool // it is asked before a timer of a wait for a receipt counts
	Asks    bool // it can be asked
}

// NewLoop returns a loop that continues from the engine's state. It has the given number of
// places for the messages of all accounts, and no other limit on them. Messages that were
// claimed when the last process stopped are settled by [Loop.Recover]: nobody knows
// whether they were posted.
func NewLoop(store Store, core *engine.Engine, places int) *Loop {
	return NewLoopOf(store, core, []AccountSettings{{Account: engine.AnyAccount, Places: places}})
}

// NewLoopOf returns a loop as NewLoop does, with several accounts, of which the first
// carries the messages that name none. The messages of an account that is not among
// them stay planned.
func NewLoopOf(store Store, core *engine.Engine, accounts []AccountSettings) *Loop {
	l := &Loop{store: store, core: core, next: 1, erasing: true, indexing: true, dropping: true}
	for _, x := range accounts {
		q := newAccountQueue(x)
		q.limit.share = core.State.Partition
		l.accounts = append(l.accounts, q)
	}
	return l
}

// Core returns the engine. It may be looked at between steps.
func (l *Loop) Core() *engine.Engine { return l.core }

// Hold stops claims for good, so that posts under way can end.
func (l *Loop) Hold() { l.hold = true }

// Step applies the groups at an instant, after the timers that are due and with the
// planned messages that senders are free for. After an error the loop must not be
// used again, and none of the groups has an answer.
func (l *Loop) Step(now time.Time, groups []*Group) (*Step, error) {
	step := &Step{}
	l.now = engine.Instant(now.UnixMilli()) // rounded down: nothing is early, and what is due is due now
	if err := l.setApart(step); err != nil {
		return nil, err
	}
	own, err := l.own()
	if err != nil {
		return nil, err
	}
	groups = append(own, groups...)
	idle := len(groups) == 0 && !l.follows()
	for len(groups) > 0 || l.follows() {
		taken, err := l.applyNext(now, groups, step)
		if err != nil {
			return nil, err
		}
		groups = groups[taken:]
	}
	if err := l.around(step, func() error { return errors.Join(l.tidyUp(l.now), l.dropOwed(idle)) }); err != nil {
		return nil, err
	}
	if err := l.around(step, func() error { return l.purge(l.now, idle) }); err != nil {
		return nil, err
	}
	if err := l.settleNotices(step); err != nil {
		return nil, err
	}
	if err := l.writeArrivals(l.now); err != nil {
		return nil, err
	}
	l.lookAhead(step)
	return step, nil
}

// lookAhead says when there is something to do again.
func (l *Loop) lookAhead(step *Step) {
	step.Next = earlier(earlier(earlier(l.next, l.nextTick()), earlier(l.feed.next, l.nextLapse())), earlier(l.purging.next, l.arrivals.next()))
	step.Next = earlier(earlier(step.Next, l.nextLook()), l.nextDrop())
	step.Again = step.Again || l.erasing || l.indexing || l.dropping || l.purging.busy() || l.feed.changed || l.surveys() || l.follows() || l.next != 0 && l.next <= l.now
	for _, x := range l.accounts {
		l.lookForward(x, step)
	}
}

// follows reports whether there are inputs to be applied before any from outside.
func (l *Loop) follows() bool { return len(l.untold) > 0 || len(l.derived) > 0 }

// applyNext applies the next of the inputs that come before any from outside, if there are
// some, else the next of the groups. It returns how many groups it applied.
func (l *Loop) applyNext(now time.Time, groups []*Group, step *Step) (int, error) {
	first := &l.untold
	if len(l.untold) == 0 {
		first = &l.derived
	}
	if len(*first) == 0 {
		return l.batch(now, groups[:untilDeploy(groups)], step)
	}
	applied, err := l.batch(now, []*Group{{Inputs: (*first)[:1]}}, step)
	*first = (*first)[applied:]
	return 0, err
}

// untilDeploy returns how many groups may be applied before the next deploy. A deploy
// changes which flows an event concerns, so the needs after it are computed again.
func untilDeploy(groups []*Group) int {
	for i, g := range groups {
		if g.Inputs[0].Kind().Redirects() {
			return max(i, 1)
		}
	}
	return len(groups)
}

// lookForward stores when planned messages of an account can be claimed next.
func (l *Loop) lookForward(x *accountQueue, step *Step) {
	if len(x.backlog) == 0 && !x.more || l.hold || l.core.State.Holding() {
		return
	}
	if l.free(x) > 0 {
		step.Again = true
	} else if at := x.limit.opens(l.now); at != 0 && (step.Next == 0 || at < step.Next) {
		step.Next = at
	}
}

// Held reports whether an account takes nothing for a while. Messages that are claimed for
// it and not yet posted should then be returned (see [engine.SendResult]).
func (l *Loop) Held(account string) bool {
	x := l.queueOf(account)
	return x != nil && (l.hold || l.core.State.Holding() || x.limit.held(l.now))
}

// Room sets how many messages of an account may be claimed until the next call. Without a
// call only the account's places limit them.
func (l *Loop) Room(account string, messages int) { l.queueOf(account).limit.room = messages }

// own returns the inputs of the loop itself: timers and schedules that are due, claims, and
// rows of campaigns.
func (l *Loop) own() ([]*Group, error) {
	var own []*Group
	if l.next != 0 && l.next <= l.now {
		due, next, err := l.store.Due(l.now, maxTimers)
		if err != nil {
			return nil, err
		}
		l.next = next
		for i := range due {
			own = append(own, &Group{Inputs: []*engine.Input{{Payload: &due[i]}}})
		}
	}
	for _, x := range l.accounts {
		if err := l.refill(x); err != nil {
			return nil, err
		}
		for x.claims = 0; x.claims < l.free(x) && len(x.backlog) > 0; x.claims++ {
			ref := x.backlog[0]
			x.backlog = x.backlog[1:]
			own = append(own, &Group{Inputs: []*engine.Input{{Payload: &engine.Claim{OutboxRef: ref}}}, Account: x.account})
		}
	}
	own = append(own, l.ticks(l.now)...)
	rows, err := l.rows(l.now)
	if rows != nil {
		own = append(own, rows)
	}
	if err != nil {
		return nil, err
	}
	more, err := l.followUp(l.now)
	return append(own, more...), err
}

// tidyUp forgets versions that no run has after a deploy, erases forgotten people and drops
// answers that are no longer given, in slices and the latter once an hour.
func (l *Loop) tidyUp(now engine.Instant) (err error) {
	if l.deployed {
		kept, err := l.keepVersions()
		if err != nil {
			return err
		}
		l.deployed, l.indexing = !kept, true
	}
	if l.indexing {
		if l.indexing, err = l.store.IndexPeople(); err != nil {
			return err
		}
	}
	if l.erasing {
		if err := l.writeArrivalsNow(); err != nil {
			return err
		}
		if l.erasing, err = l.store.Erase(); err != nil {
			return err
		}
		if !l.erasing { // copies of audiences have people, too
			l.tidy = 0
		}
	}
	if l.dropping {
		if l.dropping, err = l.store.Drop(); err != nil {
			return err
		}
	}
	if now >= l.dropAt {
		if err := l.dropNotices(now); err != nil {
			return err
		}
		if err := l.dropDeploys(now); err != nil {
			return err
		}
	}
	if now >= l.foldAt {
		more, err := l.store.FoldCounts(now)
		if err != nil {
			return err
		}
		if l.foldAt = now.Add(foldEvery); more {
			l.foldAt = now.Add(purgePause)
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
