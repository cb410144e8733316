package runner

import (
	"bytes"
	"cmp"
	"sync"
	"time"

	"nudge/engine"
	"nudge/runner/live"
	"nudge/store"
)

const (
	notePeriod          = time.Second // how long refused events, and duplicates that came without another input, wait to be written; what still waits is lost if the process is killed
	maxRefusedPerSecond = 10          // refused events kept in a second; more are only counted
)

// arrivals are the events that arrived and are not written yet. A commit writes those that it has; the rest waits for
// the next one, or for the next second.
type arrivals struct {
	taken   arrivalList // for the next commit
	refused arrivalList // for the next second, as are:
	kept    []*store.Refusal
	more    uint64         // refusals beyond those kept
	due     engine.Instant // when they are written; 0: there are none
	written engine.Instant // when some were written last
}

// arrivalList are arrivals by type, in order. Its zero value is empty.
type arrivalList struct {
	all    []*engine.Arrivals
	byType map[string]*engine.Arrivals // the last one of each type
}

// of returns the arrivals of a type that are of the hour of an instant.
func (l *arrivalList) of(kind string, at engine.Instant) *engine.Arrivals {
	a := l.byType[kind]
	if a != nil && engine.HourOf(max(a.First, a.Emitted)) == engine.HourOf(at) {
		return a
	}
	if l.byType == nil {
		l.byType = map[string]*engine.Arrivals{}
	}
	a = &engine.Arrivals{Type: kind}
	l.all, l.byType[kind] = append(l.all, a), a
	return a
}

// clear forgets all. Those that were handed on stay as they are.
func (l *arrivalList) clear() {
	l.all = nil
	clear(l.byType)
}

// NoteArrivals makes the loop count the events that arrive, and keep those that are refused. Call it before the first
// step; without it nobody does.
func (l *Loop) NoteArrivals() { l.arrivals = new(arrivals) }

// Refuse takes refusals, which the next steps write, and how many events were refused by type.
func (l *Loop) Refuse(kept []*store.Refusal, counts map[string]refusedCount, more uint64, now engine.Instant) {
	if l.arrivals == nil {
		return
	}
	for _, x := range kept {
		x.At = now
	}
	l.arrivals.kept = append(l.arrivals.kept, kept...)
	l.arrivals.more += more
	for kind, n := range counts {
		a := l.arrivals.refused.of(kind, now)
		a.Note(now, n.from, engine.VerdictRefused)
		a.Counts[engine.VerdictRefused] += n.events - 1
	}
	l.noteSoon(now)
}

// noteSoon makes this step write what no commit has, or a later one if that was done a moment ago.
func (l *Loop) noteSoon(now engine.Instant) {
	if l.arrivals.due != 0 {
		return
	}
	l.arrivals.due = now
	if wait := l.arrivals.written.Add(notePeriod); wait > now && wait <= now.Add(notePeriod) { // not if the clock was set back
		l.arrivals.due = wait
	}
}

// next is when something must be written; 0 for never.
func (a *arrivals) next() engine.Instant {
	if a == nil {
		return 0
	}
	return a.due
}

// arrived counts an event of the batch.
func (b *batch) arrived(in *engine.Input, did *engine.Applied) {
	ev, ok := in.Payload.(*engine.Event)
	answer := &did.Answer
	switch {
	case !ok || b.loop.arrivals == nil:
		return
	case ev.FanOut != nil, ev.Passed != nil && !ev.Passed.Counts, answer.Refused != nil, did.CountedElsewhere():
		return // the rest of one that is counted, or one that another partition or the server counts
	}
	from := ev.From
	if ev.Passed != nil {
		from = ev.Passed.From
	}
	now := max(b.stamp, b.loop.core.State.Stamp)
	a := b.loop.arrivals.taken.of(ev.Type, now)
	verdict := engine.VerdictOf(answer)
	if in.Derived != 0 {
		verdict = engine.VerdictEmitted
	}
	a.Note(now, from, verdict)
	b.step.Arrived.Counts[verdict]++
	if verdict == engine.VerdictEmitted {
		return
	}
	if verdict != engine.VerdictDuplicate {
		a.Taken, a.TakenAt, a.Verdict = ev, now, verdict
	}
	b.step.Arrived.Lines = append(b.step.Arrived.Lines, live.Line{At: now, Type: ev.Type, Profile: ev.Profile, Verdict: verdict, From: from})
}

// committedArrivals forgets what a commit has written.
func (l *Loop) committedArrivals() {
	if l.arrivals != nil {
		l.arrivals.taken.clear()
	}
}

