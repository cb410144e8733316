// Package jobs does long pieces of work that are watched and may be stopped. A job is a record in the store. There are
// two kinds of work: one that goes on after a restart, from a place that it saves (see [Manager.Define] and [Task.Save]),
// and a computation, which a restart interrupts. What a job changes are inputs of its own; the record is only knowledge
// about the work, so a replay makes none.
package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"nudge/engine"
	"nudge/store"
)

const (
	// maxRunning is how many jobs work at the same time; the next ones wait.
	maxRunning = 2
	// maxWaiting is how many jobs wait for others to end; one more is refused with 429.
	maxWaiting = 32
	// keptJobs is how many jobs are kept that are over; the oldest are dropped.
	keptJobs = 1000
	// maxParams is how many bytes the parameters of a job may have; with larger ones it is refused with 413.
	maxParams = 64 << 10
	// maxResult is how many bytes the result of a job may have; with a larger one the job fails.
	maxResult = 4 << 20
)

var (
	// ErrBusy means that too many jobs wait already.
	ErrBusy = fmt.Errorf("%d jobs wait already; stop one, or try again when one has ended", maxWaiting)
	// ErrClosed means that the process is about to stop.
	ErrClosed = errors.New("no job begins any more: the server is about to stop")
	// ErrTooLarge means that the parameters of a job are too large.
	ErrTooLarge = fmt.Errorf("the parameters of a job are larger than %d bytes", maxParams)
	// ErrOver means that a job cannot be stopped, because it is over.
	ErrOver = errors.New("the job is over")

	errStop    = errors.New("the job was stopped")
	errClosing = errors.New("the process stops")
)

// Problem is an error that says what to do. A job that fails with one shows both.
type Problem struct{ Detail, Hint string }

func (p *Problem) Error() string { return p.Detail }

// Body does the work of a job. It returns soon after ctx ends. The result is shown as JSON, and must be an object; a nil one is
// none. With an error the result is kept too, if there is one: what was done until then.
type Body func(ctx context.Context, t *Task) (result any, err error)

// Store keeps jobs.
type Store interface {
	AddJob(j *store.Job, kept int) error
	ChangeJob(id string, change func(*store.Job)) (*store.Job, error)
	Job(id string) (*store.Job, error)
	Jobs(store.JobQuery) ([]*store.Job, string, error)
}

// Config is what a manager needs.
type Config struct {
	Store Store            // required
	Now   func() time.Time // nil: the clock of the machine
	Fail  func(error)      // called when the store fails: nothing can go on; nil: nobody wants to know
	Log   *slog.Logger     // nil: nothing is logged

	// Changed is called when a job changes, with what happened: asked, changed (its progress) or ended. It must not block. Nil:
	// nobody wants to know.
	Changed func(what string)
}

// Manager runs jobs.
type Manager struct {
	config  Config
	metrics metrics
	entropy *ulid.MonotonicEntropy // guarded by mu
	work    sync.WaitGroup

	mu      sync.Mutex // guards everything below
	defined map[string]Body
	tasks   map[string]*Task // that are not over
	waiting []*Task          // the first begins next
	running int
	closed  bool
}

// New returns a manager without jobs. Define what goes on after a restart, then call Open.
func New(config Config) *Manager {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Fail == nil {
		config.Fail = func(error) {}
	}
	if config.Changed == nil {
		config.Changed = func(string) {}
	}
	return &Manager{config: config, metrics: newMetrics(), defined: map[string]Body{}, tasks: map[string]*Task{}, entropy: ulid.Monotonic(rand.Reader, 0)}
}

// Define says how the jobs of a kind do their work, so that they go on after a restart. Call it before Open.
func (m *Manager) Define(kind string, body Body) {
	m.defined[kind] = body
	m.metrics.define(kind)
}

func (m *Manager) now() engine.Instant { return engine.InstantOf(m.config.Now()) }

