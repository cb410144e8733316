package runner

import (
	"time"

	"nudge/engine"
)

// Retention says how long ended runs and old records are kept. 0 is for ever.
type Retention struct {
	Runs    time.Duration // runs, from their end on
	Journal time.Duration // inputs, from when they were applied

	// Versions is for versions of flows with all that was counted of them, from when others came in their place. A version
	// stays longer while a run or an input of its time is kept.
	Versions time.Duration
}

const (
	purgeSweep = 24 * time.Hour        // from one sweep to the next: how much longer than asked things may stay
	purgePause = 50 * time.Millisecond // between slices while there is something better to do
)

// purging is the progress of a sweep that drops old records. It is not stored: after a stop
// the sweep starts again, and records already dropped cost nothing.
type purging struct {
	Retention
	next  engine.Instant // of the next sweep, or the next slice of this one
	runs  bool           // under way
	after []byte         // how far it has come; nil at its beginning
	input bool           // the journal is under way
	past  bool           // what people's histories have of the journal is under way

	versions bool // under way
}

// Keep says how long old records are kept. Call it before the first step; without
// it everything is kept for good.
func (l *Loop) Keep(r Retention) { l.purging.Retention = r }

// purge drops the next slice of records that are old enough: at once if the loop is idle,
// else after a pause, so that inputs go first.
func (l *Loop) purge(now engine.Instant, idle bool) (err error) {
	p := &l.purging
	if p.Retention == (Retention{}) || now < p.next && !(idle && p.busy()) {
		return nil
	}
	if !p.busy() {
		p.runs, p.input, p.past, p.versions = p.Runs > 0, p.Journal > 0, p.Journal > 0, p.Versions > 0
	}
	switch {
	case p.runs:
		p.after, err = l.store.PurgeRuns(now.Add(-p.Runs), p.after)
		p.runs = p.after != nil
	case p.input:
		p.input, err = l.store.PurgeJournal(now.Add(-p.Journal))
	case p.past:
		p.after, err = l.store.PurgeHistory(p.after)
		p.past = p.after != nil
	default:
		p.versions, err = l.purgeVersions(now.Add(-p.Versions))
	}
	p.next = now.Add(purgePause)
	if !p.busy() {
		p.next = now.Add(purgeSweep)
	}
	return err
}

// busy reports whether a sweep is under way.
func (p *purging) busy() bool { return p.runs || p.input || p.past || p.versions }

// purgeVersions drops the next versions that were replaced before an instant and that no partition needs, and reports whether
// there are more. It waits for partitions that are late.
func (l *Loop) purgeVersions(before engine.Instant) (more bool, err error) {
	needed, err := l.store.VersionsNeeded(before)
	if err != nil {
		return false, err
	}
	if l.partitions.peers != nil {
		if late, err := l.othersLate(); late || err != nil {
			return false, err
		}
		others, err := l.partitions.peers.VersionsNeeded(before)
		if err != nil {
			return false, err
		}
		needed = append(needed, others...)
	}
	return l.store.PurgeVersions(before, needed)
}
