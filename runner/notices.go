package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"nudge/engine"
	"nudge/store"
)

// Endpoint is another system that gets notices of what happens. Package notify delivers it.
type Endpoint struct {
	Name  string
	Types []engine.NoticeType // of its notices
}

const (
	// keptFailed is how long a notice that an endpoint did not take is kept; then it is dropped.
	keptFailed = 30 * 24 * time.Hour
	dropPage   = 512 // notices that are dropped in one transaction
)

// Tell says which other systems get notices. Call it before the first step; without it nobody
// does.
func (l *Loop) Tell(endpoints []Endpoint) { l.endpoints = endpoints }

// notice adds the notices of a batch to it, for each endpoint.
func (b *batch) notice() {
	endpoints := b.loop.endpoints
	if len(endpoints) == 0 {
		return
	}
	wants := func(e Endpoint, kind engine.NoticeType) bool { return slices.Contains(e.Types, kind) }
	for _, n := range b.loop.core.Notices(b.ws, b.out.Forgotten, func(kind engine.NoticeType) bool {
		return slices.ContainsFunc(endpoints, func(e Endpoint) bool { return wants(e, kind) })
	}) {
		for _, e := range endpoints {
			if wants(e, n.Type) {
				b.out.Notices = append(b.out.Notices, &engine.NoticeTo{Endpoint: e.Name, Notice: n})
			}
		}
	}
	b.step.Noticed = b.step.Noticed || len(b.out.Notices) > 0
}

// Settle notes in the next step how attempts to deliver notices ended.
func (l *Loop) Settle(results ...store.NoticeResult) { l.results = append(l.results, results...) }

func (l *Loop) settleNotices(step *Step) error {
	if len(l.results) == 0 {
		return nil
	}
	results := l.results
	l.results = nil
	step.Noticed = true // some may be due at once
	return l.store.SettleNotices(results)
}

// dropNotices drops notices that are too old, and those of endpoints that are no more.
func (l *Loop) dropNotices(now engine.Instant) error {
	var names []string
	for _, e := range l.endpoints {
		names = append(names, e.Name)
	}
	for {
		dropped, err := l.store.DropNotices(names, now.Add(-keptFailed), dropPage)
		if dropped < dropPage {
			l.dropAt = now.Add(time.Hour)
			return err
		}
		if err != nil {
			return err
		}
	}
}

// settling is results on their way to the loop.
type settling struct {
	results []store.NoticeResult
	done    chan error // capacity 1
}

// Settle notes how attempts to deliver notices ended, and returns once that is durable. It fails with ErrStopped,
// or with ctx's error; then nobody can say whether it is noted.
func (r *Runner) Settle(ctx context.Context, results []store.NoticeResult) error {
	for d := range r.own() { // a partition passes over those of others
		if err := d.settle(ctx, results); err != nil && !errors.Is(err, ErrElsewhere) { // the next process that has it delivers them again
			return err
		}
	}
	return nil
}

func (d *driver) settle(ctx context.Context, results []store.NoticeResult) error {
	s := settling{results, make(chan error, 1)}
	select {
	case d.settling <- s:
		d.queue.nudge()
	case <-d.gone():
		return d.stopping()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-s.done:
		return err
	case <-d.gone():
		return d.stopping()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settled hands the results that have arrived to the loop.
func (d *driver) settled() (all []settling) {
	for len(d.settling) > 0 {
		s := <-d.settling
		d.loop.Settle(s.results...)
		all = append(all, s)
	}
	return all
}
