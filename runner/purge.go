package runner

import (
	"time"

	"nudge/engine"
)

// Retention says how long ended runs and old records are kept. 0 is for ever.
type Retention struct {
	Runs    time.Duration // runs, from their end on
	Journal time.Duration // inputs, from when they were applied
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
		p.runs, p.input, p.past = p.Runs > 0, p.Journal > 0, p.Journal > 0
	}
	switch {
	case p.runs:
		p.after, err = l.store.PurgeRuns(now.Add(-p.Runs), p.after)
		p.runs = p.after != nil
	case p.input:
		p.input, err = l.store.PurgeJournal(now.Add(-p.Journal))
	default:
		p.after, err = l.store.PurgeHistory(p.after)
		p.past = p.after != nil
	}
	p.next = now.Add(purgePause)
	if !p.busy() {
		p.next = now.Add(purgeSweep)
	}
	return err
}

// busy reports whether a sweep is under way.
func (p *purging) busy() bool { return p.runs || p.input || p.past }
