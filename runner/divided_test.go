package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// division is the partitions of an installation in memory. Processes come and go on them.
type division struct {
	t      *testing.T
	kv     []*memory.KV
	mu     sync.Mutex
	posted []string // to whom, in order
	result channels.Result
}

func newDivision(t *testing.T, n int) *division {
	t.Helper()
	d := &division{t: t, result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}
	for i := range n {
		d.kv = append(d.kv, new(memory.KV))
		if err := store.CreatePartition(d.kv[i], engine.Installation{1, 2, 3, 0, 5}, engine.Partition{Number: i, Of: n}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// Send notes to whom a message goes.
func (d *division) Send(_ context.Context, m channels.Message) channels.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posted = append(d.posted, m.To)
	return d.result
}

func (d *division) sent() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.posted)
}

// start starts a process on all partitions.
func (d *division) start(config runner.Config) (*runner.Runner, func()) {
	d.t.Helper()
	var parts []runner.Part
	for _, kv := range d.kv {
		s, err := store.Open(kv)
		if err != nil {
			d.t.Fatal(err)
		}
		core, err := s.Engine()
		if err != nil {
			d.t.Fatal(err)
		}
		parts = append(parts, runner.Part{Store: s, Core: core})
	}
	if config.Accounts == nil {
		config.Channel = d
	}
	config.Clock = exactClock{runner.RealClock()}
	r, err := runner.NewOf(parts, config)
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Error(err)
		}
		for n, kv := range d.kv {
			if report, err := must(d.t, kv).Check(); err != nil || len(report.Problems) > 0 {
				d.t.Errorf("partition %d after the test: %v %q", n, err, report.Problems)
			}
		}
	}
}

func must(t *testing.T, kv *memory.KV) *store.Store {
	t.Helper()
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// give gives the runner inputs, which must be taken.
func give(t *testing.T, r *runner.Runner, inputs ...*engine.Input) []engine.Answer {
	t.Helper()
	answers, err := r.Submit(t.Context(), inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func deployed(t *testing.T, files fstest.MapFS) *engine.Input {
	t.Helper()
	project, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	return &engine.Input{Payload: deploy}
}

// relayed tells somebody else of an event, at once.
const relayed = "flow: relay\ntrigger: { event: told, to: event.to }\nsteps: [ { send: { body: hello } }, { wait: 1d } ]\n"

func relay(from, to string) *engine.Input {
	return &engine.Input{Payload: &engine.Event{Type: "told", Profile: from, Data: []byte(fmt.Sprintf(`{"to":%q}`, to))}}
}

// TestDividedAnswers holds that an event of one person which starts a run for another is answered once that run is there, and
// that the process which comes next applies what one that died has owed.
func TestDividedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 4)
		r, stop := d.start(runner.Config{})
		give(t, r, deployed(t, fstest.MapFS{"flows/relay.yaml": {Data: []byte(relayed)}}))
		began := time.Now()
		for i := range 40 {
			answers := give(t, r, relay("ann", fmt.Sprint("p", i)))
			where := engine.PartitionOf(fmt.Sprint("p", i), 4)
			if did := answers[0].Decisions; len(did) != 1 || did[0].Action != engine.DidStart || did[0].Run == "" || did[0].Follows() {
				t.Errorf("the answer about p%d, who is in partition %d, is %+v", i, where, did)
			}
			if page, err := must(t, d.kv[where]).List(store.Query{RunFilter: store.RunFilter{Profile: fmt.Sprint("p", i)}, Limit: 2}); err != nil || len(page.Runs) != 1 {
				t.Fatalf("after the answer p%d has %d runs: %v", i, len(page.Runs), err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("40 answers waited %v for other partitions that had nothing else to do", took)
		}
		synctest.Wait()
		if n := len(d.sent()); n != 40 {
			t.Errorf("%d messages were sent, want 40", n)
		}
		stop()
	})
}

// TestDividedArray holds that each partition takes its events of an array, and each event has its own answer, in order.
func TestDividedArray(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 4)
		r, stop := d.start(runner.Config{})
		defer stop()
		give(t, r, deploy(t))
		var inputs []*engine.Input
		for i := range 20 {
			in := told(fmt.Sprint("p", i))
			in.ID = fmt.Sprint("event ", i)
			inputs = append(inputs, in)
		}
		for i, a := range give(t, r, inputs...) {
			if a.ID != fmt.Sprint("event ", i) || len(a.Decisions) != 1 || a.Decisions[0].Action != engine.DidStart {
				t.Errorf("event %d is answered %+v", i, a)
			}
		}
		again := []*engine.Input{told("p1"), {ID: "event 2", Payload: &engine.Event{Type: "told", Profile: "p2", Data: []byte(`{"n":1}`)}}, told("p5")}
		for i, a := range give(t, r, again...) { // the second has the ID of another event
			if here := engine.PartitionOf(fmt.Sprint("p", []int{1, 2, 5}[i]), 4) == engine.PartitionOf("p2", 4); here != (a.Refused != nil) {
				t.Errorf("event %d of an array of which one is refused is answered %+v", i, a)
			}
		}
		if a := give(t, r, inputs[3]); !a[0].Repeated {
			t.Errorf("an event that was taken is answered %+v", a[0])
		}
	})
}

