package simtest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

// checkPost holds what the provider is about to see against what was committed (I3).
func (m *machine) checkPost(p *engine.Post) *violation {
	ref := p.Content.Ref
	m.posts = append(m.posts, *p)
	if m.posted[ref]++; m.posted[ref] > 1 {
		return broken("I3", "attempt %d of message %d of run %s is posted twice", p.Attempt, p.Message, p.Run)
	}
	body, known, claimed := m.model.Claimed(p.Run, p.Message, p.Attempt)
	flow, profile := m.model.Profile(p.Run)
	switch {
	case !claimed:
		return broken("I3", "message %d of run %s is posted as attempt %d, and was not claimed", p.Message, p.Run, p.Attempt)
	case ref.Run != p.Run.String() || ref.Message != p.Message || ref.Attempt != p.Attempt || ref.Installation != m.identity.String():
		return broken("I3", "the post of run %s says it is %v", p.Run, ref)
	case p.Content.To != profile:
		return broken("I2", "a message of %s's run of %s is posted to %s", profile, flow, p.Content.To)
	case known && p.Content.Body != body:
		return broken("I2", "message %d of run %s of %s says %q, want %q", p.Message, p.Run, flow, p.Content.Body, body)
	}
	if r, err := m.store.Run(p.Run); err == nil && r != nil && r.Outcome == engine.OutcomeForgotten {
		return nil // in the batch that posted it, and nobody counts what was before
	}
	return m.ledger.enter(p, m.model.Handed(p.Run, p.Message))
}

// checkAsks holds what the provider is about to be asked against what was committed: each
// question follows from that, and none is left out (I2).
func (m *machine) checkAsks(asks []engine.StatusQuery) *violation {
	m.asks = append(m.asks, asks...)
	want := m.model.Asks()
	for i := range max(len(asks), len(want)) {
		switch {
		case i >= len(want):
			return broken("I2", "the provider is asked about message %d of run %s, which nothing led to%s", asks[i].Message, asks[i].Run, m.lifeOf(asks[i].Run))
		case i >= len(asks):
			return broken("I2", "the provider is not asked about message %d of run %s%s", want[i].Message, want[i].Run, m.lifeOf(want[i].Run))
		case asks[i] != want[i]:
			return broken("I2", "question %d of the step is %+v, want %+v%s", i+1, asks[i], want[i], m.lifeOf(want[i].Run))
		}
	}
	return nil
}

// answered holds what clients are told against what was committed (I1). Of a group of
// which one input was refused none is taken.
func (m *machine) answered(groups []*runner.Group) error {
	for _, g := range groups {
		refused := slices.ContainsFunc(g.Answers, func(a engine.Answer) bool { return a.Refused != nil })
		for i, in := range g.Inputs {
			a := &g.Answers[i]
			if a.Refused != nil {
				m.reached["refused: "+string(a.Refused.Why)]++
			}
			if a.Repeated {
				m.reached["an id seen again"]++
			}
			switch {
			case in.Origin != nil: // it is taken whatever comes of it
			case refused && m.fresh[in]:
				return broken("I1", "a %s was refused, and committed", in.Kind())
			case !refused && !a.Repeated && a.Ignored == "" && !m.fresh[in]:
				return broken("I1", "a %s was answered, and not committed", in.Kind())
			}
		}
	}
	m.told = m.seq
	return nil
}

// check reads all that the store holds (I5, I8).
func (m *machine) check() error {
	m.mend()
	s, err := store.Open(m.disk.KV)
	if err != nil {
		return broken("I8", "%v", err)
	}
	report, err := s.Check()
	if err != nil {
		return broken("I8", "%v", err)
	}
	for _, p := range report.Problems {
		return broken("I8", "the store: %s", p)
	}
	untold, err := s.Untold()
	if err != nil {
		return broken("I8", "%v", err)
	}
	if live := report.Live + len(untold); live != m.model.Live() {
		return broken("I8", "%d runs are live, want %d", live, m.model.Live())
	}
	if report.Journal != m.seq {
		return broken("I1", "the journal has %d inputs, committed were %d", report.Journal, m.seq)
	}
	if err := m.checkArrivals(s); err != nil {
		return err
	}
	return m.checkCounts(s)
}

