package server_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/runner/jobs"
	"nudge/server"
)

// handClock is a clock that a test moves by hand.
type handClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*time.Timer
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Wake(at time.Time) *time.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := time.NewTimer(time.Hour)
	if c.timers = append(c.timers, t); !c.now.Before(at) {
		t.Reset(0)
	}
	return t
}

// pass lets time pass.
func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for _, t := range c.timers {
		t.Reset(0)
	}
	c.timers = nil
}

// clocked is a runner with another clock.
type clocked struct {
	server.Runner
	clock *handClock
}

func (c clocked) Health() runner.Health {
	h := c.Runner.Health()
	h.Now = c.clock.Now()
	return h
}

// byHand gives a server a clock that the test moves.
func byHand(clock *handClock) func(*server.Config) {
	clock.now = time.Now().UTC().Truncate(time.Millisecond)
	return func(c *server.Config) { c.Runner = clocked{c.Runner, clock} }
}

// shipped ships an order, and waits until its run waits.
func (s *service) shipped(order string) {
	s.t.Helper()
	var answer engine.Answer
	s.by("ann", "POST", "/v1/events", `{"type": "order.shipped", "data": {"order_id": "`+order+`", "customer": "cid"}}`).is(200).decode(&answer)
	<-s.posts
	s.untilWaits(answer.Decisions[0].Run)
}

// due lets the backtest that is due come to its end, and returns the proposal and when the next one is due.
func (s *service) due(m *jobs.Manager, on *server.Server, id string) (d server.Deploy, began bool, next engine.Instant) {
	s.t.Helper()
	job, next, err := server.BacktestDue(on)
	must(s.t, err)
	if job != "" {
		<-m.Ended(job)
	}
	s.by("bob", "GET", "/v1/deploys/"+id, "").is(200).decode(&d)
	return d, job != "", next
}

// backtestOf is the backtest among the reviews of a proposal.
func backtestOf(d server.Deploy) server.Review {
	for _, v := range d.Reviews {
		if v.Kind == "backtest" {
			return v
		}
	}
	return server.Review{}
}

// TestWatch follows a watched proposal over its hours.
func TestWatch(t *testing.T) {
	var m *jobs.Manager
	clock := &handClock{}
	s := start(t, shop, persons("ann", "bob"), withJobs(t, &m), byHand(clock))
	d := s.propose("ann", moving)
	began := engine.InstantOf(clock.Now())
	s.by("ann", "POST", "/v1/deploys/1/watch", `{"days": 3}`).is(200, `"watch":{"days":3,"receipts":"unread","by":{"name":"ann"`).decode(&d)
	if w := d.Watch; w.Since != began || w.Next != began || w.Until != began.Add(14*24*time.Hour) || w.Asked != 0 {
		t.Errorf("it is watched as %+v", w)
	}
	s.by("ann", "GET", "/v1/audit?did=watch+deploy", "").is(200, `"proposal":"1"`)

	// There is nothing to play yet: that is shown, and the next hour comes all the same.
	d, _, _ = s.due(m, s.server, "1")
	if w := d.Watch; w.State != "failed" || w.Problem != "the journal has no input in the last 3 days" || w.Asked != began || w.Next != began.Add(time.Hour) || len(d.Reviews) > 0 {
		t.Errorf("after nothing it is watched as %+v, %+v", w, d.Reviews)
	}
	s.shipped("7")
	clock.pass(time.Hour - time.Millisecond)
	if _, again, next := s.due(m, s.server, "1"); again || next != began.Add(time.Hour) {
		t.Errorf("before its hour: %t, %v", again, next)
	}
	clock.pass(time.Millisecond)
	d, _, _ = s.due(m, s.server, "1")
	v := backtestOf(d)
	if v.Verdict != "1 message would have been 1: 1 reworded" || v.Earlier != nil || v.By.Name != "ann" || d.Watch.State != "done" || d.Watch.Job != v.Job {
		t.Errorf("the first backtest says %q by %s, watched as %+v", v.Verdict, v.By.Name, d.Watch)
	}
	first := v.Done

	// Another process goes on with it, and keeps the numbers of the one before.
	s.shipped("8")
	other := s.process(m, clock)
	if _, again, next := s.due(m, other, "1"); again || next != began.Add(2*time.Hour) {
		t.Errorf("after a restart: %t, %v", again, next)
	}
	clock.pass(time.Hour)
	d, _, _ = s.due(m, other, "1")
	v = backtestOf(d)
	if v.Verdict != "2 messages would have been 2: 2 reworded" || v.Earlier == nil || v.Earlier.Done != first || v.Earlier.Before.Messages != 1 || v.Earlier.Changes.Reworded != 1 {
		t.Errorf("the second backtest says %q, the one before %+v", v.Verdict, v.Earlier)
	}

	// One that somebody asks for is beside it, and counts as the one before.
	if v = s.reviewed(m, "1", "backtest", `{"days": 1}`); v.Earlier == nil || v.Earlier.Before.Messages != 2 {
		t.Errorf("asked for by somebody: %+v", v)
	}
	if _, again, next := s.due(m, s.server, "1"); again || next != began.Add(3*time.Hour) {
		t.Errorf("after it: %t, %v", again, next)
	}

	// It ends with its days, and goes on when somebody asks.
	clock.pass(14 * 24 * time.Hour)
	if d, again, _ := s.due(m, s.server, "1"); again || d.Watch.Next != 0 || backtestOf(d).Verdict == "" {
		t.Errorf("after its days: %t, %+v", again, d.Watch)
	}
	s.by("bob", "POST", "/v1/deploys/1/watch", `{"days": 3}`).is(200, `"by":{"name":"bob"`, `"next":`)
	s.by("bob", "POST", "/v1/deploys/1/unwatch", "").is(200).lacks(`"watch"`)
	s.by("bob", "POST", "/v1/deploys/1/unwatch", "").is(200).lacks(`"watch"`)
	if _, again, next := s.due(m, s.server, "1"); again || next != 0 {
		t.Errorf("no longer watched: %t, %v", again, next)
	}
}

