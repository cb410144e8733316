// Package bulk cancels and retries many runs, as jobs that go on after a restart. Each run has a command of its own with an ID that is made of
// the job's, and a page of runs is saved before its commands begin. So a job that was killed in the middle
// asks for the same things again, is answered as before, and counts each run once.
package bulk

import (
	"context"
	"errors"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/runner/jobs"
	"nudge/store"
)

// The kinds of jobs.
const (
	Retry  = "retry runs"
	Cancel = "cancel runs"
)

const (
	page = 256 // runs that are looked at and changed between two places where a job can go on
	// maxCounted is how many runs are looked at to count those of a filter; a filter that needs more is refused with 400.
	maxCounted = 500_000
	// maxExamples is how many runs a count shows; the others are only counted.
	maxExamples = 5
	// pause is how long a job waits when the engine takes nothing more.
	pause = 100 * time.Millisecond
)

// Why a run was skipped that the job did not come to change.
const (
	NotThere    = "the run is not there any more"
	NotSelected = "not selected any more" // it was counted, and another job or a retry has changed it since
	Damaged     = "the record of the run is damaged"
)

// ErrTooMany means that a filter needs more runs to be looked at than one count may.
var ErrTooMany = errors.New("the filter needs more than 500,000 runs to be looked at; narrow it: by flow and time, or to a group of failures")

// Params are those of a job.
type Params struct {
	Filter store.RunFilter `json:"filter"`
	Reason string          `json:"reason,omitempty"`
	Runs   int             `json:"runs"` // that the filter selected when the job was asked for, and that could be changed
	// Skipped are those that it selected and that could not be changed, by why.
	Skipped map[string]int `json:"skipped,omitempty"`
	At      engine.Instant `json:"at"` // of that count: what fails or starts later is not meant
}

// counted is how many runs the filter selected.
func (p *Params) counted() int {
	n := p.Runs
	for _, skipped := range p.Skipped {
		n += skipped
	}
	return n
}

// Result is what a job came to. Runs and what became of them add up, but for those that joined the filter.
type Result struct {
	Counted int            `json:"counted"`           // runs that the filter selected when the job was asked for
	Done    int            `json:"done"`              // that were retried or cancelled
	Skipped map[string]int `json:"skipped,omitempty"` // by why there was nothing to do
	Failed  int            `json:"failed,omitempty"`  // whose records are damaged
}

// Count is how many runs a filter selects.
type Count struct {
	Runs     int
	Skipped  map[string]int // that the filter selects and that cannot be changed, by why
	Looked   int
	Examples []*engine.Run // the first ones
	At       engine.Instant
}

// Store is what is read of a store.
type Store interface {
	State() (engine.State, error)
	SelectFailed(f store.RunFilter, after []byte, look int) (store.Selection, error)
	SelectLive(f store.RunFilter, after []byte, look int) (store.Selection, error)
	Retry(id engine.RunID, reason string) (*engine.Retry, *engine.Run, error)
}

// Runner takes inputs.
type Runner interface {
	Begin(inputs ...*engine.Input) (*runner.Ticket, error)
	Suspect(ids ...engine.RunID)
}

// Bulk changes many runs.
type Bulk struct {
	store  Store
	runner Runner
}

// New returns a Bulk, and says to a manager of jobs how its jobs do their work. Call it before the manager opens.
func New(s Store, r Runner, m *jobs.Manager) *Bulk {
	b := &Bulk{s, r}
	m.Define(Retry, func(ctx context.Context, t *jobs.Task) (any, error) { return b.work(ctx, t, Retry) })
	m.Define(Cancel, func(ctx context.Context, t *jobs.Task) (any, error) { return b.work(ctx, t, Cancel) })
	return b
}

// Count counts the runs that a job of a kind would change. It fails with [ErrTooMany].
func (b *Bulk) Count(ctx context.Context, kind string, f store.RunFilter) (*Count, error) {
	state, err := b.store.State()
	if err != nil {
		return nil, err
	}
	c := &Count{At: state.Stamp, Skipped: map[string]int{}}
	for after := []byte(nil); ctx.Err() == nil; {
		sel, err := b.next(kind, f, after, page*8)
		if err != nil {
			return nil, err
		}
		c.Looked += sel.Looked
		if n := len(sel.Damaged); n > 0 {
			c.Skipped[Damaged] += n
		}
		for _, r := range sel.Runs {
			if why := unwanted(kind, r, c.At); why != "" {
				c.Skipped[why]++
				continue
			}
			if c.Runs++; len(c.Examples) < maxExamples {
				c.Examples = append(c.Examples, r)
			}
		}
		if after = sel.Next; after == nil {
			return c, nil
		}
		if c.Looked >= maxCounted {
			return nil, ErrTooMany
		}
	}
	return nil, ctx.Err()
}

func (b *Bulk) next(kind string, f store.RunFilter, after []byte, look int) (store.Selection, error) {
	if kind == Retry {
		return b.store.SelectFailed(f, after, look)
	}
	return b.store.SelectLive(f, after, look)
}

