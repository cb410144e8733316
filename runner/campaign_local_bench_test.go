package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/bolt"
)

// BenchmarkLocalCampaign sends a campaign to so many stored profiles at each person's own
// time, of whom its audience wants 1 %, over a store on disk. It reports how long each
// profile took when the campaign began and when its time came, and the size of the file
// before, in between and after.
//
//	go test ./runner -run '^$' -bench LocalCampaign -benchtime 1000000x -timeout 1h
func BenchmarkLocalCampaign(b *testing.B) {
	begins := time.Date(2026, time.March, 2, 19, 0, 0, 0, time.UTC) // 14 hours before nine
	l := newLocalBench(b, begins.Add(-time.Hour))
	l.profiles(b.N)
	before := l.size()
	b.ResetTimer()
	l.now = begins
	took := time.Now()
	l.settle()
	b.ReportMetric(float64(time.Since(took).Microseconds())/float64(b.N), "begin-µs/profile")
	waiting := l.size()
	l.now = begins.Add(14 * time.Hour)
	took = time.Now()
	l.settle()
	b.ReportMetric(float64(time.Since(took).Microseconds())/float64(b.N), "time-µs/profile")
	b.StopTimer()
	for i, size := range []int64{before, waiting, l.size()} {
		b.ReportMetric(float64(size)/(1<<20), []string{"before-MiB", "waiting-MiB", "after-MiB"}[i])
	}
	all, err := l.kept.ListCampaigns("", 0, 1)
	if err != nil || len(all) != 1 || !all[0].Finished() || all[0].Rows != b.N || int(all[0].Tally.Standings["sent"]) != (b.N+99)/100 {
		b.Fatal(err, all)
	}
}

// localBench is a loop over a store on disk, by a clock of the benchmark's own.
type localBench struct {
	b      *testing.B
	dir    string
	kept   *store.Store
	loop   *runner.Loop
	people *audience.Folder
	now    time.Time
}

func newLocalBench(b *testing.B, now time.Time) *localBench {
	b.Helper()
	l := &localBench{b: b, dir: b.TempDir(), now: now}
	kv, err := bolt.Open(filepath.Join(l.dir, "data"))
	if err != nil {
		b.Fatal(err)
	}
	if l.kept, err = store.Open(kv); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.kept.Close(); err != nil {
			b.Error(err)
		}
	})
	core, err := l.kept.Engine()
	if err != nil {
		b.Fatal(err)
	}
	if l.people, err = audience.Open(filepath.Join(l.dir, "frozen"), audience.Sources{People: l.kept}); err != nil {
		b.Fatal(err)
	}
	l.loop = runner.NewLoop(l.kept, core, 1000)
	l.loop.UseAudiences(l.people)
	project, list := flows.Load(fstest.MapFS{
		"nudge.yaml": {Data: []byte("profile: { plan: string }\n")},
		"flows/weekly.yaml": {Data: []byte("flow: weekly\n" +
			"trigger: { at: 2026-03-03 09:00, timezone: local, max_delay: 12h, audience: { if: profile.plan == 'pro' } }\n" +
			"steps: [ { send: { body: Hello } } ]\n")},
	})
	if list.HasErrors() {
		b.Fatal(list)
	}
	l.step(&engine.Input{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}})
	return l
}

// profiles stores so many people, of whom every hundredth is wanted.
func (l *localBench) profiles(n int) {
	var inputs []*engine.Input
	for i := range n {
		plan := `{"plan":"free","timezone":"Europe/London"}`
		if i%100 == 0 {
			plan = `{"plan":"pro","timezone":"Europe/London"}`
		}
		inputs = append(inputs, &engine.Input{Payload: &engine.ProfileChange{Profile: fmt.Sprintf("person-%d", (i*7919)%n), Set: []byte(plan)}})
		if len(inputs) == 2000 || i == n-1 {
			l.step(inputs...)
			inputs = nil
		}
	}
}

// settle steps until nothing is left to do at this instant.
func (l *localBench) settle() {
	l.b.Helper()
	for l.step() {
	}
}

// step makes a step with some inputs, and those that follow from what it led to. It reports
// whether there is more to do.
func (l *localBench) step(inputs ...*engine.Input) bool {
	l.b.Helper()
	var groups []*runner.Group
	for _, in := range inputs {
		g := &runner.Group{Inputs: []*engine.Input{in}}
		if in.Kind() == engine.InputResult {
			g.Frees = 1
		}
		groups = append(groups, g)
	}
	step, err := l.loop.Step(l.now, groups)
	if err != nil || len(step.Panics) > 0 {
		l.b.Fatal(err, step)
	}
	var follow []*engine.Input
	for _, f := range step.Freezes {
		frozen, err := l.people.Freeze(l.b.Context(), f)
		if err != nil {
			l.b.Fatal(err)
		}
		frozen.Campaign = f.Campaign
		follow = append(follow, &engine.Input{Payload: frozen})
	}
	for _, p := range step.Posts {
		follow = append(follow, &engine.Input{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt,
			Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}})
	}
	if len(follow) > 0 {
		return l.step(follow...)
	}
	return step.Again
}

func (l *localBench) size() int64 {
	l.b.Helper()
	info, err := os.Stat(filepath.Join(l.dir, "data", bolt.FileName))
	if err != nil {
		l.b.Fatal(err)
	}
	return info.Size()
}