// process is another process over the same store.
func (s *service) process(m *jobs.Manager, clock *handClock) *server.Server {
	other, err := server.New(server.Config{Runner: clocked{s.runner, clock}, Store: s.store, Jobs: m})
	must(s.t, err)
	return other
}

// TestWatchEnds holds that no backtest begins of a proposal about which somebody has decided, or that is stale.
func TestWatchEnds(t *testing.T) {
	var m *jobs.Manager
	clock := &handClock{}
	s := start(t, shop, persons("ann", "bob"), withJobs(t, &m), byHand(clock))
	s.shipped("7")
	for _, text := range []string{"one", "two", "three"} {
		d := s.propose("ann", reworded(text))
		s.by("ann", "POST", "/v1/deploys/"+d.ID+"/watch", "").is(200, `"days":7`)
	}
	s.by("bob", "POST", "/v1/deploys/1/withdraw", "").is(200).lacks(`"watch"`)
	s.by("bob", "POST", "/v1/deploys/2/approve", "").is(200).lacks(`"watch"`)
	if d, began, next := s.due(m, s.server, "3"); began || next != engine.InstantOf(clock.Now()).Add(time.Hour) || d.State != "stale" || d.Watch.Next != 0 {
		t.Errorf("of a stale one: %t, %v, %+v", began, next, d.Watch)
	}
	s.by("bob", "POST", "/v1/deploys/1/watch", "").is(409, "urn:nudge:problem:decided")
	s.by("bob", "POST", "/v1/deploys/1/unwatch", "").is(409, "urn:nudge:problem:decided")
	s.by("bob", "POST", "/v1/deploys/9/watch", "").is(404)
	s.by("bob", "POST", "/v1/deploys/3/watch", `{"days": 0}`).is(400, "from 1 to 400")
	without := start(t, shop, persons("ann"))
	without.propose("ann", moving)
	without.by("ann", "POST", "/v1/deploys/1/watch", "").is(501, "this server does no jobs")
}

// TestWatchWhileBusy holds that a backtest that cannot begin says why, and that the next hour comes.
func TestWatchWhileBusy(t *testing.T) {
	var m *jobs.Manager
	clock := &handClock{}
	s := start(t, shop, persons("ann", "bob"), withJobs(t, &m), byHand(clock))
	s.propose("ann", moving)
	s.by("ann", "POST", "/v1/deploys/1/watch", "").is(200)
	for {
		if _, err := m.Start(engine.Actor{Name: "ops"}, "other work", nil, func(ctx context.Context, _ *jobs.Task) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}); err != nil {
			break
		}
	}
	d, began, _ := s.due(m, s.server, "1")
	if began || d.Watch.State != "failed" || !strings.Contains(d.Watch.Problem, "jobs wait already") || d.Watch.Next != engine.InstantOf(clock.Now()).Add(time.Hour) {
		t.Errorf("while the server is busy: %t, %+v", began, d.Watch)
	}
}

// TestWatchesInTurn lets the loop backtest two proposals: one after the other, each hour, until it is stopped.
func TestWatchesInTurn(t *testing.T) {
	var m *jobs.Manager
	clock := &handClock{}
	var changed sync.Mutex
	under, most, ended := 0, 0, make(chan string, 100)
	s := start(t, shop, persons("ann", "bob"), byHand(clock), func(c *server.Config) {
		m = jobs.New(jobs.Config{Store: c.Store, Changed: func(what string) {
			changed.Lock()
			defer changed.Unlock()
			switch what {
			case "asked":
				under++
				most = max(most, under)
			case "ended":
				under--
				ended <- what
			}
		}})
		must(t, m.Open())
		c.Jobs = m
	})
	t.Cleanup(m.Close)
	s.shipped("7")
	ctx, cancel := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	loop.Go(func() { s.server.WatchProposals(ctx, clock) })
	for _, text := range []string{"one", "two"} {
		d := s.propose("ann", reworded(text))
		s.by("ann", "POST", "/v1/deploys/"+d.ID+"/watch", "").is(200)
		<-ended // at once, as somebody has asked
	}
	clock.pass(time.Hour)
	<-ended
	<-ended
	cancel()
	loop.Wait()
	if changed.Lock(); most != 1 {
		t.Errorf("%d were under way at a time", most)
	}
	changed.Unlock()
	for _, id := range []string{"1", "2"} {
		s.by("bob", "GET", "/v1/deploys/"+id, "").is(200, `"earlier":{"done":`)
	}
}

// TestWatchOfParts is TestWatch over 4 partitions.
func TestWatchOfParts(t *testing.T) {
	divide(t, 4)
	t.Run("hours", TestWatch)
	t.Run("ends", TestWatchEnds)
}

// lacks holds that an answer does not have a text.
func (a *answer) lacks(text string) {
	a.t.Helper()
	if strings.Contains(a.body, text) {
		a.t.Errorf("the answer has %s:\n%s", text, a.body)
	}
}