// TestDividedKill holds that no partition claims a message once a kill switch is answered, and that one which was not answered is
// obeyed by the next process before it claims anything.
func TestDividedKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 4)
		r, stop := d.start(runner.Config{})
		give(t, r, deploy(t))
		kill, lift := true, false
		give(t, r, &engine.Input{Payload: &engine.Control{Kill: &kill}})
		for i := range 12 {
			give(t, r, told(fmt.Sprint("p", i)))
		}
		synctest.Wait()
		if n := len(d.sent()); n != 0 {
			t.Fatalf("after the kill switch %d messages were sent", n)
		}
		give(t, r, &engine.Input{Payload: &engine.Control{Kill: &lift}})
		synctest.Wait()
		if n := len(d.sent()); n != 12 {
			t.Errorf("after it was lifted %d messages were sent, want 12", n)
		}
		stop()
		if keys := d.kv[0].Dump(store.Commands); len(keys) != 0 {
			t.Errorf("%d commands are kept that all have taken", len(keys))
		}
		// The process died right after the command was durable.
		command := &engine.Input{Origin: &engine.Origin{From: 4, Number: 4}, Payload: &engine.Control{Kill: &kill}}
		if err := must(t, d.kv[0]).AddCommand(command); err != nil {
			t.Fatal(err)
		}
		r, stop = d.start(runner.Config{})
		for i := range 12 {
			give(t, r, told(fmt.Sprint("q", i)))
		}
		synctest.Wait()
		if n := len(d.sent()); n != 12 {
			t.Errorf("%d messages were sent against the command of the process before", n-12)
		}
		stop()
	})
}

// TestDividedRate holds that the partitions keep the rate of an account together, in every second, and use it.
func TestDividedRate(t *testing.T) {
	for _, rate := range []flows.Rate{{Messages: 1, Per: time.Second}, {Messages: 40, Per: time.Second}, {Messages: 5, Per: time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDivision(t, 4)
			var mu sync.Mutex
			var at []time.Time
			r, stop := d.start(runner.Config{Accounts: []runner.Account{{Name: "main", Rate: rate, Channel: channel(func(ctx context.Context, m channels.Message) channels.Result {
				mu.Lock()
				at = append(at, time.Now())
				mu.Unlock()
				return accepts(ctx, m)
			})}}})
			give(t, r, deploy(t))
			n := 5 * rate.Messages
			for i := range n {
				give(t, r, told(fmt.Sprint("p", i)))
			}
			began := time.Now()
			time.Sleep(40 * rate.Per)
			mu.Lock()
			defer mu.Unlock()
			if len(at) != n {
				t.Fatalf("%d of %d messages were sent", len(at), n)
			}
			slices.SortFunc(at, time.Time.Compare)
			saved := int(float64(rate.Messages) * 0.1 / rate.Per.Seconds()) // what a rate may save up
			for i := range n {
				if last := i + rate.Messages + saved + 2; last < n && at[last].Sub(at[i]) < rate.Per {
					t.Fatalf("at %v: %d messages within %v", rate, rate.Messages+saved+3, at[last].Sub(at[i]))
				}
			}
			if took := at[n-1].Sub(began); took > 20*rate.Per {
				t.Errorf("at %v: %d messages took %v", rate, n, took)
			}
			stop()
		})
	}
}

// TestDividedCampaign holds that each partition takes the rows of its people, all of them get the message, once, and together they
// keep the rate.
func TestDividedCampaign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 4)
		folder, err := audience.Open(t.TempDir(), audience.Sources{Project: fstest.MapFS{"audiences/all.jsonl": {Data: everybody(200)}}})
		if err != nil {
			t.Fatal(err)
		}
		folder.Divide(4)
		r, stop := d.start(runner.Config{Audiences: folder})
		give(t, r, deployed(t, fstest.MapFS{"flows/news.yaml": {Data: []byte(
			"flow: news\ntrigger: { at: 2099-01-01 09:00, audience: all.jsonl, rate: 10/s }\nsteps: [ { send: { body: hello } } ]\n")},
			"audiences/all.jsonl": {Data: everybody(200)}}))
		give(t, r, &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "news"}})
		for range 40 {
			before := len(d.sent())
			time.Sleep(time.Second)
			if n := len(d.sent()) - before; n > 13 {
				t.Errorf("%d messages in a second, at 10/s", n)
			}
		}
		got := d.sent()
		slices.Sort(got)
		if len(got) != 200 || len(slices.Compact(slices.Clone(got))) != 200 {
			t.Errorf("%d messages were sent, to %d people", len(got), len(slices.Compact(got)))
		}
		stop()
	})
}

func everybody(n int) (lines []byte) {
	for i := range n {
		lines = fmt.Appendf(lines, "{\"profile\":\"p%d\"}\n", i)
	}
	return lines
}

// TestDividedPause holds that a pause which the provider asked one partition for holds all of them.
func TestDividedPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 4)
		d.result = channels.Result{Outcome: channels.Deferred, RetryAfter: time.Minute, Reason: "slow down"}
		r, stop := d.start(runner.Config{})
		give(t, r, deploy(t))
		give(t, r, told("p0"))
		synctest.Wait()
		for i := range 20 {
			give(t, r, told(fmt.Sprint("p", i)))
		}
		synctest.Wait()
		if n := len(d.sent()); n != 1 {
			t.Errorf("%d messages were sent, want only the first", n)
		}
		stop()
	})
}

// TestDividedBacklog holds that what partitions owe is shown.
func TestDividedBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDivision(t, 2)
		registry := prometheus.NewRegistry()
		r, stop := d.start(runner.Config{Registry: registry})
		give(t, r, deployed(t, fstest.MapFS{"flows/relay.yaml": {Data: []byte(relayed)}}))
		give(t, r, relay("ann", "bob"))
		synctest.Wait()
		for _, p := range []string{"0", "1"} {
			if n := shown(t, registry, "nudge_owed_inputs", p); n != 0 {
				t.Errorf("partition %s owes %v inputs although all are taken", p, n)
			}
		}
		stop()
		if _, err := r.Submit(t.Context(), relay("ann", "bob")); !errors.Is(err, runner.ErrStopped) {
			t.Errorf("a runner that has stopped says %v", err)
		}
	})
}
