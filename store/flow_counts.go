package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"nudge/engine"
)

// The counts of a version are kept for the runs that started in each hour. Later hours become
// days, and days become one record for everything before, so that a reader has few records to add up.
const (
	CountsHours = 14 * 24 * time.Hour  // how long the counts of an hour are kept apart; then they are added to its day
	CountsDays  = 400 * 24 * time.Hour // how long the counts of a day are kept apart; then they are added to all before
)

const day = 24 * time.Hour

// monthsFrom is how long a range must be for months to stand in place of days.
const monthsFrom = 120 * day

// farFuture is the end of the year 9999: later than any run starts.
const farFuture = engine.Instant(253_402_300_800_000)

// Span is for how long starts are counted together.
type Span byte

// The spans, in the order of their keys.
const (
	SpanBefore Span = 'b' // everything before the days
	SpanDay    Span = 'd' // a day, in UTC
	SpanHour   Span = 'h'

	// SpanMonth is a month, in UTC. It has the sum of its days once more, so that a long time is read from few records.
	SpanMonth Span = 'm'
)

// FlowCounts are the counts of the runs of one version that started in a span.
type FlowCounts struct {
	engine.FlowVersion
	Span   Span
	Start  engine.Instant // of the span; 0 for SpanBefore
	Counts []engine.Count // by counter; none is zero
}

func flowCountsKey(v engine.FlowVersion, span Span, start engine.Instant) []byte {
	return binary.BigEndian.AppendUint64(append(versionKey(v), byte(span)), uint64(start))
}

func (c *FlowCounts) key() []byte { return flowCountsKey(c.FlowVersion, c.Span, c.Start) }

func encodeFlowCounts(f *FlowCounts) []byte {
	return encode(flowCountsVersion, func(c *codec) { flowCountsFields(c, f) })
}

func decodeFlowCounts(record []byte) (*FlowCounts, error) {
	f := new(FlowCounts)
	return f, decode(record, flowCountsVersion, func(c *codec) { flowCountsFields(c, f) })
}

func flowCountsFields(c *codec, f *FlowCounts) {
	c.str(&f.Flow)
	c.str(&f.Version)
	integer(c, &f.Span)
	integer(c, &f.Start)
	flowCountFields(c, &f.Counts)
}

// flowCountFields describes counts. Most are of all runs, of no word and no place, so one number says
// which of these a counter has.
func flowCountFields(c *codec, counts *[]engine.Count) {
	list(c, counts, func(c *codec, n *engine.Count) {
		has := uint64(0)
		for i, yes := range [...]bool{n.At != 0, n.Word != "", n.Arm != ""} {
			if yes {
				has |= 1 << i
			}
		}
		has |= uint64(n.Kind) << 3
		c.uint(&has)
		n.Kind = engine.CounterKind(has >> 3)
		signed(c, &n.Step)
		if has&1 != 0 {
			integer(c, &n.At)
		}
		if has&2 != 0 {
			c.str(&n.Word)
		}
		if has&4 != 0 {
			integer(c, &n.Split)
			c.str(&n.Arm)
		}
		signed(c, &n.N)
	})
}

// putFlowCounts adds what the runs of a batch have done to the counts of their versions and hours.
func putFlowCounts(w Writer, changes []engine.Change) error {
	var counting engine.Counting
	added := map[engine.CountsKey]*countsSum{}
	var last engine.CountsKey // and its sum: nearly all are of the same version and hour
	var of *countsSum
	add := func(key engine.CountsKey, c engine.Counter, n int64) {
		if of == nil || key != last {
			if last, of = key, added[key]; of == nil {
				of = newCountsSum()
				added[key] = of
			}
		}
		of.add(c, n)
	}
	for _, c := range changes {
		counting.Take(c, add)
	}
	ahead(w, func(add func(Want)) {
		for key := range added {
			add(Want{Bucket: FlowSpans, From: flowCountsKey(key.FlowVersion, SpanHour, key.Start)})
			add(Want{Bucket: FlowHours, From: flowHoursKey(key.FlowVersion, key.Start)})
		}
	})
	for key, of := range added {
		if err := addFlowCounts(w, &FlowCounts{key.FlowVersion, SpanHour, key.Start, of.sorted()}); err != nil {
			return err
		}
	}
	return nil
}

