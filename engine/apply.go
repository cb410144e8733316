package engine

import (
	"fmt"
	"runtime/debug"
)

// Applied is the result of applying one input.
type Applied struct {
	Answer        Answer
	Taken         bool              // the input changed something or has a new ID: it goes into the journal as State.Seq
	Posts         []Post            // to be carried out after the commit
	Planned       []OutboxEntry     // messages that wait for a slot
	Fetches       []FetchPost       // to be carried out after the commit
	Derived       []*Input          // inputs that follow from this one; apply them before newer ones from outside
	Owed          []Owed            // inputs that follow from this one and are for other partitions
	Snapshots     []SnapshotRequest // audiences to copy after the commit
	StatusQueries []StatusQuery     // to be carried out after the commit
	Lapsed        int               // receipts dropped because their message never became known
	Forgotten     []string          // people whose stored data must be erased
	History       []*HistoryEntry   // what it means for people beyond what their runs tell
	Audit         *AuditEntry       // who changed what; nil for anything but a command
	Panic         string            // a fault of the engine: what broke and where; the run concerned is quarantined
}

// noRow is the value of applier.row while no row is being taken.
const noRow = -1

// applier is one input being applied.
type applier struct {
	e         *Engine
	ws        *WorkingSet
	in        *Input
	now       Instant
	seq       uint64
	granted   Slots        // free for claims before the input
	left      Slots        // after what it has claimed
	starts    int          // runs started by this input
	campaigns int          // campaigns it began or recorded
	row       int          // the audience row being taken, to leave out if it panics; else noRow
	poisoned  map[int]bool // rows that panicked
	remarked  []int        // indexes of the decisions that are in somebody's history
	collected []string     // flows with a run that took the event into a collect
	touched   []RunID      // runs that this input started or changed, in order, each once
	// lookingBack is the wait that takes what came before it: none of its timers is set yet.
	lookingBack *Meanwhile
	blamed      RunID // the run being worked on, to quarantine if it panics
	changed     bool
	out         Applied
}

// Apply applies one input at an instant. If the instant is before the last input's, Apply
// uses the last input's instant. Slots says how many messages the input may claim. The set
// must hold everything that Needs named for the input.
//
// A refused input changes nothing. If the engine panics, Apply undoes what the input did,
// quarantines the run it was working on, and applies the input to the rest.
func (e *Engine) Apply(ws *WorkingSet, in *Input, stamp Instant, slots Slots) Applied {
	if e.State.knows(in) {
		return Applied{Answer: Answer{Repeated: true}}
	}
	a := &e.applier
	*a = applier{e: e, ws: ws, in: in, now: max(stamp, e.State.Stamp), seq: e.State.Seq + 1, granted: slots, left: slots, row: noRow}
	defer func() { *a = applier{} }() // so that it keeps nothing alive
	if answer, done := e.answerEarly(ws, in, stamp); done {
		a.out.Answer = answer
	} else {
		before := a.look()
		for !a.attempt() {
		}
		if a.changed && a.out.Answer.Refused == nil {
			a.audit(before)
		}
		a.changed = a.changed || in.ID != "" // an ID is remembered although nothing else changed
	}
	if a.out.Answer.Refused != nil {
		a.out.Posts, a.out.Planned, a.out.Fetches, a.out.Derived, a.out.Snapshots, a.out.StatusQueries, a.out.History = nil, nil, nil, nil, nil, nil, nil
		a.out.Owed = nil
	}
	if a.out.Answer.Refused != nil || !a.changed {
		if in.Derived == 0 && in.Origin == nil {
			return a.out
		}
		a.consumeEmpty()
	}
	a.out.Taken = true
	e.State.Seq, e.State.Stamp = a.seq, a.now
	for _, derived := range a.out.Derived {
		e.State.Derived++
		derived.Derived = e.State.Derived
	}
	if e.State.Partition.Divided() {
		e.numbered(in, a.out.Owed)
	}
	if in.ID != "" {
		a.out.Answer.ID = in.ID
		ws.remember(&Remembered{ID: in.rememberedAs(), Stamp: a.now, Digest: in.digest(), Answer: a.out.Answer})
	}
	return a.out
}

// consumeEmpty consumes an input that had no effect, and must not be applied again. One that follows from another has no
// sender to answer.
func (a *applier) consumeEmpty() {
	if refused := a.out.Answer.Refused; refused != nil && !a.in.common(a.e.State.Partition) {
		a.out.Answer = Answer{Ignored: "a derived " + a.in.Kind().String() + " was refused"}
	}
}

// attempt applies the input once. It reports false if that panicked and another attempt
// without the blamed run may succeed.
func (a *applier) attempt() (done bool) {
	a.ws.undo.begin()
	defer func() {
		if p := recover(); p != nil {
			a.ws.undo.rollback()
			done = a.blame(fmt.Sprint(p))
		}
	}()
	a.in.apply(a)
	a.ownHistory()
	a.overOwed()
	if a.out.Answer.Refused != nil {
		a.ws.undo.rollback() // a refused input changes nothing, by construction
		return true
	}
	a.watchTouched()
	a.endParts()
	return true
}

// watchTouched makes the runs that the input started or changed check their conditions.
func (a *applier) watchTouched() {
	for _, id := range a.touched {
		if r := a.ws.Run(id); r.Live() {
			a.blamed = id
			a.watchIfs(a.e.pin(r))
		}
	}
}

// blame quarantines the run that was being worked on when the input panicked. It reports
// true, the input is finished, when there is no such run.
func (a *applier) blame(what string) (done bool) {
	id, panics, row, poisoned := a.blamed, a.out.Panic, a.row, a.poisoned
	*a = applier{e: a.e, ws: a.ws, in: a.in, now: a.now, seq: a.seq, granted: a.granted, left: a.granted, row: noRow, poisoned: poisoned}
	a.out.Panic = panics + what + "\n" + string(debug.Stack())
	if row != noRow && !poisoned[row] {
		if a.poisoned == nil {
			a.poisoned = map[int]bool{}
		}
		a.poisoned[row] = true // the next attempt leaves it out
		return false
	}
	r := a.ws.Run(id)
	if r == nil || !r.Live() {
		a.out.Answer = Answer{Refused: &Refusal{Why: RefusedInvalid, Detail: "internal error; nothing was changed"}}
		return true
	}
	a.ws.undo.begin()
	r = a.edit(id)
	r.log(Entry{At: a.now, Kind: KindQuarantined, Step: NoStep, Detail: "a bug in Nudge: " + what})
	a.finish(r, OutcomeQuarantined, false)
	return false
}

// edit returns a run for changing because of a signal, and makes it the one to blame.
func (a *applier) edit(id RunID) *Run {
	if a.ws.touch(id) {
		a.touched = append(a.touched, id)
	}
	return a.annotate(id)
}

// annotate returns a run for adding to its timeline only.
func (a *applier) annotate(id RunID) *Run {
	a.blamed, a.changed = id, true
	return a.ws.edit(id)
}

func (a *applier) decide(r *Run, did Action, reason string) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions,
		Decision{Flow: r.Flow, Run: r.ID.String(), Action: did, Reason: reason})
}

func (a *applier) ignore(why string) { a.out.Answer.Ignored = why }
