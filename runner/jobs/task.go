package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"

	"nudge/store"
)

// Task is the work of one job, as its body sees it. Its methods may be called by several goroutines.
type Task struct {
	m      *Manager
	job    *store.Job // as it was when the process took it up
	body   Body
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  chan struct{}
	begun  bool // guarded by the manager's mu

	mu       sync.Mutex // guards progress
	progress store.JobProgress
}

// ID is the job's.
func (t *Task) ID() string { return t.job.ID }

// By is who asked for the job.
func (t *Task) By() string { return t.job.By.Name }

// Params reads the parameters.
func (t *Task) Params(into any) error {
	if err := json.Unmarshal(t.job.Params, into); err != nil {
		return fmt.Errorf("the parameters of the job: %w", err)
	}
	return nil
}

// Cursor reads what was saved last, and reports whether anything was.
func (t *Task) Cursor(into any) (saved bool, err error) {
	if len(t.job.Cursor) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(t.job.Cursor, into); err != nil {
		return false, fmt.Errorf("the place of the job: %w", err)
	}
	return true, nil
}

// Expect says how many things there are to do, as far as is known.
func (t *Task) Expect(total int) { t.count(func(p *store.JobProgress) { p.Total = total }) }

// Done counts things that are done.
func (t *Task) Done(n int) { t.count(func(p *store.JobProgress) { p.Done += n }) }

// Failed counts things that could not be done.
func (t *Task) Failed(n int) { t.count(func(p *store.JobProgress) { p.Failed += n }) }

// Skipped counts things that did not need to be done, for a reason. There are few reasons.
func (t *Task) Skipped(reason string, n int) {
	t.count(func(p *store.JobProgress) {
		if p.Skipped == nil {
			p.Skipped = map[string]int{}
		}
		p.Skipped[reason] += n
	})
}

func (t *Task) count(change func(*store.JobProgress)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.progress)
	t.m.config.Changed("changed")
}

// Progress returns how far the job has come.
func (t *Task) Progress() store.JobProgress { return t.now() }

// now returns a copy of the progress.
func (t *Task) now() store.JobProgress {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.progress
	p.Skipped = maps.Clone(p.Skipped)
	return p
}

// Save makes the progress durable, together with the place where the job goes on after a restart.
func (t *Task) Save(cursor any) error {
	raw, err := json.Marshal(cursor)
	if err != nil {
		return fmt.Errorf("the place of the job: %w", err)
	}
	progress := t.now()
	if !t.change(func(j *store.Job) { j.Progress, j.Cursor = progress, raw }) {
		return errors.New("the place of the job could not be saved")
	}
	return nil
}

// change changes the record of the job, and reports whether that is durable.
func (t *Task) change(change func(*store.Job)) bool {
	_, err := t.m.change(t.job.ID, change)
	if err != nil {
		t.m.config.Fail(err)
	}
	return err == nil
}
