package runner_test

import (
	"fmt"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/bolt"
)

// BenchmarkOpen fills a file with waiting runs, closes it, and measures how long it
// takes until the next process has made its first step:
//
//	go test ./runner -run '^$' -bench Open -benchtime 1000000x
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir, b.N)
	b.ResetTimer()
	began := time.Now()
	kv, err := bolt.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	s, loop := openLoop(b, kv)
	now := time.Now()
	if _, err := loop.Recover(now); err != nil {
		b.Fatal(err)
	}
	if _, err := loop.Step(now, nil); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(began).Seconds(), "open-s")
	b.ReportMetric(float64(kv.Size())/float64(b.N), "file-B/run")
	b.StopTimer()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func openLoop(b *testing.B, kv store.KV) (*store.Store, *runner.Loop) {
	b.Helper()
	s, err := store.Open(kv)
	if err != nil {
		b.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		b.Fatal(err)
	}
	return s, runner.NewLoop(s, core, 1000)
}

// fill makes n runs that wait for a Read, in steps of a thousand.
func fill(b *testing.B, dir string, n int) {
	b.Helper()
	kv, err := bolt.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	s, loop := openLoop(b, kv)
	now := time.Now()
	step := func(groups []*runner.Group) *runner.Step {
		done, err := loop.Step(now, groups)
		if err != nil {
			b.Fatal(err)
		}
		return done
	}
	step([]*runner.Group{{Inputs: []*engine.Input{deploy(b)}}})
	for i := 0; i < n; {
		var starts, results []*runner.Group
		for ; len(starts) < 1000 && i < n; i++ {
			starts = append(starts, &runner.Group{Inputs: []*engine.Input{told(fmt.Sprint("person ", i))}})
		}
		for _, p := range step(starts).Posts {
			results = append(results, &runner.Group{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{Run: p.Run, Message: 1, Attempt: 1, Result: channels.Result{Outcome: channels.Accepted, ProviderID: "f2b0c5c0-5d0e-4a65-9d7d-0d1a6f0e8c11"}}}}})
		}
		step(results)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