// checkArrivals holds the events that the store has counted against those of all batches that were kept. Duplicates are
// in no batch.
func (m *machine) checkArrivals(s *store.Store) error {
	want, counted := map[string]uint64{}, uint64(0)
	for _, b := range m.batches {
		for i := range b.Journal {
			if ev, ok := b.Journal[i].Input.Payload.(*engine.Event); ok && ev.FanOut == nil && (ev.Passed == nil || ev.Passed.Counts) {
				want[ev.Type]++
			}
		}
		for _, o := range b.Owed { // those that did nothing here are counted where they go
			if ev, ok := o.Payload.(*engine.Event); ok && ev.Passed != nil && ev.Passed.Counts {
				want[ev.Type]--
			}
		}
	}
	types, err := s.EventTypes(forever, "", 0)
	if err != nil {
		return broken("I8", "%v", err)
	}
	for _, t := range types {
		n := t.Totals[engine.VerdictStarted] + t.Totals[engine.VerdictMatched] + t.Totals[engine.VerdictNothing] + t.Totals[engine.VerdictEmitted]
		if counted += n; n != want[t.Type] {
			return broken("I17", "%d events of the type %s are counted, committed were %d", n, t.Type, want[t.Type])
		}
		delete(want, t.Type)
	}
	for _, kind := range slices.Sorted(maps.Keys(want)) {
		if want[kind] > 0 {
			return broken("I17", "%d events of the type %s are not counted", want[kind], kind)
		}
	}
	if counted > 0 {
		m.reached["events are counted"]++
	}
	return nil
}

// checkCounts holds the counts of every day against what all runs add up to (I17).
func (m *machine) checkCounts(s *store.Store) error {
	if untold, err := s.Untold(); err != nil || len(untold) > 0 { // the store has settled their counts, and no input has said so yet
		return err
	}
	hours, whole := m.model.Counts()
	want, got := daily{}, daily{}
	for key, sums := range hours {
		for c, n := range sums {
			want.add(key, c, n)
		}
	}
	read := map[engine.FlowVersion]bool{}
	for key := range want {
		if read[key.FlowVersion] || !whole(key.FlowVersion) {
			continue
		}
		read[key.FlowVersion] = true
		m.reached["counts held against all runs"]++
		if err := readDays(s, key.FlowVersion, want, got); err != nil {
			return err
		}
	}
	for key, sums := range want {
		if whole(key.FlowVersion) && !maps.Equal(got[key], sums) {
			return broken("I17", "the counts of %s %s from %s on are %v, want %v", key.Flow, key.Version, key.Start, got[key], sums)
		}
	}
	return nil
}

// readDays reads the counts of a version: days and hours, and then everything at once, which is read from months.
func readDays(s *store.Store, v engine.FlowVersion, want, got daily) error {
	from, to := engine.Instant(forever), engine.Instant(0)
	for key := range want {
		if key.FlowVersion == v {
			from, to = min(from, key.Start), max(to, key.Start+1)
		}
	}
	var days, once []engine.Count
	read := func(from, to engine.Instant, visit func(*store.FlowCounts)) error {
		return s.FlowCounts(v, from, to, func(c *store.FlowCounts) bool {
			visit(c)
			return true
		})
	}
	const window = 100 * 24 * time.Hour // short enough for days
	for at := from; at < to; at = at.Add(window) {
		if err := read(at, at.Add(window), func(c *store.FlowCounts) {
			days = store.SumCounts(days, c.Counts)
			for _, n := range c.Counts {
				got.add(engine.CountsKey{FlowVersion: c.FlowVersion, Start: c.Start}, n.Counter, n.N)
			}
		}); err != nil {
			return broken("I8", "%v", err)
		}
	}
	if err := read(0, forever, func(c *store.FlowCounts) { once = store.SumCounts(once, c.Counts) }); err != nil {
		return broken("I8", "%v", err)
	}
	if !slices.Equal(days, once) {
		return broken("I17", "the counts of %s %s are %v by days and %v at once", v.Flow, v.Version, days, once)
	}
	return nil
}

// daily are counts by version and day: the store adds hours up to days after a while.
type daily map[engine.CountsKey]map[engine.Counter]int64

func (d daily) add(key engine.CountsKey, c engine.Counter, n int64) {
	key.Start -= key.Start % engine.Instant((24 * time.Hour).Milliseconds())
	if d[key] == nil {
		d[key] = map[engine.Counter]int64{}
	}
	if d[key][c] += n; d[key][c] == 0 {
		delete(d[key], c)
	}
}

const forever = engine.Instant(math.MaxInt64)

// violation is a rule that was broken.
type violation struct {
	rule string // I1, I2, …
	what string
}

func (v *violation) Error() string { return v.rule + ": " + v.what }

func broken(rule, format string, args ...any) *violation {
	return &violation{rule, fmt.Sprintf(format, args...)}
}
