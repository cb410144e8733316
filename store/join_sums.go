package store

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"nudge/engine"
)

// summed adds up what the parts have under a key. The function returns nil where nothing is left.
type summed struct {
	sum func(j joinedReader, key []byte, records [][]byte) []byte
}

func (s summed) get(j joinedReader, b Bucket, key []byte) []byte {
	var records [][]byte
	for _, r := range j {
		if record := r.Get(b, key); record != nil {
			records = append(records, record)
		}
	}
	if len(records) == 0 {
		return nil
	}
	return s.sum(j, key, records)
}

func (s summed) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	mergeKeys(j, b, place, down, func(all []*joinedEntry) bool {
		records := make([][]byte, len(all))
		for i, e := range all {
			records[i] = e.value
		}
		sum := s.sum(j, all[0].key, records)
		return sum == nil || visit(all[0].key, sum)
	})
}

// sumOf returns how records are added up. A damaged one stands for the sum, so that its reader says so.
func sumOf[T any](decoded func([]byte) (*T, error), encoded func(*T) []byte, add func(sum, more *T)) func(joinedReader, []byte, [][]byte) []byte {
	return func(_ joinedReader, _ []byte, records [][]byte) []byte {
		if len(records) == 1 {
			return records[0]
		}
		var sum *T
		for _, record := range records {
			x, err := decoded(record)
			if err != nil {
				return record
			}
			if sum == nil {
				sum = x
			} else {
				add(sum, x)
			}
		}
		return encoded(sum)
	}
}

// addAll adds the counts of another part.
func (v *VersionCounts) addAll(more *VersionCounts) {
	v.Started += more.Started
	v.Live += more.Live
	for step, n := range more.Parked {
		v.Parked[step] += n
	}
	merge(v.Outcomes, more.Outcomes)
	merge(v.Purged, more.Purged)
}

// addAll adds the people of another part.
func (t *Tally) addAll(more *Tally) {
	merge(t.Standings, more.Standings)
	merge(t.Purged, more.Purged)
}

func sumFlowCounts(_ joinedReader, _ []byte, records [][]byte) []byte {
	var sum *FlowCounts
	for _, record := range records {
		f, err := decodeFlowCounts(record)
		if err != nil {
			return record
		}
		if sum == nil {
			sum = f
		} else {
			sum.Counts = SumCounts(sum.Counts, f.Counts)
		}
	}
	if len(sum.Counts) == 0 {
		return nil
	}
	return encodeFlowCounts(sum)
}

func sumFlowHours(_ joinedReader, key []byte, records [][]byte) []byte {
	var sum []HourSums
	for _, record := range records {
		hours, err := decodeHours(key, record)
		if err != nil {
			return record
		}
		for i := range hours {
			h := &hours[i]
			at, there := slices.BinarySearchFunc(sum, h.Start, func(h HourSums, start engine.Instant) int { return cmp.Compare(h.Start, start) })
			if !there {
				sum = slices.Insert(sum, at, *h)
				continue
			}
			for n, more := range h.numbers() {
				*sum[at].numbers()[n] += *more
			}
		}
	}
	return encodeHours(key, sum)
}

// addAll adds the events that another part has counted. The last one of all is shown. Counts of an hour that is over are with
// those of all hours: see joinedSeries.
func (t *EventType) addAll(more *EventType) {
	t.Totals.Add(&more.Totals)
	if more.hour > t.hour {
		t.hour, t.counts = more.hour, engine.VerdictCounts{}
	}
	if more.hour == t.hour {
		t.counts.Add(&more.counts)
	}
	if t.First == 0 || more.First != 0 && more.First < t.First {
		t.First = more.First
	}
	if more.Last > t.Last {
		t.Last, t.From = more.Last, more.From
	}
	t.Emitted = max(t.Emitted, more.Emitted)
	if more.Taken > t.Taken {
		t.Taken, t.Verdict, t.Profile, t.Data, t.Bytes = more.Taken, more.Verdict, more.Profile, more.Data, more.Bytes
	}
}

// joinedSeries adds up the counts of types of events by time, and the hours that are over for all parts and not yet for the one
// that has them.
type joinedSeries struct{}

