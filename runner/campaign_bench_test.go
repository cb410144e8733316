package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// sink accepts everything, and remembers some of it.
type sink struct {
	mu   sync.Mutex // guards refs
	refs []channels.Ref
}

func (s *sink) Send(_ context.Context, m channels.Message) channels.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs = append(s.refs, m.Ref)
	return channels.Result{Outcome: channels.Accepted, ProviderID: "m"}
}

// next is a message of which no receipt has come.
func (s *sink) next() (channels.Ref, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refs) == 0 {
		return channels.Ref{}, false
	}
	ref := s.refs[0]
	s.refs = s.refs[1:]
	return ref, true
}

// BenchmarkReceiptInCampaign submits receipts one after the other in the middle of a
// campaign without a rate, over a store on disk, and reports how long each took until it
// was durable.
//
//	go test ./runner -run '^$' -bench ReceiptInCampaign -benchtime 3000x
func BenchmarkReceiptInCampaign(b *testing.B) {
	out := &sink{}
	r, kept := campaignAtFullSpeed(b, out, 1_000_000)
	took := make([]time.Duration, 0, b.N)
	taken := walked(b, kept)
	began := time.Now()
	b.ResetTimer()
	for len(took) < b.N {
		ref, ok := out.next()
		if !ok {
			<-time.After(time.Millisecond)
			continue
		}
		at := time.Now()
		if _, err := r.Submit(b.Context(), &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: ref, Status: channels.Delivered}}}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(at))
	}
	b.StopTimer()
	now := walked(b, kept)
	if now == taken || now == 1_000_000 {
		b.Fatalf("the campaign was not under way: %d rows before, %d after", taken, now)
	}
	slices.Sort(took)
	ms := func(part float64) float64 { return float64(took[int(float64(len(took)-1)*part)].Microseconds()) / 1000 }
	b.ReportMetric(ms(0.5), "p50-ms")
	b.ReportMetric(ms(0.99), "p99-ms")
	b.ReportMetric(ms(1), "max-ms")
	b.ReportMetric(float64(now-taken)/time.Since(began).Seconds(), "rows/s")
}

// campaignAtFullSpeed is a runner that takes the rows of a campaign.
func campaignAtFullSpeed(b *testing.B, out *sink, rows int) (*runner.Runner, *store.Store) {
	b.Helper()
	dir := b.TempDir()
	var people strings.Builder
	for i := range rows {
		fmt.Fprintf(&people, "{\"profile\":\"p%d\",\"n\":%d}\n", (i*7919)%rows, i)
	}
	write(b, filepath.Join(dir, "audiences"), "people.jsonl", people.String())
	project, list := flows.Load(fstest.MapFS{"flows/sale.yaml": {Data: []byte(
		"flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.jsonl }\ndata: { n: number }\nsteps: [ { send: { body: 'Number {{ data.n }}' } }, { wait: 1d } ]\n")}})
	if list.HasErrors() {
		b.Fatal(list)
	}
	kv, err := bolt.Open(filepath.Join(dir, "data"))
	if err != nil {
		b.Fatal(err)
	}
	kept, err := store.Open(kv)
	if err != nil {
		b.Fatal(err)
	}
	core, err := kept.Engine()
	if err != nil {
		b.Fatal(err)
	}
	folder, err := audience.Open(filepath.Join(dir, "frozen"), audience.Sources{Project: os.DirFS(dir), People: kept})
	if err != nil {
		b.Fatal(err)
	}
	r, err := runner.New(kept, core, runner.Config{Channel: out, Audiences: folder})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := kept.Close(); err != nil {
			b.Error(err)
		}
	})
	for _, in := range []*engine.Input{
		{Payload: &engine.Deploy{Flows: []flows.Bundle{project.Flows[0].Bundle}}},
		{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: "sale"}},
	} {
		if answers, err := r.Submit(b.Context(), in); err != nil || answers[0].Refused != nil {
			b.Fatal(err, answers)
		}
	}
	for walked(b, kept) < 10_000 {
		<-time.After(10 * time.Millisecond)
	}
	return r, kept
}

// walked is how many rows of the campaign are taken.
func walked(b *testing.B, kept *store.Store) int {
	b.Helper()
	all, err := kept.ListCampaigns("", 0, 1)
	if err != nil || len(all) != 1 {
		b.Fatal(err, all)
	}
	if all[0].Status == engine.CampaignFailed {
		b.Fatal(all[0].Reason)
	}
	return all[0].Walked
}

func write(b *testing.B, dir, name, text string) {
	b.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}
