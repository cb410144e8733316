package runner_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// oracle is a channel that can be asked, and says what the test says.
type oracle struct {
	says func(ctx context.Context, id string) (channels.Receipt, error)

	mu    sync.Mutex
	asked []string
}

func (o *oracle) Send(_ context.Context, m channels.Message) channels.Result {
	return channels.Result{Outcome: channels.Accepted, ProviderID: "id of " + m.To}
}

func (o *oracle) Ask(ctx context.Context, id string) (channels.Receipt, error) {
	o.mu.Lock()
	o.asked = append(o.asked, id)
	o.mu.Unlock()
	return o.says(ctx, id)
}

func (o *oracle) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

func readAlready(_ context.Context, id string) (channels.Receipt, error) {
	return channels.Receipt{ProviderID: id, Status: channels.Read}, nil
}

// onlyRun is the run of ann, who alone was told.
func onlyRun(t *testing.T, s *store.Store) *engine.Run {
	t.Helper()
	page, err := s.List(store.Query{Limit: 2})
	if err != nil || len(page.Runs) != 1 {
		t.Fatalf("%d runs: %v", len(page.Runs), err)
	}
	return page.Runs[0]
}

// TestAsks shows that the provider is asked when the timer of a wait for a read is due,
// and what each kind of answer does: what a run's wait ended with, and after how long.
func TestAsks(t *testing.T) {
	for name, test := range map[string]struct {
		says    func(context.Context, string) (channels.Receipt, error)
		outcome string
		after   time.Duration
		said    string
		counted string
	}{
		"read": {readAlready, "read", time.Hour, "read", "news"},
		"nothing new": {func(_ context.Context, id string) (channels.Receipt, error) {
			return channels.Receipt{ProviderID: id, Reason: "the provider says processing"}, nil
		}, "after", time.Hour, "nothing new, the provider says processing", "nothing"},
		"not to be asked": {func(context.Context, string) (channels.Receipt, error) {
			return channels.Receipt{}, errors.New("connection refused")
		}, "after", time.Hour, "it could not be asked, connection refused", "failed"},
		"no answer": {func(ctx context.Context, _ string) (channels.Receipt, error) {
			<-ctx.Done()
			return channels.Receipt{}, context.Cause(ctx)
		}, "after", time.Hour + 30*time.Second, "it could not be asked, context deadline exceeded", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, core := newStore(t)
				o := &oracle{says: test.says}
				registry := prometheus.NewRegistry()
				r, stop := run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: o, Verify: true}}, Registry: registry})
				submit(t, r, deploy(t))
				submit(t, r, told("ann"))
				time.Sleep(2 * time.Hour)
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				got := onlyRun(t, s)
				if len(got.Waits) != 1 || got.Waits[0].Outcome != test.outcome || o.count() != 1 {
					t.Fatalf("asked %d times, waits ended as %+v; want once, %s", o.count(), got.Waits, test.outcome)
				}
				if took := got.Ended.Time().Sub(got.Started().Time()).Round(time.Second); took != test.after {
					t.Errorf("the wait took %v, want %v", took, test.after)
				}
				if n := shown(t, registry, "nudge_asks_total", test.counted); n != 1 {
					t.Errorf("%v questions are counted as %s", n, test.counted)
				}
				said := ""
				for _, e := range got.Timeline {
					if e.Kind == engine.KindAsked {
						said += e.Detail
					}
				}
				if said != test.said {
					t.Errorf("the timeline says %q, want %q", said, test.said)
				}
			})
		})
	}
}

// TestAskedAgain shows that what was asked when a process stopped is asked by the next.
func TestAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kv := new(memory.KV)
		begin := func(says func(context.Context, string) (channels.Receipt, error)) (*store.Store, *oracle, *runner.Runner, func() error) {
			s, err := store.Open(kv)
			if err != nil {
				t.Fatal(err)
			}
			core, err := s.Engine()
			if err != nil {
				t.Fatal(err)
			}
			o := &oracle{says: says}
			r, stop := run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: o, Verify: true}}})
			return s, o, r, stop
		}
		_, silent, r, stop := begin(func(ctx context.Context, _ string) (channels.Receipt, error) {
			<-ctx.Done()
			return channels.Receipt{}, ctx.Err()
		})
		submit(t, r, deploy(t))
		submit(t, r, told("ann"))
		time.Sleep(time.Hour + time.Second)
		if err := stop(); err != nil || silent.count() != 1 {
			t.Fatalf("asked %d times, %v; want once", silent.count(), err)
		}
		time.Sleep(time.Hour) // far longer than an answer is waited for
		s, o, _, stop := begin(readAlready)
		synctest.Wait()
		if err := stop(); err != nil || o.count() != 1 {
			t.Fatalf("after the restart asked %d times, %v; want once", o.count(), err)
		}
		if got := onlyRun(t, s); len(got.Waits) != 1 || got.Waits[0].Outcome != "read" {
			t.Errorf("waits ended as %+v, want by the read", got.Waits)
		}
	})
}

// TestAsksAgainOnlyWhatIsOpen shows that a run which has gone on before it is told to ask
// again asks nothing: none of its timers is due.
func TestAsksAgainOnlyWhatIsOpen(t *testing.T) {
	s, core := newStore(t)
	loop := runner.NewLoopOf(s, core, []runner.AccountSettings{{Account: engine.AnyAccount, Places: 1, Verify: true, Asks: true}})
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	if _, err := loop.Recover(now); err != nil {
		t.Fatal(err)
	}
	step := func(in *engine.Input) *runner.Step {
		t.Helper()
		done, err := loop.Step(now, []*runner.Group{{Inputs: []*engine.Input{in}}})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	step(deploy(t))
	post := step(told("ann")).Posts[0]
	step(&engine.Input{Payload: &engine.SendResult{Run: post.Run, Message: post.Message, Attempt: post.Attempt,
		Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m1"}}})
	asks := step(&engine.Input{Payload: &engine.RecheckRuns{Runs: []engine.RunID{post.Run}}}).Asks
	if len(asks) != 0 {
		t.Errorf("asked %+v, want nothing", asks)
	}
}

// TestSurvey shows that after more than a day all that wait for a read are asked about,
// with no more questions open than may be, and nobody twice.
func TestSurvey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 1000
		s, core := newStore(t)
		o := &oracle{says: readAlready}
		r, stop := run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: o}}})
		submit(t, r, deploy(t))
		tell(t, r, people)
		synctest.Wait()
		if err := stop(); err != nil || o.count() != 0 {
			t.Fatalf("asked %d times, %v; want nobody", o.count(), err)
		}
		time.Sleep(30 * time.Hour)
		core, err := s.Engine()
		if err != nil {
			t.Fatal(err)
		}
		_, stop = run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: o}}})
		time.Sleep(time.Minute)
		if err := stop(); err != nil || o.count() != people {
			t.Fatalf("asked %d times, %v; want %d", o.count(), err, people)
		}
		counts, err := s.Counts()
		if err != nil || counts[0].Live != 0 {
			t.Errorf("%+v, %v; want none to live", counts[0], err)
		}
	})
}

// TestVerifyNeedsAnAsker shows that an account which cannot be asked is refused.
func TestVerifyNeedsAnAsker(t *testing.T) {
	s, core := newStore(t)
	_, err := runner.New(s, core, runner.Config{Accounts: []runner.Account{{Name: "main", Channel: channel(accepts), Verify: true}}})
	if err == nil || !strings.Contains(err.Error(), "account main: Verify") {
		t.Errorf("got %v, want it to be refused", err)
	}
}