// Open takes up the jobs that the last process left: those of a defined kind go on, all others are interrupted. After Close it
// may be called again: of several processes the one that has the jobs now opens them.
func (m *Manager) Open() error {
	var left []*store.Job
	for _, state := range []store.JobState{store.JobWaiting, store.JobRunning} {
		for q := (store.JobQuery{State: state.String(), Limit: store.MaxPage}); ; {
			page, next, err := m.config.Store.Jobs(q)
			if err != nil {
				return err
			}
			left = append(left, page...)
			if q.Before = next; next == "" {
				break
			}
		}
	}
	slices.SortFunc(left, func(x, y *store.Job) int { return cmpIDs(x.ID, y.ID) })
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.tasks = false, map[string]*Task{}
	for _, j := range left {
		body := m.defined[j.Kind]
		if body == nil || j.Stop {
			if _, err := m.change(j.ID, m.interrupt); err != nil {
				return err
			}
			continue
		}
		m.enqueue(m.task(j, body))
	}
	m.begin()
	return nil
}

func cmpIDs(x, y string) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// interrupt ends a job whose process has stopped.
func (m *Manager) interrupt(j *store.Job) {
	if j.Ended = m.now(); j.Stop {
		j.State = store.JobStopped
		return
	}
	j.State, j.Problem, j.Hint = store.JobInterrupted, "the server stopped before the job was done", "start it again: it has changed nothing"
}

// Start begins a job, or lets it wait for its turn. Without a body it is one of a defined kind, and goes on after a
// restart. Params are shown as JSON and must be an object; nil for none.
func (m *Manager) Start(by engine.Actor, kind string, params any, body Body) (*store.Job, error) {
	j := &store.Job{Kind: kind, By: by, Asked: m.now()}
	if params != nil {
		raw, err := json.Marshal(params)
		if err != nil {
			return nil, fmt.Errorf("the parameters of a job: %w", err)
		}
		if j.Params = raw; len(raw) > maxParams {
			return nil, ErrTooLarge
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if body == nil {
		body = m.defined[kind]
	}
	switch {
	case m.closed:
		return nil, ErrClosed
	case body == nil:
		return nil, fmt.Errorf("jobs: nothing says how to %s", kind)
	case len(m.waiting) >= maxWaiting:
		return nil, ErrBusy
	}
	id, err := ulid.New(uint64(j.Asked), m.entropy)
	if err != nil {
		return nil, fmt.Errorf("the ID of a job: %w", err)
	}
	j.ID = id.String()
	if err := m.config.Store.AddJob(j, keptJobs); err != nil {
		m.config.Fail(err)
		return nil, err
	}
	m.enqueue(m.task(j, body))
	m.begin()
	m.config.Changed("asked")
	return m.show(j), nil
}

// task returns the work of a job that has not begun. The caller holds mu.
func (m *Manager) task(j *store.Job, body Body) *Task {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Task{m: m, job: j, body: body, ctx: ctx, cancel: cancel, progress: j.Progress, ended: make(chan struct{})}
}

func (m *Manager) enqueue(t *Task) {
	m.tasks[t.job.ID] = t
	m.waiting = append(m.waiting, t)
}

// begin lets jobs work as long as there is a place for them. The caller holds mu.
func (m *Manager) begin() {
	for !m.closed && m.running < maxRunning && len(m.waiting) > 0 {
		t := m.waiting[0]
		m.waiting = m.waiting[1:]
		t.begun = true
		m.running++
		m.metrics.running.WithLabelValues(t.job.Kind).Inc()
		m.work.Go(func() {
			t.run()
			m.mu.Lock()
			defer m.mu.Unlock()
			m.running--
			m.metrics.running.WithLabelValues(t.job.Kind).Dec()
			delete(m.tasks, t.job.ID)
			m.config.Changed("ended")
			close(t.ended)
			m.begin()
		})
	}
}

// Stop stops a job, and returns it as it is then. One that works ends soon after. It fails with [store.ErrNoJob] and
// with [ErrOver].
func (m *Manager) Stop(id string) (*store.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tasks[id]
	over := false
	j, err := m.change(id, func(j *store.Job) {
		if over = j.State.Over(); over {
			return
		}
		if j.Stop = true; t == nil || !t.begun {
			j.State, j.Ended = store.JobStopped, m.now()
		}
	})
	switch {
	case errors.Is(err, store.ErrNoJob):
		return nil, err
	case err != nil:
		m.config.Fail(err)
		return nil, err
	case over:
		return m.show(j), ErrOver
	case t != nil && t.begun:
		t.cancel(errStop)
	case t != nil:
		m.waiting = slices.DeleteFunc(m.waiting, func(o *Task) bool { return o == t })
		delete(m.tasks, id)
		m.config.Changed("ended")
		close(t.ended)
	}
	return m.show(j), nil
}

// Job returns a job with its progress of now. It fails with [store.ErrNoJob].
func (m *Manager) Job(id string) (*store.Job, error) {
	j, err := m.config.Store.Job(id)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.show(j), nil
}

// Jobs returns a page of jobs with their progress of now, newest first, and the ID before which the next page begins.
func (m *Manager) Jobs(q store.JobQuery) ([]*store.Job, string, error) {
	all, next, err := m.config.Store.Jobs(q)
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range all {
		all[i] = m.show(all[i])
	}
	return all, next, err
}

// show returns a job with its progress of now. The caller holds mu.
func (m *Manager) show(j *store.Job) *store.Job {
	shown := *j
	if t := m.tasks[j.ID]; t != nil && !j.State.Over() {
		shown.Progress = t.now()
	}
	return &shown
}

// Ended returns a channel that is closed once a job does not work any more.
func (m *Manager) Ended(id string) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.tasks[id]; t != nil {
		return t.ended
	}
	over := make(chan struct{})
	close(over)
	return over
}

// Close ends the work of all jobs and returns once none works any more. What is of a defined kind goes on at the next
// start.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	for _, t := range m.tasks {
		t.cancel(errClosing)
	}
	waiting := m.waiting
	m.waiting = nil
	m.mu.Unlock()
	m.work.Wait()
	for _, t := range waiting {
		if m.defined[t.job.Kind] == nil {
			t.change(m.interrupt)
		}
		close(t.ended)
	}
}

