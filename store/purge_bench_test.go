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

// BenchmarkPurge drops this many ended runs from a file while other runs begin. It
// measures how long a slice takes, because a commit has to wait for a slice. It also
// measures the commits between slices and commits alone:
//
//	go test ./store -run '^$' -bench Purge -benchtime 1000000x
//
// This is the most expensive case: every run has its own person, and its message is found
// by the provider's ID. So dropping a run touches its own page and two more pages anywhere
// in the file. One run in ten stays.
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
	commit := func(changes []engine.Change) {
		state, err := s.State()
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Commit(&engine.Batch{State: state, Changes: changes}); err != nil {
			b.Fatal(err)
		}
	}
	begin := func(n int, at int64) (begun []engine.Change) {
		for range n {
			crowd++
			begun = append(begun, engine.Change{After: waiting(crowd, at)})
		}
		commit(begun)
		return begun
	}
	for left := b.N; left > 0; left -= 2000 {
		runs := begin(min(left, 2000), 1_699_000_000_000)
		for i := range runs {
			runs[i].Before, runs[i].After = runs[i].After, passed(runs[i].After, old)
			if i%10 == 0 {
				runs[i].After.Ended = young
			}
		}
		commit(runs)
	}
	var slicesTook, commitsTook, aloneTook []time.Duration
	timed := func(took *[]time.Duration, f func()) {
		began := time.Now()
		f()
		*took = append(*took, time.Since(began))
	}
	for range min(b.N/100+1, 1000) {
		timed(&aloneTook, func() { begin(64, 1_715_000_000_000) })
	}
	b.ResetTimer()
	for after, more := []byte(nil), true; more; more = after != nil {
		timed(&slicesTook, func() {
			if after, err = s.PurgeRuns(young, after); err != nil {
				b.Fatal(err)
			}
		})
		timed(&commitsTook, func() { begin(64, 1_715_000_000_000) })
	}
	b.StopTimer()
	took := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)*0.9/took, "dropped/s")
	for name, all := range map[string][]time.Duration{"slice": slicesTook, "commit": commitsTook, "alone": aloneTook} {
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2].Seconds()*1000, name+"-p50-ms")
		b.ReportMetric(all[len(all)*99/100].Seconds()*1000, name+"-p99-ms")
		b.ReportMetric(all[len(all)-1].Seconds()*1000, name+"-max-ms")
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// waiting returns a run that has sent a message and waits until it is read.
func waiting(i int, began int64) *engine.Run {
	r := &engine.Run{
		Flow: "order_shipped", Version: "0123456789abcdef", Profile: fmt.Sprint("person-", i), Key: fmt.Sprint("O", i),
		StartedBy: "order.shipped", Data: fmt.Appendf(nil, `{"order_id":"O%d","customer":"person-%d","total":%d}`, i, i, i%1000),
		Status: engine.Waiting, At: 1, Deadline: engine.Instant(began + 3_600_000),
		Messages: []engine.Message{{Status: engine.Sent, Attempt: 1, Planned: engine.Instant(began), Order: uint64(i), Posted: engine.Instant(began),
			ProviderID: fmt.Sprintf("%016x-provider", uint64(i)*0x9e3779b97f4a7c15), ByID: true}},
	}
	binary.BigEndian.PutUint64(r.ID[:8], uint64(began+int64(i))<<16)
	binary.BigEndian.PutUint64(r.ID[8:], uint64(i))
	for kind := engine.KindStarted; kind < engine.KindStarted+4; kind++ {
		r.Timeline = append(r.Timeline, engine.Entry{At: engine.Instant(began), Kind: kind, Message: 1, Attempt: 1, Detail: "order.shipped"})
	}
	return r
}

// passed returns the run after its end.
func passed(r *engine.Run, ended engine.Instant) *engine.Run {
	after := *r
	after.Status, after.At, after.Deadline, after.Outcome, after.Ended = engine.Ended, 2, 0, "done", ended
	after.Messages = []engine.Message{r.Messages[0]}
	after.Messages[0].Status = engine.Read
	after.Waits = []engine.WaitEnd{{Step: 1, Outcome: "read"}}
	return &after
}