// countsSum adds up counts.
type countsSum struct {
	counts []engine.Count
	places map[engine.Counter]int // in counts
	last   int                    // place of the last one
}

func newCountsSum() *countsSum { return &countsSum{places: map[engine.Counter]int{}} }

// nearCounts is how many places after the last one are looked at. The changes of a batch are alike, so the next counter is
// nearly always there, and comparing a few takes a fraction of what hashing one takes.
const nearCounts = 4

func (s *countsSum) add(c engine.Counter, n int64) {
	for i := 1; i <= nearCounts && i <= len(s.counts); i++ {
		if at := (s.last + i) % len(s.counts); s.counts[at].Counter == c {
			s.counts[at].N += n
			s.last = at
			return
		}
	}
	at, ok := s.places[c]
	if !ok {
		at = len(s.counts)
		s.places[c] = at
		s.counts = append(s.counts, engine.Count{Counter: c})
	}
	s.counts[at].N += n
	s.last = at
}

// sorted returns the counts that are not zero, by counter.
func (s *countsSum) sorted() []engine.Count {
	counts := slices.DeleteFunc(s.counts, func(c engine.Count) bool { return c.N == 0 })
	slices.SortFunc(counts, func(a, b engine.Count) int { return a.Compare(b.Counter) })
	return counts
}

// addFlowCounts adds counts to a record.
func addFlowCounts(w Writer, f *FlowCounts) error {
	if len(f.Counts) == 0 {
		return nil
	}
	key := f.key()
	if record := w.Get(FlowSpans, key); record != nil {
		stored, err := decodeFlowCounts(record)
		if err != nil {
			return damaged(FlowSpans, key, err)
		}
		f.Counts = SumCounts(stored.Counts, f.Counts)
	}
	if f.Span == SpanHour {
		if err := setHour(w, f); err != nil {
			return err
		}
	}
	if len(f.Counts) == 0 {
		return w.Delete(FlowSpans, key)
	}
	return w.Put(FlowSpans, key, encodeFlowCounts(f))
}

// addDay adds counts of a day to its month, which has them once more; a negative sign takes them away.
func addDay(w Writer, f *FlowCounts, sign int64) error {
	month := &FlowCounts{FlowVersion: f.FlowVersion, Span: SpanMonth, Start: monthOf(f.Start)}
	for _, c := range f.Counts {
		c.N *= sign
		month.Counts = append(month.Counts, c)
	}
	return addFlowCounts(w, month)
}

// monthOf is the beginning of the month of an instant.
func monthOf(at engine.Instant) engine.Instant {
	t := at.Time().UTC()
	return engine.InstantOf(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC))
}

// SumCounts adds counts to others. Both are ordered by counter, and so is the sum.
func SumCounts(a, b []engine.Count) []engine.Count {
	sum := make([]engine.Count, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch order := a[0].Compare(b[0].Counter); {
		case order < 0:
			sum, a = append(sum, a[0]), a[1:]
		case order > 0:
			sum, b = append(sum, b[0]), b[1:]
		default:
			if n := a[0].N + b[0].N; n != 0 {
				sum = append(sum, engine.Count{Counter: a[0].Counter, N: n})
			}
			a, b = a[1:], b[1:]
		}
	}
	return append(append(sum, a...), b...)
}

