package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/engine"
)

// moveSums are what the dealt records add up to, by partition. The first partition has what the source has counted beyond what the others
// have now: of runs whose records are gone, nobody knows whose they were.
type moveSums struct {
	search  []string // fields by which people are found
	orphans []int
	counts  []map[string]*VersionCounts
	spans   []map[string]*spanSum // by key
	known   map[string]bool       // spans that the source has
	tallies []map[uint64]*Tally   // of the new numbers
	live    []map[uint64]int
	waves   []map[uint64]map[engine.Instant]int // people who wait for their own day, by its hour
	done    engine.Counting
}

// spanSum are counts of a span.
type spanSum struct {
	of   FlowCounts
	sums *countsSum
}

// prepareSums makes room for the sums, and learns which spans the source counts apart.
func (mv *mover) prepareSums() error {
	n := len(mv.to)
	mv.refused = make([]uint64, n)
	s := &mv.sums
	s.orphans, s.known = make([]int, n), map[string]bool{}
	for range n {
		s.counts, s.spans = append(s.counts, map[string]*VersionCounts{}), append(s.spans, map[string]*spanSum{})
		s.tallies, s.live = append(s.tallies, map[uint64]*Tally{}), append(s.live, map[uint64]int{})
		s.waves = append(s.waves, map[uint64]map[engine.Instant]int{})
	}
	var err error
	if s.search, _, err = mv.src.Searchable(); err != nil || n == 1 {
		return err
	}
	return mv.walk(FlowSpans, "", func(_ Reader, key, _ []byte) error {
		s.known[string(key)] = true
		return nil
	})
}

// waveHour is the span of time whose people a campaign counts together; see [engine.Campaign.Wave].
const waveHour = engine.Instant(60 * 60 * 1000)

// run counts a run in its partition.
func (s *moveSums) run(home int, run *engine.Run) {
	if n := run.Campaign; n != 0 {
		t := s.tallies[home][n]
		if t == nil {
			t = newTally(n)
			s.tallies[home][n] = t
		}
		t.count(engine.Change{After: run})
		if run.Live() {
			s.live[home][n]++
		}
		if run.Status == engine.Parked && run.OwnTime == 0 {
			if s.waves[home][n] == nil {
				s.waves[home][n] = map[engine.Instant]int{}
			}
			s.waves[home][n][run.Deadline-run.Deadline%waveHour]++
		}
	}
	if home == 0 {
		return // it has the rest
	}
	v := engine.FlowVersion{Flow: run.Flow, Version: run.Version}
	name := string(versionKey(v))
	if s.counts[home][name] == nil {
		s.counts[home][name] = newCounts(v)
	}
	s.counts[home][name].add(run)
	s.done.Take(engine.Change{After: run}, func(key engine.CountsKey, c engine.Counter, n int64) {
		of := s.spanOf(key)
		name := string(of.key())
		sum := s.spans[home][name]
		if sum == nil {
			sum = &spanSum{of, newCountsSum()}
			s.spans[home][name] = sum
		}
		sum.sums.add(c, n)
		if c.Arm == "" && (c.Kind == engine.CountHere || c.Kind == engine.CountEnded) { // so that everybody who started is somewhere
			sum.sums.add(engine.Counter{Kind: engine.CountStarted, Step: engine.NoStep}, n)
		}
	})
}

// spanOf is the span in which the source counts those who started in an hour.
func (s *moveSums) spanOf(key engine.CountsKey) FlowCounts {
	day := key.Start - key.Start%engine.Instant(day.Milliseconds())
	for _, f := range [...]FlowCounts{{FlowVersion: key.FlowVersion, Span: SpanHour, Start: key.Start}, {FlowVersion: key.FlowVersion, Span: SpanDay, Start: day}} {
		if s.known[string(f.key())] {
			return f
		}
	}
	return FlowCounts{FlowVersion: key.FlowVersion, Span: SpanBefore}
}

// putSums writes what is counted, and the campaigns with their people.
func (mv *mover) putSums() error {
	for _, step := range [...]func() error{mv.putCounts, mv.putSpans, mv.putCampaigns, mv.flush} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, kv := range mv.to { // what follows from all of them
		if err := kv.Update(func(w Writer) error { return cmp.Or(resumFlowCounts(w), regroupFailures(w)) }); err != nil {
			return err
		}
	}
	return nil
}

// putCounts writes the counts of versions.
func (mv *mover) putCounts() error {
	return mv.walk(Counts, "", func(_ Reader, key, record []byte) error {
		rest, err := decodeCounts(record)
		if err != nil {
			return damaged(Counts, key, err)
		}
		for p := 1; p < len(mv.to); p++ {
			own := mv.sums.counts[p][string(key)]
			if own == nil {
				continue
			}
			rest.Started, rest.Live = rest.Started-own.Started, rest.Live-own.Live
			takeAway(rest.Parked, own.Parked)
			takeAway(rest.Outcomes, own.Outcomes)
			mv.put(p, Counts, []byte(string(key)), encodeCounts(own))
		}
		mv.put(0, Counts, []byte(string(key)), encodeCounts(rest))
		return nil
	})
}

// takeAway takes the counts of one table from those of another.
func takeAway[K comparable](from, counts map[K]uint64) {
	for k, n := range counts {
		if from[k] -= n; from[k] == 0 {
			delete(from, k)
		}
	}
}