// unwanted says why a run that the filter selects is not changed, as far as the run itself tells; empty if it is.
func unwanted(kind string, r *engine.Run, at engine.Instant) string {
	switch {
	case kind == Cancel:
		return ""
	case r.Live():
		return engine.NoRetryLive
	case r.Profile == "":
		return engine.NoRetryForgotten
	case r.Outcome == engine.OutcomeCancelled:
		return engine.NoRetryCancelled
	case engine.FailedAt(r) < 0:
		return engine.NoRetryNothing
	}
	return ""
}

// later reports whether a run came to what the filter selects only after the count.
func later(kind string, r *engine.Run, at engine.Instant) bool {
	if kind == Cancel {
		return r.Started() > at
	}
	return r.Ended > at
}

// place is where a job goes on.
type place struct {
	After []byte         `json:"after,omitempty"` // of the page behind it
	Page  []engine.RunID `json:"page,omitempty"`  // runs whose commands may have begun
	Last  bool           `json:"last,omitempty"`  // there is no page behind it
}

// work changes the runs of a job, page by page.
func (b *Bulk) work(ctx context.Context, t *jobs.Task, kind string) (any, error) {
	var p Params
	if err := t.Params(&p); err != nil {
		return nil, err
	}
	var at place
	saved, err := t.Cursor(&at)
	if err != nil {
		return nil, err
	}
	t.Expect(p.counted())
	if saved {
		if err := b.change(ctx, t, kind, &p, at.Page); err != nil {
			return result(t, &p), err
		}
	}
	for !at.Last {
		if err := ctx.Err(); err != nil {
			return result(t, &p), err
		}
		sel, err := b.next(kind, p.Filter, at.After, page)
		if err != nil {
			return result(t, &p), err
		}
		at = place{After: sel.Next, Last: sel.Next == nil}
		for _, r := range sel.Runs {
			switch why := unwanted(kind, r, p.At); {
			case later(kind, r, p.At):
			case why != "":
				t.Skipped(why, 1)
			default:
				at.Page = append(at.Page, r.ID)
			}
		}
		t.Failed(len(sel.Damaged))
		b.runner.Suspect(sel.Damaged...)
		if err := t.Save(at); err != nil {
			return nil, err
		}
		if err := b.change(ctx, t, kind, &p, at.Page); err != nil {
			return result(t, &p), err
		}
	}
	if gone := p.counted() - told(t.Progress()); gone > 0 {
		t.Skipped(NotSelected, gone)
	}
	return result(t, &p), nil
}

// told is of how many runs the progress of a job says what became of them.
func told(now store.JobProgress) int {
	n := now.Done + now.Failed
	for _, skipped := range now.Skipped {
		n += skipped
	}
	return n
}

func result(t *jobs.Task, p *Params) *Result {
	now := t.Progress()
	return &Result{Counted: p.counted(), Done: now.Done, Skipped: now.Skipped, Failed: now.Failed}
}

// change begins the command of each run, and counts how they went once all are answered. An error leaves the page to the
// next start.
func (b *Bulk) change(ctx context.Context, t *jobs.Task, kind string, p *Params, ids []engine.RunID) error {
	tickets := make([]*runner.Ticket, len(ids))
	why := make([]string, len(ids))
	var failed error
	for i, id := range ids {
		if tickets[i], why[i], failed = b.begin(ctx, t, kind, p, id); failed != nil {
			break
		}
	}
	done := 0
	for i, ticket := range tickets {
		if ticket == nil {
			continue
		}
		answers, err := ticket.Wait(context.WithoutCancel(ctx)) // so that what has begun is counted
		if err != nil {
			return stopped(ctx, err)
		}
		if refused := answers[0].Refused; refused != nil {
			why[i] = refused.Detail
			if refused.Why != engine.RefusedRetry {
				why[i] = NotThere
				if refused.Why == engine.RefusedEnded {
					why[i] = "the run has ended"
				}
			}
		} else {
			done++
		}
	}
	t.Done(done)
	for _, reason := range why {
		if reason != "" {
			t.Skipped(reason, 1)
		}
	}
	return failed
}

// begin puts the command of a run into the queue, as soon as there is a place. Without a ticket it says why there is
// nothing to do.
func (b *Bulk) begin(ctx context.Context, t *jobs.Task, kind string, p *Params, id engine.RunID) (*runner.Ticket, string, error) {
	reason := "job " + t.ID()
	if p.Reason != "" {
		reason += ": " + p.Reason
	}
	in := &engine.Input{ID: t.ID() + " " + id.String(), Payload: &engine.Cancel{Run: id, Reason: reason}}
	if kind == Retry {
		retry, _, err := b.store.Retry(id, reason)
		var damaged *store.DamagedRun
		switch {
		case errors.As(err, &damaged):
			b.runner.Suspect(id)
			return nil, Damaged, nil
		case err != nil:
			return nil, "", err
		case retry == nil:
			return nil, NotThere, nil
		}
		in.Payload = retry
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		ticket, err := b.runner.Begin(in)
		if !errors.Is(err, runner.ErrBusy) {
			return ticket, "", stopped(ctx, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// stopped waits for the end of ctx if the engine has stopped: the process is about to stop, and the next one goes on.
func stopped(ctx context.Context, err error) error {
	if errors.Is(err, runner.ErrStopped) {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}