// FlowCounts calls visit with the counts of a version for the runs that started from one instant
// to before another, in no order of time, until visit returns false. The spans are whole: an hour counts if it
// begins in the range, and so does a day. With from 0 everything before the days counts, too. In a range of more than
// 120 days, whole months stand in place of their days. It reads at most a record for each of them, however many runs there are.
func (s *Store) FlowCounts(v engine.FlowVersion, from, to engine.Instant, visit func(*FlowCounts) bool) error {
	type part struct {
		span     Span
		from, to engine.Instant
	}
	parts := []part{{SpanBefore, from, to}, {SpanDay, from, to}, {SpanHour, from, to}}
	if to-from > engine.Instant(monthsFrom/time.Millisecond) {
		first, last := monthOf(from), monthOf(min(to, farFuture))
		if first < from {
			first = monthOf(first.Add(32 * day))
		}
		parts = []part{{SpanBefore, from, to}, {SpanDay, from, first}, {SpanMonth, first, last}, {SpanDay, last, to}, {SpanHour, from, to}}
	}
	return s.kv.View(func(r Reader) (err error) {
		for _, p := range parts {
			prefix, end := append(versionKey(v), byte(p.span)), flowCountsKey(v, p.span, p.to)
			r.Ascend(FlowSpans, flowCountsKey(v, p.span, p.from), func(key, record []byte) bool {
				if !bytes.HasPrefix(key, prefix) || bytes.Compare(key, end) >= 0 {
					return false
				}
				c, failed := decodeFlowCounts(record)
				err = damaged(FlowSpans, key, failed)
				return err == nil && visit(c)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// foldMost is how many records of counts one slice of [Store.FoldCounts] adds up. What is left is
// for the next slice.
const foldMost = 256

// FoldCounts adds the counts of hours that are old enough to those of their days, and of days to
// everything before. It reports whether there are more. What is read stays the same, and so do
// the sums. An hour that gets counts afterwards is folded again.
func (s *Store) FoldCounts(now engine.Instant) (more bool, err error) {
	f := &fold{now: now, sums: map[string]*FlowCounts{}}
	if err := s.kv.View(f.collect); err != nil || len(f.gone) == 0 {
		return false, err
	}
	return len(f.gone) >= foldMost, s.kv.Update(func(w Writer) error {
		for _, gone := range f.gone {
			err := w.Delete(FlowSpans, gone.key())
			if gone.Span == SpanDay {
				err = errors.Join(err, addDay(w, gone, -1))
			} else {
				err = errors.Join(err, setHour(w, &FlowCounts{FlowVersion: gone.FlowVersion, Start: gone.Start}))
			}
			if err != nil {
				return err
			}
		}
		for _, sum := range f.sums {
			if sum.Span == SpanDay {
				if err := addDay(w, sum, 1); err != nil {
					return err
				}
			}
			if err := addFlowCounts(w, sum); err != nil {
				return err
			}
		}
		return nil
	})
}

// fold is one slice of counts that are added up.
type fold struct {
	now  engine.Instant
	sums map[string]*FlowCounts // by the key of the record that takes them
	gone []*FlowCounts
}

func (f *fold) collect(r Reader) (err error) {
	r.Ascend(Counts, nil, func(key, record []byte) bool {
		var of *VersionCounts
		if of, err = decodeCounts(record); err != nil {
			err = damaged(Counts, key, err)
			return false
		}
		v := engine.FlowVersion{Flow: of.Flow, Version: of.Version}
		if err = f.spans(r, v, SpanDay, f.now.Add(-CountsDays)); err == nil {
			err = f.spans(r, v, SpanHour, f.now.Add(-CountsHours))
		}
		return err == nil && len(f.gone) < foldMost
	})
	return err
}

// spans takes the spans of a version that began before an instant.
func (f *fold) spans(r Reader, v engine.FlowVersion, span Span, before engine.Instant) (err error) {
	prefix := append(versionKey(v), byte(span))
	r.Ascend(FlowSpans, prefix, func(key, record []byte) bool {
		if !bytes.HasPrefix(key, prefix) || len(f.gone) >= foldMost {
			return false
		}
		of, failed := decodeFlowCounts(record)
		if err = damaged(FlowSpans, key, failed); err != nil || of.Start >= before {
			return false
		}
		to := &FlowCounts{FlowVersion: v, Span: SpanBefore}
		if span == SpanHour && of.Start >= f.now.Add(-CountsDays) {
			to.Span, to.Start = SpanDay, of.Start-of.Start%engine.Instant(day.Milliseconds())
		}
		if sum := f.sums[string(to.key())]; sum != nil {
			to = sum
		}
		to.Counts = SumCounts(to.Counts, of.Counts)
		f.sums[string(to.key())] = to
		f.gone = append(f.gone, of)
		return true
	})
	return err
}

// settle returns what to add to the counts of a version so that they agree with its live runs, and
// everybody is somewhere: runs that are gone ended in quarantine, and of runs that were not counted
// only the start is. It is for damage; it says nothing of when those runs started.
func settle(v engine.FlowVersion, stored []engine.Count, here map[int]int64) *FlowCounts {
	add := newCountsSum()
	var standing, before, started int64
	for step, n := range here {
		add.add(engine.Counter{Kind: engine.CountHere, Step: step}, n)
		standing += n
	}
	for _, c := range stored {
		switch {
		case c.Arm != "":
		case c.Kind == engine.CountHere:
			add.add(c.Counter, -c.N)
			before += c.N
		case c.Kind == engine.CountStarted, c.Kind == engine.CountMovedIn:
			started += c.N
		case c.Kind == engine.CountEnded, c.Kind == engine.CountMovedOut, c.Kind == engine.CountLeftOut:
			started -= c.N
		}
	}
	lost := max(0, before-standing)
	add.add(engine.Counter{Kind: engine.CountEnded, Step: engine.NoStep, Word: engine.OutcomeQuarantined}, lost)
	add.add(engine.Counter{Kind: engine.CountStarted, Step: engine.NoStep}, standing+lost-started)
	return &FlowCounts{FlowVersion: v, Span: SpanBefore, Counts: add.sorted()}
}

// settleFlowCounts makes the counts of all versions agree with the live runs that there are.
func settleFlowCounts(r Reader, here map[engine.FlowVersion]map[int]int64) (settled []*FlowCounts, err error) {
	stored, err := flowCountsOf(r)
	for v := range here {
		stored[v] = slices.Clip(stored[v]) // also one that has none
	}
	for v, counts := range stored {
		if f := settle(v, counts, here[v]); len(f.Counts) > 0 {
			settled = append(settled, f)
		}
	}
	return settled, err
}

// flowCountsOf returns all counts of each version.
func flowCountsOf(r Reader) (stored map[engine.FlowVersion][]engine.Count, err error) {
	stored = map[engine.FlowVersion][]engine.Count{}
	r.Ascend(FlowSpans, nil, func(key, record []byte) bool {
		of, failed := decodeFlowCounts(record)
		if err = damaged(FlowSpans, key, failed); err != nil {
			return false
		}
		if of.Span == SpanMonth {
			return true
		}
		stored[of.FlowVersion] = SumCounts(stored[of.FlowVersion], of.Counts)
		return true
	})
	return stored, err
}

// standing counts the live runs by version and step.
type standing map[engine.FlowVersion]map[int]int64

func (s standing) add(run *engine.Run) {
	if !run.Live() {
		return
	}
	v := engine.FlowVersion{Flow: run.Flow, Version: run.Version}
	if s[v] == nil {
		s[v] = map[int]int64{}
	}
	s[v][run.Stands()]++
}

// results counts again what the runs of each version are.
type results map[engine.FlowVersion]map[engine.Counter]int64

func (x results) add(v engine.FlowVersion, run *engine.Run) {
	if x[v] == nil {
		x[v] = map[engine.Counter]int64{}
	}
	new(engine.Counting).Take(engine.Change{After: run}, func(_ engine.CountsKey, c engine.Counter, n int64) { x[v][c] += n })
}

// difference is a counter that is stored with a value that it should not have.
type difference struct {
	engine.Counter
	stored, counted int64
}

// differ returns the counters that differ from what the runs are. Runs that are gone count as ended
// and no more, so with them only those that stand somewhere can be counted again, and whether everybody is somewhere.
func (x results) differ(v engine.FlowVersion, stored []engine.Count, whole bool) (differ []difference) {
	counted := x[v]
	have := map[engine.Counter]int64{}
	var started int64
	for _, c := range stored {
		have[c.Counter] = c.N
		if c.Arm != "" {
			continue
		}
		switch c.Kind {
		case engine.CountStarted, engine.CountMovedIn:
			started += c.N
		case engine.CountHere, engine.CountEnded, engine.CountMovedOut, engine.CountLeftOut:
			started -= c.N
		}
	}
	if started != 0 {
		differ = append(differ, difference{engine.Counter{Kind: engine.CountStarted, Step: engine.NoStep}, started, 0})
	}
	all := maps.Clone(have)
	maps.Copy(all, counted)
	for c := range all {
		if c.Kind.OfRuns() && (whole || c.Kind == engine.CountHere) && have[c] != counted[c] {
			differ = append(differ, difference{c, have[c], counted[c]})
		}
	}
	slices.SortFunc(differ, func(a, b difference) int { return a.Compare(b.Counter) })
	return differ
}
