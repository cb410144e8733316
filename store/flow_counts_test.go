package store_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

const firstHour = engine.Instant(1_735_689_600_000) // 2025-01-01T00:00:00Z

// countedRun is a run of a flow with 50 steps, ten sends among them, that started at an instant
// and has come to the last send.
func countedRun(at engine.Instant, number uint16) *engine.Run {
	var id engine.RunID
	binary.BigEndian.PutUint64(id[:8], uint64(at)<<16)
	binary.BigEndian.PutUint16(id[14:], number)
	r := &engine.Run{ID: id, Flow: "long", Version: "v1", Profile: "ann", Status: engine.Waiting, At: 49, Arms: []engine.ArmTaken{{Step: 0, Arm: "brisk"}},
		Timeline: []engine.Entry{{At: at, Kind: engine.KindStarted, Step: engine.NoStep}}}
	r.Ways = &engine.Way{Version: "v1", Kind: engine.CountStarted, Step: engine.NoStep}
	for step := range 50 {
		came := &engine.Way{Version: "v1", Kind: engine.CountCame, Step: step, Before: r.Ways}
		r.Ways = &engine.Way{Version: "v1", Kind: engine.CountLine, Step: step, At: int(number % 2), Before: came}
	}
	for n := range 10 {
		r.Messages = append(r.Messages, engine.Message{Number: n + 1, Step: 5 * n, Status: engine.MessageStatus(9 + number%4), Attempt: 1, Posted: at, ReadAt: at + 5})
	}
	return r
}

