package store

import (
	"bytes"
	"cmp"
	"slices"

	"nudge/engine"
)

// joinedMeta shows the records about the store as a whole. The first part has what is the same in all.
type joinedMeta struct{}

func (joinedMeta) get(j joinedReader, b Bucket, key []byte) []byte {
	switch {
	case bytes.Equal(key, keyState):
		return joinedRecord(j, key, decodeState, joinedState, encodeState)
	case bytes.Equal(key, keyPurged):
		return joinedRecord(j, key, decodePurged, joinedPurged, encodePurged)
	case bytes.Equal(key, keySearch):
		return joinedRecord(j, key, decodeSearch, joinedSearch, encodeSearch)
	}
	return j[0].Get(b, key)
}

func (x joinedMeta) walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	mergeKeys(j, b, place, down, func(all []*joinedEntry) bool {
		value := x.get(j, b, all[0].key)
		return value == nil || visit(all[0].key, value)
	})
}

// joinedRecord joins the records of all parts under a key; nil if no part has one. A damaged one stands for all, so that its
// reader says so. A part that has none counts as one with an empty record.
func joinedRecord[T any](j joinedReader, key []byte, decoded func([]byte) (T, error), join func([]T) T, encoded func(*T) []byte) []byte {
	all, some := make([]T, len(j)), false
	for part, r := range j {
		record := r.Get(Meta, key)
		if record == nil {
			continue
		}
		var err error
		if all[part], err = decoded(record); err != nil {
			return record
		}
		some = true
	}
	if !some {
		return nil
	}
	one := join(all)
	return encoded(&one)
}

// joinedState is the state of all parts. While a command is on its way to them, it says what holds in all: that nothing goes out
// once no part lets anything out. What is owed between the parts is left out.
func joinedState(all []engine.State) engine.State {
	n := len(all)
	one := all[0]
	one.Partition, one.Owed, one.Seen = engine.Partition{Of: n}, nil, nil
	one.Installation = one.Installation.In(one.Partition)
	one.Open, one.Firings, one.Schedules = nil, nil, nil
	one.Seq, one.Stamp, one.Derived, one.Forgot, one.Orphans = 0, 0, 0, 0, 0
	for part := range all {
		s := &all[part]
		if s.Seq > 0 && s.Stamp >= one.Stamp {
			one.Seq, one.Stamp = inTurn{}.shown(part, s.Seq, n), s.Stamp
		}
		if lets := [...]int{engine.OutboundHold: 0, engine.OutboundOnly: 1, engine.OutboundLive: 2}; lets[s.Outbound] > lets[one.Outbound] {
			one.Outbound, one.Only = s.Outbound, s.Only
		}
		one.Killed = one.Killed && s.Killed
		one.Open = append(one.Open, s.Open...)
		one.Firings = append(one.Firings, s.Firings...)
		one.Schedules = append(one.Schedules, s.Schedules...)
		one.Orphans += s.Orphans
		one.Down = max(one.Down, s.Down)
		one.Surveying = one.Surveying || s.Surveying
	}
	for i := range one.Schedules {
		s := &one.Schedules[i]
		s.Installation = s.Installation.In(one.Partition)
	}
	slices.SortStableFunc(one.Schedules, func(a, b engine.Scheduled) int { return cmp.Compare(a.Flow, b.Flow) })
	slices.Sort(one.Open)
	one.Open = slices.Compact(one.Open)
	slices.SortFunc(one.Firings, func(a, b engine.Firing) int { return cmp.Compare(a.Campaign, b.Campaign) })
	one.Firings = slices.CompactFunc(one.Firings, func(a, b engine.Firing) bool { return a.Campaign == b.Campaign })
	return one
}

// joinedPurged is what the parts have dropped. Of the journal, it is the input that was applied last.
func joinedPurged(all []Purged) (one Purged) {
	for part, p := range all {
		one.Runs = max(one.Runs, p.Runs)
		if p.Journal > 0 && p.Stamp >= one.Stamp {
			one.Journal, one.Stamp = inTurn{}.shown(part, p.Journal, len(all)), p.Stamp
		}
		if p.Moved > 0 {
			one.Moved, one.MovedAt = max(one.Moved, inTurn{}.shown(part, p.Moved, len(all))), p.MovedAt
		}
	}
	return one
}

// joinedSearch says by which fields people are found in all parts.
func joinedSearch(all []searchState) searchState {
	one := all[0]
	for _, s := range all {
		one.ready = one.ready && s.ready && slices.Equal(s.fields, one.fields)
	}
	return one
}