// writeArrivals writes what no commit has, if it is due. Those who erase a person call it first, at once: what was
// there before must be erased too.
func (l *Loop) writeArrivals(now engine.Instant) error {
	a := l.arrivals
	if a == nil {
		return nil
	}
	if len(a.taken.all) > 0 {
		l.noteSoon(now)
	}
	if a.due == 0 || now < a.due {
		return nil
	}
	all := append(a.taken.all, a.refused.all...)
	err := l.store.NoteArrivals(all, a.kept, a.more)
	a.taken.clear()
	a.refused.clear()
	a.kept, a.more, a.due, a.written = nil, 0, 0, now
	return err
}

// writeArrivalsNow writes what no commit has.
func (l *Loop) writeArrivalsNow() error {
	if a := l.arrivals; a != nil && (a.due != 0 || len(a.taken.all) > 0) {
		a.due = 1
	}
	return l.writeArrivals(l.now)
}

// Arrived is what arrived in a step.
type Arrived struct {
	Counts engine.VerdictCounts
	Lines  []live.Line // of events from outside
}

// refusedCount is how many events of a type were refused, and who sent the last one.
type refusedCount struct {
	events uint64
	from   string
}

// refusals are refused events on their way to the loop.
type refusals struct {
	mu     sync.Mutex
	kept   []*store.Refusal
	counts map[string]refusedCount
	more   uint64
	second int64 // in which the last one came
	room   int   // how many more are kept in this second
}

// note takes a refusal, and reports whether it is the first since they were taken.
func (d *refusals) note(x *store.Refusal, now time.Time) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kind := x.Type
	if _, known := d.counts[kind]; !known && len(d.counts) >= store.MaxEventTypes {
		kind = "" // with those beyond the limit
	}
	first = len(d.counts) == 0
	if d.counts == nil {
		d.counts = map[string]refusedCount{}
	}
	d.counts[kind] = refusedCount{d.counts[kind].events + 1, x.From}
	if second := now.Unix(); second != d.second {
		d.second, d.room = second, maxRefusedPerSecond
	}
	if d.room == 0 || len(d.kept) == store.MaxRefusals { // the latter while the loop stands still
		d.more++
		return first
	}
	d.room--
	kept := *x
	kept.Body = bytes.Clone(x.Body)
	d.kept = append(d.kept, &kept)
	return first
}

// take returns what has come, and forgets it.
func (d *refusals) take() (kept []*store.Refusal, counts map[string]refusedCount, more uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept, counts, more = d.kept, d.counts, d.more
	d.kept, d.counts, d.more = nil, nil, 0
	return kept, counts, more
}

// Refuse notes that an event was refused before it came to the engine, or by the engine. What is kept of it is copied.
// At most ten in a second are kept by a partition, and the rest is counted. Call it before the sender gets the answer.
func (r *Runner) Refuse(x *store.Refusal) {
	d := r.places[engine.PartitionOf(x.Profile, len(r.places))].driver.Load()
	for other := range r.own() { // a partition that this process does not have is none that it writes to
		d = cmp.Or(d, other)
	}
	if d != nil && d.refused.note(x, time.Now()) {
		d.queue.nudge()
	}
	r.metrics.arrivals[engine.VerdictRefused].Inc()
	r.live.Count(live.Events, engine.VerdictRefused.String(), 1)
	r.live.Add(live.Line{At: r.stamp(), Type: x.Type, Profile: x.Profile, Verdict: engine.VerdictRefused, From: x.From, Code: x.Code})
}

// stamp is now, as the loop stamps inputs: rounded down, so that a refusal is not later than the input that forgets whom
// it names.
func (r *Runner) stamp() engine.Instant { return engine.Instant(r.config.Clock.Now().UnixMilli()) }

// Live is where readers follow what happens.
func (r *Runner) Live() *live.Hub { return r.live }

// takeRefusals hands the refusals that have come to the loop.
func (d *driver) takeRefusals() {
	if kept, counts, more := d.refused.take(); len(counts) > 0 {
		d.loop.Refuse(kept, counts, more, d.r.stamp())
	}
}

// tell tells those who read live what a step did.
func (d *driver) tell(step *Step) {
	r := d.r
	for v, n := range step.Arrived.Counts {
		if n > 0 {
			r.metrics.arrivals[v].Add(float64(n))
			r.live.Count(live.Events, engine.Verdict(v).String(), n)
		}
	}
	r.live.Add(step.Arrived.Lines...)
	started, ended, changed := uint64(0), uint64(0), uint64(0)
	for i := range step.Changes {
		switch c := &step.Changes[i]; {
		case c.After.Status == engine.LeftOut:
		case !c.After.Live():
			ended++
			if c.Before == nil {
				started++
			}
		case c.Before == nil:
			started++
		default:
			changed++
		}
	}
	r.live.Count(live.Runs, "started", started)
	r.live.Count(live.Runs, "ended", ended)
	r.live.Count(live.Runs, "changed", changed)
	r.live.Count(live.Campaigns, "changed", uint64(step.Campaigns))
	for _, profile := range step.Forgotten {
		r.live.Forget(profile)
	}
}