// putSpans writes what is counted by hours and days. Months and the sums of hours follow from it.
func (mv *mover) putSpans() error {
	for p := 1; p < len(mv.to); p++ {
		for key, sum := range mv.sums.spans[p] {
			sum.of.Counts = sum.sums.sorted()
			if len(sum.of.Counts) > 0 {
				mv.put(p, FlowSpans, []byte(key), encodeFlowCounts(&sum.of))
			}
		}
	}
	return mv.walk(FlowSpans, "", func(_ Reader, key, record []byte) error {
		f, err := decodeFlowCounts(record)
		if err != nil {
			return damaged(FlowSpans, key, err)
		}
		for p := 1; p < len(mv.to); p++ {
			if sum := mv.sums.spans[p][string(key)]; sum != nil {
				f.Counts = SumCounts(f.Counts, negative(sum.of.Counts))
			}
		}
		if len(f.Counts) > 0 || f.Span == SpanBefore {
			mv.put(0, FlowSpans, []byte(string(key)), encodeFlowCounts(f))
		}
		return nil
	})
}

func negative(counts []engine.Count) (all []engine.Count) {
	for _, c := range counts {
		c.N = -c.N
		all = append(all, c)
	}
	return all
}

// putCampaigns writes campaigns, each to the partition of its flow, and to the others that have people of it.
func (mv *mover) putCampaigns() error {
	return mv.walk(Campaigns, "", func(r Reader, key, record []byte) error {
		f, err := decodeCampaign(record)
		if err != nil {
			return damaged(Campaigns, key, err)
		}
		tally, err := readTally(r, f.Number)
		if err != nil {
			return err
		}
		if len(mv.from) > 1 {
			f.Audience = strings.TrimSuffix(f.Audience, engine.PartOf("", engine.CampaignHome(f.Number)))
		}
		for i := range f.Named {
			f.Named[i].Seq = mv.ranks.of(f.Named[i].Seq)
		}
		return mv.campaign(f, tally)
	})
}

// campaign deals a campaign. The partition of its flow has all that is not of the people of another one.
func (mv *mover) campaign(f *engine.Campaign, rest *Tally) error {
	f.Number = mv.number(f.Number)
	home, standings := mv.home(f.Flow), uint64(0)
	whole := *f
	for p := range mv.to {
		own := mv.sums.tallies[p][f.Number]
		if p == home || own == nil {
			continue
		}
		part := mv.partOf(&whole, p, own)
		if f.Total == 0 {
			f.Total, f.Dealt, f.Audience = whole.Rows, make([]int, len(mv.to)), engine.PartOf(whole.Audience, home)
		}
		f.Dealt[p], f.Rows, f.Walked = part.Rows, f.Rows-part.Rows, f.Walked-part.Rows
		if part.Live > 0 {
			f.Busy = append(f.Busy, p)
		}
		takeAway(rest.Standings, own.Standings)
		part.Wave = mv.wave(f, p)
		mv.putCampaign(p, part, own)
	}
	f.Live, f.Installation = mv.sums.live[home][f.Number], mv.now(f.Installation, home)
	if f.Total > 0 {
		f.Dealt[home], f.Over = f.Rows, f.Finished()
	}
	rest.Campaign, rest.Purged = f.Number, maps.Clone(rest.Standings)
	if own := mv.sums.tallies[home][f.Number]; own != nil {
		takeAway(rest.Purged, own.Standings)
	}
	for _, n := range rest.Standings {
		standings += n
	}
	if f.Rows < f.Walked || standings > uint64(f.Walked) {
		return fmt.Errorf("the people of campaign %s do not add up: run nudge store check", f.ID)
	}
	mv.putCampaign(home, f, rest)
	return nil
}

// wave takes those out of the wave of a campaign who wait in a partition for their own day: when it comes, that partition counts them.
func (mv *mover) wave(f *engine.Campaign, p int) (own []engine.LocalSlot) {
	f.Wave = slices.Clone(f.Wave)
	for i := range f.Wave {
		slot := &f.Wave[i]
		if n := min(slot.People, mv.sums.waves[p][f.Number][slot.At]); n > 0 {
			slot.People -= n
			own = append(own, engine.LocalSlot{At: slot.At, People: n})
		}
	}
	return own
}

// partOf is a campaign at a partition that has some of its people. All rows of a campaign that is moved are taken.
func (mv *mover) partOf(f *engine.Campaign, p int, own *Tally) *engine.Campaign {
	part := &engine.Campaign{Number: f.Number, ID: f.ID, Flow: f.Flow, Version: f.Version, Trigger: f.Trigger, Due: f.Due, Begun: f.Begun, Local: f.Local, Since: f.Since,
		Status: f.Status, Paused: f.Paused, Reason: f.Reason, Installation: mv.now(f.Installation, p), Audience: engine.PartOf(f.Audience, p),
		EndRuns: f.EndRuns, Event: f.Event, Key: f.Key, Kept: f.Kept, Exited: f.Exited, Total: f.Rows, Live: mv.sums.live[p][f.Number]}
	for _, n := range own.Standings {
		part.Rows += int(n)
	}
	part.Walked, part.Over = part.Rows, part.Finished()
	return part
}

// putCampaign puts a campaign with what leads to it, and where its people stand.
func (mv *mover) putCampaign(p int, f *engine.Campaign, t *Tally) {
	mv.put(p, Campaigns, be(f.Number), encodeCampaign(f))
	mv.put(p, CampaignFlows, campaignFlowKey(f.Flow, f.Number), nil)
	mv.put(p, CampaignIDs, campaignIDKey(f.ID, f.Number), nil)
	if len(t.Standings) > 0 {
		mv.put(p, Tallies, be(f.Number), encodeTally(t))
	}
}