// countedStore has runs of every hour of some days.
func countedStore(t testing.TB, kv store.KV, days, runs int) *store.Store {
	t.Helper()
	if err := store.Create(kv, engine.Installation{1}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	for hour := range 24 * days {
		if old := 24*(days-60) > hour; old && hour%24 != 0 {
			continue // one run of a day makes its record
		}
		at := firstHour.Add(time.Duration(hour) * time.Hour)
		b := &engine.Batch{State: engine.State{Installation: engine.Installation{1}, Stamp: at, Outbound: engine.OutboundLive}}
		for n := range runs {
			b.Changes = append(b.Changes, engine.Change{After: countedRun(at, uint16(n))})
		}
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func allCounts(t testing.TB, s *store.Store, from engine.Instant) (sum []engine.Count, spans map[store.Span]int) {
	t.Helper()
	spans = map[store.Span]int{}
	if err := s.FlowCounts(engine.FlowVersion{Flow: "long", Version: "v1"}, from, math.MaxInt64, func(c *store.FlowCounts) bool {
		sum = store.SumCounts(sum, c.Counts)
		spans[c.Span]++
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return sum, spans
}

// TestFoldCounts holds that hours become days and days become one record without a change to
// what they add up to, and that an hour may get counts afterwards.
func TestFoldCounts(t *testing.T) {
	kv := new(memory.KV)
	s := countedStore(t, kv, 20, 2)
	before, spans := allCounts(t, s, 0)
	if spans[store.SpanHour] != 20*24 {
		t.Fatalf("spans: %v", spans)
	}
	for _, test := range []struct {
		after              time.Duration
		hours, days, older int
	}{
		{20 * 24 * time.Hour, 14 * 24, 6, 0}, {30 * 24 * time.Hour, 4 * 24, 16, 0}, {405 * 24 * time.Hour, 0, 15, 1}, {500 * 24 * time.Hour, 0, 0, 1},
	} {
		for more := true; more; {
			var err error
			if more, err = s.FoldCounts(firstHour.Add(test.after)); err != nil {
				t.Fatal(err)
			}
		}
		sum, _ := allCounts(t, s, 0)
		spans := map[store.Span]int{}
		for key := range kv.Dump(store.FlowSpans) {
			spans[store.Span(key[len(key)-9])]++
		}
		if diff := cmp.Diff(before, sum); diff != "" {
			t.Errorf("after %s the counts have changed: %s", test.after, diff)
		}
		if months := min(1, spans[store.SpanDay]); spans[store.SpanMonth] != months {
			t.Errorf("after %s %d months have the days, want %d", test.after, spans[store.SpanMonth], months)
		}
		sameSums(t, s)
		if want := map[store.Span]int{store.SpanHour: test.hours, store.SpanDay: test.days, store.SpanBefore: test.older}; spans[store.SpanHour] != want[store.SpanHour] ||
			spans[store.SpanDay] != want[store.SpanDay] || spans[store.SpanBefore] != want[store.SpanBefore] {
			t.Errorf("after %s there are %v, want %v", test.after, spans, want)
		}
	}
	run, err := s.Run(countedRun(firstHour, 0).ID)
	if err != nil {
		t.Fatal(err)
	}
	ended := *run
	ended.Status, ended.Outcome, ended.Ended = engine.Ended, "bought", firstHour.Add(500*24*time.Hour)
	if err := s.Commit(&engine.Batch{State: engine.State{Installation: engine.Installation{1}, Stamp: ended.Ended, Outbound: engine.OutboundLive}, Changes: []engine.Change{{Before: run, After: &ended}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FoldCounts(ended.Ended); err != nil {
		t.Fatal(err)
	}
	sum, spans := allCounts(t, s, 0)
	if len(spans) != 1 || spans[store.SpanBefore] != 1 {
		t.Errorf("a late end is in %v", spans)
	}
	for _, c := range sum {
		if c.Kind == engine.CountHere && c.N != 20*24*2-1 || c.Kind == engine.CountEnded && c.Arm == "" && c.N != 1 {
			t.Errorf("%+v is %d", c.Counter, c.N)
		}
	}
	sameSums(t, s)
}

// sameSums fails unless the hours of weeks and the months follow from the counts of hours and days.
func sameSums(t *testing.T, s *store.Store) {
	t.Helper()
	report, err := s.Check()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems { // the runs of the test are no whole ones
		if strings.Contains(p, "month") || strings.Contains(p, "sums of") || strings.Contains(p, "flowhours") {
			t.Error(p)
		}
	}
}

// TestFlowHours holds that the sums of hours are those of the counts, and are read from few records.
func TestFlowHours(t *testing.T) {
	kv := &counting{KV: new(memory.KV)}
	s := countedStore(t, kv, 20, 3)
	from := firstHour.Add(6 * 24 * time.Hour)
	want := map[engine.Instant]int64{}
	err := s.FlowCounts(engine.FlowVersion{Flow: "long", Version: "v1"}, from, math.MaxInt64, func(c *store.FlowCounts) bool {
		for _, n := range c.Counts {
			if n.Kind == engine.CountStarted && n.Arm == "" {
				want[c.Start] += n.N
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	kv.sum = 0
	hours, err := s.FlowHours("long", from)
	if err != nil || len(hours) != len(want) || len(hours) != 14*24 || kv.sum > 4 {
		t.Fatalf("%d hours of %d are read from %d records, %v", len(hours), len(want), kv.sum, err)
	}
	for i, h := range hours {
		if h.Started != 3 || h.Here != 3 || want[h.Start] != 3 || i > 0 && hours[i-1].Start >= h.Start {
			t.Errorf("%+v, want 3 that started and are there", h)
		}
	}
	sameSums(t, s)
}

// TestCountsReadFewRecords holds that the counts of 14 days and of all days of a flow with 50 steps
// are read from at most 500 records, however many runs there are and however long the flow has been there.
func TestCountsReadFewRecords(t *testing.T) {
	kv := &counting{KV: new(memory.KV)}
	s := countedStore(t, kv, 440, 1)
	now := firstHour.Add(440 * 24 * time.Hour)
	for more := true; more; {
		var err error
		if more, err = s.FoldCounts(now); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []engine.Instant{now.Add(-14 * 24 * time.Hour), now.Add(-119 * 24 * time.Hour), now.Add(-200 * 24 * time.Hour), 0} {
		kv.sum = 0
		if sum, _ := allCounts(t, s, from); len(sum) == 0 || kv.sum > 500 || kv.sum < 300 {
			t.Errorf("from %s on %d counters are read from %d records", from, len(sum), kv.sum)
		}
	}
}

// BenchmarkFlowCounts reads the counts of 14 days of a flow with 50 steps, and says what they take.
func BenchmarkFlowCounts(b *testing.B) {
	kv := new(memory.KV)
	s := countedStore(b, kv, 14, 4)
	size, records := 0, 0
	for key, value := range kv.Dump(store.FlowSpans) {
		size, records = size+len(key)+len(value), records+1
	}
	b.ResetTimer()
	for b.Loop() {
		allCounts(b, s, 0)
	}
	b.ReportMetric(float64(size)/float64(records), "bytes/hour")
	b.ReportMetric(float64(size)/14, "bytes/day")
	fmt.Fprintln(b.Output(), records, "records")
}
