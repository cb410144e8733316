package runner

import (
	"time"

	"nudge/engine"
)

// Retention says how long what is over is kept. 0 is for good.
type Retention struct {
	Runs    time.Duration // runs, from their end on
	Journal time.Duration // inputs, from when they were applied
}

const (
	purgeSweep = 24 * time.Hour        // from one sweep to the next: how much longer than asked things may stay
	purgePause = 50 * time.Millisecond // between slices while there is something better to do
)

// purging is how far dropping what is over has come. It is not kept: a sweep that a stop
// cut short is begun again, and what it had dropped already costs nothing.
type purging struct {
	Retention
	next  engine.Instant // of the next sweep, or the next slice of this one
	runs  bool           // under way
	after []byte         // how far it has come; nil at its beginning
	input bool           // the journal is under way
}

// Keep says how long what is over is kept. It is called before the first step; without
// it everything is kept for good.
func (l *Loop) Keep(r Retention) { l.purging.Retention = r }

// purge drops the next slice of what has been over for long enough: at once where the
// loop is idle, and else after a pause, so that what people wait for goes first.
func (l *Loop) purge(now engine.Instant, idle bool) (err error) {
	p := &l.purging
	if p.Retention == (Retention{}) || now < p.next && !(idle && p.busy()) {
		return nil
	}
	if !p.busy() {
		p.runs, p.input = p.Runs > 0, p.Journal > 0
	}
	if p.runs {
		p.after, err = l.store.PurgeRuns(now.Add(-p.Runs), p.after)
		p.runs = p.after != nil
	} else {
		p.input, err = l.store.PurgeJournal(now.Add(-p.Journal))
	}
	p.next = now.Add(purgePause)
	if !p.busy() {
		p.next = now.Add(purgeSweep)
	}
	return err
}

// busy reports whether a sweep is under way.
func (p *purging) busy() bool { return p.runs || p.input }
