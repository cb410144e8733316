package runner_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// channel is a channel that does what the test says.
type channel func(context.Context, channels.Message) channels.Result

func (c channel) Send(ctx context.Context, m channels.Message) channels.Result { return c(ctx, m) }

func accepts(context.Context, channels.Message) channels.Result {
	return channels.Result{Outcome: channels.Accepted, ProviderID: "m"}
}

// slowStore is a store whose commits wait for the test.
type slowStore struct {
	*store.Store
	entered chan struct{}
	release chan error
}

func (s *slowStore) Commit(b *engine.Batch) error {
	s.entered <- struct{}{}
	if err := <-s.release; err != nil {
		return err
	}
	return s.Store.Commit(b)
}

func newStore(t *testing.T) (*store.Store, *engine.Engine) {
	t.Helper()
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		report, err := s.Check()
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("the store after the test: %v %q", err, report.Problems)
		}
	})
	return s, core
}

func deploy(t testing.TB) *engine.Input {
	t.Helper()
	project, list := flows.Load(fstest.MapFS{
		"flows/tell.yaml":      {Data: []byte("flow: tell\ntrigger: { event: told }\nsteps: [ { send: hello }, { wait: [ { read: hello }, { after: 1h } ] } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return &engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}}
}

func told(who string) *engine.Input {
	return &engine.Input{Payload: &engine.Event{Type: "told", Profile: who}}
}

// run starts a runner and returns how to stop it and hear its error.
func run(t *testing.T, s runner.Store, core *engine.Engine, config runner.Config) (*runner.Runner, func() error) {
	t.Helper()
	if config.Clock == nil {
		config.Clock = exactClock{runner.RealClock()}
	}
	r, err := runner.New(s, core, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, func() error {
		cancel()
		return <-done
	}
}

// exactClock wakes nobody before the instant that they asked for. The real clock also wakes everybody each second, so a loop that
// nobody has told of what arrived would only be late.
type exactClock struct{ runner.Clock }

func (c exactClock) Wake(at time.Time) *time.Timer { return time.NewTimer(max(at.Sub(c.Now()), 0)) }

// TestAnsweredAfterCommit shows that nobody is answered and nothing is posted before
// the commit has returned (I1).
func TestAnsweredAfterCommit(t *testing.T) {
	s, core := newStore(t)
	slow := &slowStore{s, make(chan struct{}), make(chan error)}
	var posts atomic.Int32
	posted := make(chan struct{}, 1)
	r, stop := run(t, slow, core, runner.Config{Channel: channel(func(ctx context.Context, m channels.Message) channels.Result {
		posts.Add(1)
		posted <- struct{}{}
		return accepts(ctx, m)
	})})
	answered := make(chan error, 2)
	go func() { _, err := r.Submit(t.Context(), deploy(t)); answered <- err }()
	<-slow.entered
	slow.release <- nil
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	go func() { _, err := r.Submit(t.Context(), told("ann")); answered <- err }()
	<-slow.entered
	if len(answered) != 0 || posts.Load() != 0 {
		t.Errorf("before the commit: %d answers and %d posts, want none", len(answered), posts.Load())
	}
	slow.release <- nil
	if err := <-answered; err != nil {
		t.Error(err)
	}
	<-posted
	<-slow.entered // the result of the post
	slow.release <- nil
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestPostsEndWithTheStore shows that Run does not wait for a post that the provider does not answer once the store has failed: its
// outcome could not be kept.
func TestPostsEndWithTheStore(t *testing.T) {
	s, core := newStore(t)
	slow := &slowStore{s, make(chan struct{}), make(chan error)}
	posted := make(chan struct{}, 1)
	r, stop := run(t, slow, core, runner.Config{Channel: channel(func(ctx context.Context, _ channels.Message) channels.Result {
		posted <- struct{}{}
		<-ctx.Done() // for ever, but for the end
		return channels.Result{Outcome: channels.Unknown}
	})})
	answered := make(chan error, 3)
	for _, in := range []*engine.Input{deploy(t), told("ann")} {
		go func() { _, err := r.Submit(t.Context(), in); answered <- err }()
		<-slow.entered
		slow.release <- nil
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	}
	<-posted
	go func() { _, err := r.Submit(t.Context(), told("bob")); answered <- err }()
	<-slow.entered
	disk := errors.New("the disk is full")
	slow.release <- disk
	if err := stop(); !errors.Is(err, disk) {
		t.Errorf("Run: got %v, want the store's error", err)
	}
}

// TestCommitFails shows that after a commit that failed there is no answer, no post
// and no other commit (I11).
func TestCommitFails(t *testing.T) {
	s, core := newStore(t)
	slow := &slowStore{s, make(chan struct{}), make(chan error)}
	r, stop := run(t, slow, core, runner.Config{Channel: channel(func(context.Context, channels.Message) channels.Result {
		t.Error("a message was posted")
		return channels.Result{Outcome: channels.Accepted}
	})})
	answered := make(chan error, 1)
	go func() { _, err := r.Submit(t.Context(), deploy(t)); answered <- err }()
	<-slow.entered
	disk := errors.New("the disk is full")
	slow.release <- disk
	if err := <-answered; !errors.Is(err, runner.ErrStopped) {
		t.Errorf("the answer: got %v, want ErrStopped", err)
	}
	if err := stop(); !errors.Is(err, disk) {
		t.Errorf("Run: got %v, want the store's error", err)
	}
	if _, err := r.Submit(t.Context(), told("ann")); !errors.Is(err, runner.ErrStopped) {
		t.Errorf("Submit after that: got %v, want ErrStopped", err)
	}
}

// TestBusy shows that what does not fit into the queue is refused, not kept (I10).
func TestBusy(t *testing.T) {
	s, core := newStore(t)
	r, err := runner.New(s, core, runner.Config{Channel: channel(accepts), Queue: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_, err := r.Begin(told("ann"))
		if want := i == 2; errors.Is(err, runner.ErrBusy) != want {
			t.Errorf("event %d: got %v, want busy: %v", i, err, want)
		}
	}
	if _, err := r.Begin(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{}}}); err != nil {
		t.Errorf("a receipt while events are full: %v", err)
	}
}

// TestStopWaitsForPosts shows that a post under way at shutdown is brought to its end.
func TestStopWaitsForPosts(t *testing.T) {
	s, core := newStore(t)
	posting, answer := make(chan struct{}, 1), make(chan struct{})
	r, stop := run(t, s, core, runner.Config{Channel: channel(func(ctx context.Context, m channels.Message) channels.Result {
		if m.To == "ann" {
			posting <- struct{}{}
		}
		<-answer
		return accepts(ctx, m)
	})})
	submit(t, r, deploy(t))
	id := submit(t, r, told("ann"))
	<-posting
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until it refuses new inputs, which is when it has begun to stop
		if _, err := r.Begin(told("bob")); errors.Is(err, runner.ErrStopped) {
			break
		}
	}
	close(answer)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if m := message(t, s, id); m.Status != engine.Accepted {
		t.Errorf("the message: got %v, want accepted", m.Status)
	}
}

// TestStopCutsOff shows that a post that outlasts the grace time is cut off, and its
// message is unknown.
func TestStopCutsOff(t *testing.T) {
	s, core := newStore(t)
	posting := make(chan struct{})
	r, stop := run(t, s, core, runner.Config{Grace: time.Millisecond, Channel: channel(func(ctx context.Context, m channels.Message) channels.Result {
		close(posting)
		<-ctx.Done()
		return channels.Result{Outcome: channels.Unknown, Reason: "cut off"}
	})})
	submit(t, r, deploy(t))
	id := submit(t, r, told("ann"))
	<-posting
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if m := message(t, s, id); m.Status != engine.Unknown || m.Reason != "cut off" {
		t.Errorf("the message: got %v (%s), want unknown", m.Status, m.Reason)
	}
}

// submit submits an input and returns the run it started, if it did.
func submit(t *testing.T, r *runner.Runner, in *engine.Input) string {
	t.Helper()
	answers, err := r.Submit(t.Context(), in)
	if err != nil || answers[0].Refused != nil {
		t.Fatal(err, answers)
	}
	return answers[0].Decisions[0].Run
}

func message(t *testing.T, s *store.Store, run string) *engine.Message {
	t.Helper()
	id, err := engine.ParseRunID(run)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(id)
	if err != nil {
		t.Fatal(err)
	}
	return r.Message(1)
}

// TestConfig shows that a config that cannot work is refused by the name of its field.
func TestConfig(t *testing.T) {
	s, core := newStore(t)
	for want, config := range map[string]runner.Config{
		"runner: Config.Channel is required":                {},
		"runner: Config.Senders is 5000, must be 1 to 4096": {Channel: channel(accepts), Senders: 5000},
		"runner: Config.Queue is -1, must be 1 to 1048576":  {Channel: channel(accepts), Queue: -1},
	} {
		if _, err := runner.New(s, core, config); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestFastClock shows that a clock can run at a multiple of real time.
func TestFastClock(t *testing.T) {
	from := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	c := runner.NewClock(from, 1e6)
	<-c.Wake(from.Add(time.Hour)).C // an hour takes 3.6 ms
	if now := c.Now(); now.Before(from.Add(time.Hour)) {
		t.Errorf("it fired early, at %s", now)
	}
	fired := make(chan struct{})
	c.AfterFunc(time.Hour, func() { close(fired) })
	<-fired
}
