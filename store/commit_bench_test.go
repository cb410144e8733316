package store_test

import (
	"fmt"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
)

// BenchmarkCommit repeatedly commits 256 runs that begin to wait for their receipt, with
// the inputs that led there. Under load, a step of the loop commits about this much. The
// benchmark waits for the disk.
func BenchmarkCommit(b *testing.B) {
	const runs, began = 256, 1_715_000_000_000
	kv, err := bolt.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		b.Fatal(err)
	}
	state, err := s.State()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		batch := &engine.Batch{}
		for i := n * runs; i < (n+1)*runs; i++ {
			r := waiting(i, began)
			r.Key, r.Messages[0].ByID = "", false
			batch.Changes = append(batch.Changes, engine.Change{After: r})
			state.Seq, state.Stamp = state.Seq+1, engine.Instant(began+i)
			batch.Journal = append(batch.Journal, engine.Journaled{Seq: state.Seq, Stamp: state.Stamp, Input: &engine.Input{
				Payload: &engine.Event{Type: "order.shipped", Profile: fmt.Sprint("person-", i), Data: r.Data}}})
		}
		batch.State = state
		b.StartTimer()
		if err := s.Commit(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*runs)/b.Elapsed().Seconds(), "runs/s")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
