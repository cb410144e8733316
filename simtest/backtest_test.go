package simtest

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/whatif/backtest"
	deploys "nudge/whatif/plan"
	"nudge/whatif/replay"
)

// TestBacktestDivided holds that a backtest finds the same in an installation of 1, 4 and 16 partitions that had the same flows and
// the same inputs, with a window that begins before everything, and with one that begins between. The edited flows lack one. Where
// the order between people matters, messages may differ, so a history may be given up, as in TestDivided.
func TestBacktestDivided(t *testing.T) {
	n := max(2, *seeds/16)
	if testing.Short() {
		n = 2
	}
	compared, messages, differ := 0, 0, 0
	for seed := range uint64(n) {
		project, script := scriptOf(seed)
		one := playDivided(t, 1, project, script)
		for _, over := range []int{4, 16} {
			parts := playDivided(t, over, project, script)
			if at, what := difference(one.told(), parts.told()); what != "" && len(one.moved(at)) > 1 {
				continue
			}
			for _, since := range []time.Time{{}, beginning.Add(12 * time.Hour)} {
				o := backtest.Options{Since: since, Assume: backtest.LikeOthers}
				want, got := one.backtest(project.Flows[1:], o), parts.backtest(project.Flows[1:], o)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d over %d partitions since %s:\n%s", seed, over, since, diff)
				}
				compared, messages, differ = compared+1, messages+want.Before.Messages, differ+len(want.People)
			}
		}
	}
	t.Logf("%d backtests of %d messages; %d people for whom something is different", compared, messages, differ)
	if compared < n || messages < 20*compared || differ == 0 {
		t.Errorf("this proves little")
	}
}

// TestBacktestHandover begins a window while an event is on its way from one partition to another. Its run is there, and what came
// back for its message.
func TestBacktestHandover(t *testing.T) {
	project, list := flows.Load(fstest.MapFS{
		"nudge.yaml":        {Data: []byte("project: shop\n")},
		"flows/gift.yaml":   {Data: []byte("flow: gift\ntrigger: { event: given, to: event.for }\ndata: { for: string }\nsteps:\n  - id: news\n    send: { body: \"A gift for you.\" }\n  - emit: { event: opened }\n  - wait: 1h\n")},
		"flows/thanks.yaml": {Data: []byte("flow: thanks\ntrigger: { event: opened, to: \"'ann'\" }\nsteps: [ { send: { body: Thanks } } ]\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	d := playDivided(t, 4, project, nil)
	event := func(kind, who, data string) {
		in := &engine.Input{Payload: &engine.Event{Type: kind, Profile: who, Data: []byte(data)}}
		d.step(engine.RouteOf(in, 4).Partition, []*runner.Group{{Inputs: []*engine.Input{in}}})
	}
	event("given", "ann", `{"for": "bob"}`)
	if d.owing == 0 {
		t.Fatal("nothing is on its way")
	}
	d.now = d.now.Add(time.Second)
	since := d.now
	event("other", "ann", `{}`)
	d.settle()
	d.pass(d.now.Add(24 * time.Hour))
	report := d.backtest(project.Flows, backtest.Options{Since: since})
	if r := report.Before.Receipts; report.Before.Messages != 2 || report.Recorded != 2 || r.Recorded != 2 || report.Before.Runs != 2 || report.Before.Live != 0 {
		t.Errorf("%+v", report)
	}
}

// backtest compares the deployed flows with others.
func (d *divided) backtest(others []*flows.Flow, o backtest.Options) *backtest.Report {
	d.t.Helper()
	var journals []replay.Source
	for _, m := range d.parts {
		journals = append(journals, m.store)
	}
	var edited []flows.Bundle
	for _, f := range others {
		edited = append(edited, f.Bundle)
	}
	report, err := backtest.Run(d.t.Context(), journals, edited, o)
	if err != nil {
		d.t.Fatal(err)
	}
	return report
}

// TestPlanDivided holds that the plan of a deploy is the same in installations of 1, 4 and 16 partitions. The flows to be deployed are
// those of another author, so that every version changes.
func TestPlanDivided(t *testing.T) {
	parked := uint64(0)
	for seed := range uint64(6) {
		project, script := scriptOf(seed)
		next, _ := scriptOf(seed + 1000)
		one := playDivided(t, 1, project, script[:len(script)/2])
		for _, over := range []int{4, 16} {
			parts := playDivided(t, over, project, script[:len(script)/2])
			if _, what := difference(one.told(), parts.told()); what != "" {
				continue
			}
			want, got := one.plan(next), parts.plan(next)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d over %d partitions:\n%s", seed, over, diff)
			}
			parked += want.Parked
		}
	}
	if parked < 10 {
		t.Errorf("only %d runs are on other versions: this proves little", parked)
	}
}

// plan is the plan of a deploy, with the instants of runs in place of their IDs.
func (d *divided) plan(next *flows.Project) *deploys.Plan {
	d.t.Helper()
	made, err := deploys.Make(d.t.Context(), d.joined(), next.Flows, engine.InstantOf(d.now))
	d.do(err)
	for _, f := range made.Flows {
		for _, p := range f.Parked {
			for i, id := range p.Sample {
				run, err := engine.ParseRunID(id)
				d.do(err)
				p.Sample[i] = run.Time().String()
			}
		}
	}
	return made
}
