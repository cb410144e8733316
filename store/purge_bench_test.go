package store_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
)

// BenchmarkPurge drops so many ended runs from a file in which others begin meanwhile, and
// measures the longest that such a commit waits for a slice:
//
//	go test ./store -run '^$' -bench Purge -benchtime 1000000x
//
// The message of every run is found by the provider's ID, which is the dearest case: it
// costs a page somewhere for each of them. One run in ten is to stay.
func BenchmarkPurge(b *testing.B) {
	kv, err := bolt.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		b.Fatal(err)
	}
	const old, young = 1_700_000_000_000, 1_710_000_000_000 // ms: when the runs ended
	crowd := 0
	commit := func(n int, make func(i int) *engine.Run) {
		state, err := s.State()
		if err != nil {
			b.Fatal(err)
		}
		batch := &engine.Batch{State: state}
		for range n {
			crowd++
			batch.Changes = append(batch.Changes, engine.Change{After: make(crowd)})
		}
		if err := s.Commit(batch); err != nil {
			b.Fatal(err)
		}
	}
	for left := b.N; left > 0; left -= 2000 {
		commit(min(left, 2000), func(i int) *engine.Run {
			ended := engine.Instant(old)
			if i%10 == 0 {
				ended = young
			}
			return passed(i, ended)
		})
	}
	b.ResetTimer()
	var slicesTook, commitsTook []time.Duration
	timed := func(took *[]time.Duration, f func()) {
		began := time.Now()
		f()
		*took = append(*took, time.Since(began))
	}
	for after, more := (engine.RunID{}), true; more; more = after != (engine.RunID{}) {
		timed(&slicesTook, func() {
			if after, err = s.PurgeRuns(young, after); err != nil {
				b.Fatal(err)
			}
		})
		timed(&commitsTook, func() { commit(64, waiting) })
	}
	b.StopTimer()
	took := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)*0.9/took, "dropped/s")
	for name, all := range map[string][]time.Duration{"slice": slicesTook, "commit": commitsTook} {
		slices.Sort(all)
		b.ReportMetric(all[len(all)*99/100].Seconds()*1000, name+"-p99-ms")
		b.ReportMetric(all[len(all)-1].Seconds()*1000, name+"-max-ms")
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// passed is a run that sent a message, heard that it was read, and ended.
func passed(i int, ended engine.Instant) *engine.Run {
	const began = 1_699_000_000_000
	r := &engine.Run{
		Flow: "order_shipped", Version: "0123456789abcdef", Profile: fmt.Sprint("person-", i%100_000), Key: fmt.Sprint("O", i),
		StartedBy: "order.shipped", Data: fmt.Appendf(nil, `{"order_id":"O%d","customer":"person-%d","total":%d}`, i, i%100_000, i%1000),
		Status: engine.Ended, At: 2, Outcome: "done", Ended: ended,
		Messages: []engine.Message{{Status: engine.Read, Attempt: 1, Reached: began + 5, Planned: began, Order: uint64(i), Posted: began,
			ProviderID: fmt.Sprintf("%016x-provider", uint64(i)*0x9e3779b97f4a7c15), ByID: true}},
		Waits: []engine.WaitEnd{{Step: 1, Outcome: "read"}},
	}
	binary.BigEndian.PutUint64(r.ID[:8], uint64(began+i)<<16)
	binary.BigEndian.PutUint64(r.ID[8:], uint64(i))
	for kind := engine.KindStarted; kind < engine.KindStarted+6; kind++ {
		r.Timeline = append(r.Timeline, engine.Entry{At: began, Kind: kind, Message: 1, Attempt: 1, Detail: "order.shipped"})
	}
	return r
}

// waiting is a run that has just begun.
func waiting(i int) *engine.Run {
	r := passed(i, 0)
	r.Status, r.Outcome, r.Deadline = engine.Waiting, "", 1_720_000_000_000
	binary.BigEndian.PutUint64(r.ID[:8], uint64(1_715_000_000_000+i)<<16)
	return r
}