func (joinedSeries) get(j joinedReader, b Bucket, key []byte) []byte {
	sum := new(eventSeries)
	var last []*EventType
	newest := int64(0)
	for _, r := range j {
		if record := r.Get(b, key); record != nil {
			s, err := decodeEventSeries(record)
			if err != nil {
				return record
			}
			sum.addAll(s)
		}
		if t, err := decodeEventType(r.Get(EventTypes, key)); err == nil {
			last, newest = append(last, t), max(newest, t.hour)
			sum.kind = t.Type
		}
	}
	for _, t := range last {
		if t.hour < newest && t.counts != (engine.VerdictCounts{}) {
			sum.add(t.hour, &t.counts)
		}
	}
	if len(sum.hours)+len(sum.days) == 0 {
		return nil
	}
	return encode(eventSeriesVersion, sum.fields)
}

func (x joinedSeries) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	mergeKeys(j, b, place, down, func(all []*joinedEntry) bool { return visit(all[0].key, x.get(j, b, all[0].key)) })
}

// addAll adds the counts of another part.
func (s *eventSeries) addAll(more *eventSeries) {
	for i := range more.hours {
		s.hours = addSpan(s.hours, more.hours[i].Span, KeptHours, &more.hours[i].VerdictCounts)
	}
	for i := range more.days {
		s.days = addSpan(s.days, more.days[i].Span, KeptDays, &more.days[i].VerdictCounts)
	}
}

// sumFailureGroups adds up groups of failures. Of the keys by their newest runs, that of the newest in all parts is shown.
func sumFailureGroups(j joinedReader, key []byte, records [][]byte) []byte {
	if len(key) == newestBytes && key[0] == newestMark {
		for _, r := range j {
			if newest, ok := newestRun(r, FailureID(key[1+runIDBytes:])); ok && bytes.Compare(newest[:], key[1:1+runIDBytes]) > 0 {
				return nil
			}
		}
		return records[0]
	}
	return sumOf(decodeFailureGroup, encodeFailureGroup, func(sum, more *failureGroup) {
		sum.runs += more.runs
		if more.newest.Compare(sum.newest) > 0 {
			sum.newest = more.newest
		}
	})(j, key, records)
}

// campaignOfParts reads a campaign of the part that fired it, with what the other parts have counted of their people.
func campaignOfParts(j joinedReader, part int, key, record []byte) loggedEntry {
	f, err := decodeCampaign(record)
	if err != nil {
		return unreadable(record)
	}
	return loggedEntry{at: f.Begun, record: func(uint64) []byte {
		f.Installation = f.Installation.In(engine.Partition{Of: len(j)})
		for i := range f.Named {
			f.Named[i].Seq = inTurn{}.shown(part, f.Named[i].Seq, len(j))
		}
		if f.Total == 0 { // no other part has rows
			return encodeCampaign(f)
		}
		f.Rows, f.Total, f.Dealt, f.Await, f.Busy, f.Over = f.Total, 0, nil, nil, nil, false
		for q, r := range j {
			more := r.Get(Campaigns, key)
			if q == part || more == nil {
				continue
			}
			other, err := decodeCampaign(more)
			if err != nil {
				return more
			}
			addCampaign(f, other, func(seq uint64) uint64 { return inTurn{}.shown(q, seq, len(j)) })
		}
		return encodeCampaign(f)
	}}
}

// addCampaign adds what another part has counted of the people of a campaign.
func addCampaign(f, more *engine.Campaign, shown func(seq uint64) uint64) {
	f.Walked += more.Walked
	f.Live += more.Live
	reasons := map[string]int{}
	for _, x := range slices.Concat(f.Excluded, more.Excluded) {
		reasons[x.Reason] += x.Rows
	}
	f.Excluded = nil
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		f.Excluded = append(f.Excluded, engine.Excluded{Reason: reason, Rows: reasons[reason]})
	}
	f.Lanes, f.Wave = sumSlots(f.Lanes, more.Lanes), sumSlots(f.Wave, more.Wave)
	for _, l := range more.Named {
		named := 0
		for _, x := range f.Named {
			if x.Reason == l.Reason {
				named++
			}
		}
		if named < engine.MaxNamed {
			f.Named = append(f.Named, engine.LeftOutOf{Reason: l.Reason, Profile: l.Profile, Seq: shown(l.Seq)})
		}
	}
}

// sumSlots adds up the people of each instant.
func sumSlots(a, b []engine.LocalSlot) (sum []engine.LocalSlot) {
	people := map[engine.Instant]int{}
	for _, l := range slices.Concat(a, b) {
		people[l.At] += l.People
	}
	for _, at := range slices.Sorted(maps.Keys(people)) {
		sum = append(sum, engine.LocalSlot{At: at, People: people[at]})
	}
	return sum
}