// run does the work of a job, from its beginning or from where it was, and notes how it ended.
func (t *Task) run() {
	m := t.m
	if !t.change(func(j *store.Job) {
		if j.State = store.JobRunning; j.Started == 0 {
			j.Started = m.now()
		}
	}) {
		return
	}
	result, err := t.safely()
	raw, err := resultOf(result, err)
	closing := errors.Is(context.Cause(t.ctx), errClosing) && errors.Is(err, context.Canceled)
	if closing && m.isDefined(t.job.Kind) {
		return // it goes on where it was last saved
	}
	progress := t.now()
	t.change(func(j *store.Job) {
		j.Progress, j.Result, j.Ended = progress, raw, m.now()
		switch stopped := errors.Is(err, context.Canceled); {
		case err == nil:
			j.State, j.Cursor = store.JobDone, nil
		case closing:
			m.interrupt(j)
		case stopped && errors.Is(context.Cause(t.ctx), errStop):
			j.State = store.JobStopped
		default:
			j.State, j.Problem = store.JobFailed, err.Error()
			if p := (*Problem)(nil); errors.As(err, &p) {
				j.Hint = p.Hint
			}
			m.config.Log.Error("a job failed", "job", j.ID, "kind", j.Kind, "error", err)
		}
	})
}

func (m *Manager) isDefined(kind string) bool { return m.defined[kind] != nil }

// safely does the work, and makes an error of a panic.
func (t *Task) safely() (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			t.m.config.Log.Error("a fault of ours in a job", "job", t.job.ID, "panic", p, "stack", string(debug.Stack()))
			result, err = nil, &Problem{fmt.Sprintf("a fault of ours: %v", p), "the log of the server says where; tell those who make Nudge"}
		}
	}()
	return t.body(t.ctx, t)
}

// resultOf encodes a result.
func resultOf(result any, failed error) (json.RawMessage, error) {
	if result == nil {
		return nil, failed
	}
	raw, err := json.Marshal(result)
	switch {
	case err != nil:
		return nil, errors.Join(failed, fmt.Errorf("the result does not encode: %w", err))
	case len(raw) > maxResult:
		return nil, errors.Join(failed, &Problem{fmt.Sprintf("the result has %d bytes, and at most %d are kept", len(raw), maxResult), "ask for less at once"})
	}
	return raw, failed
}
