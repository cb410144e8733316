package store

import (
	"maps"
	"slices"

	"nudge/engine"
)

// VersionCounts are the counts of one version of a flow. They change in the same commit as
// the runs, so nothing ever has to count by scanning.
type VersionCounts struct {
	Flow     string            `json:"flow"`
	Version  string            `json:"version"`
	Started  uint64            `json:"started"` // runs started on it or moved to it, without those that moved on
	Live     uint64            `json:"live"`
	Parked   map[int]uint64    `json:"parked,omitempty"`   // live runs by the index of their step
	Outcomes map[string]uint64 `json:"outcomes,omitempty"` // ended runs by outcome
	Purged   map[string]uint64 `json:"purged,omitempty"`   // part of Outcomes whose records are gone
}

// add counts a run in its present state; take removes it from the counts.
func (v *VersionCounts) add(r *engine.Run)  { v.count(r, 1) }
func (v *VersionCounts) take(r *engine.Run) { v.count(r, -1) }

func (v *VersionCounts) count(r *engine.Run, by int64) {
	v.Started = uint64(int64(v.Started) + by)
	if r.Live() {
		v.Live = uint64(int64(v.Live) + by)
		change(v.Parked, r.At, by)
	} else {
		change(v.Outcomes, r.Outcome, by)
	}
}

// addPurged counts runs whose records are gone.
func (v *VersionCounts) addPurged(outcomes map[string]uint64) {
	merge(v.Outcomes, outcomes)
	for _, n := range outcomes {
		v.Started += n
	}
}

func change[K comparable](counts map[K]uint64, key K, by int64) {
	counts[key] = uint64(int64(counts[key]) + by)
	if counts[key] == 0 {
		delete(counts, key)
	}
}

func newCounts(v engine.FlowVersion) *VersionCounts {
	return &VersionCounts{Flow: v.Flow, Version: v.Version, Parked: map[int]uint64{}, Outcomes: map[string]uint64{}, Purged: map[string]uint64{}}
}

// readCounts returns the counts of a version. A version without counts gets empty ones.
func readCounts(r Reader, v engine.FlowVersion) (*VersionCounts, error) {
	record := r.Get(Counts, versionKey(v))
	if record == nil {
		return newCounts(v), nil
	}
	counts, err := decodeCounts(record)
	return counts, damaged(Counts, versionKey(v), err)
}

func encodeCounts(v *VersionCounts) []byte {
	return encode(countsVersion, func(c *codec) { countsFields(c, v) })
}

func decodeCounts(record []byte) (*VersionCounts, error) {
	v := newCounts(engine.FlowVersion{})
	return v, decode(record, countsVersion, func(c *codec) { countsFields(c, v) })
}

func countsFields(c *codec, v *VersionCounts) {
	c.str(&v.Flow)
	c.str(&v.Version)
	c.uint(&v.Started)
	c.uint(&v.Live)
	table(c, v.Parked, integer[int])
	table(c, v.Outcomes, (*codec).str)
	table(c, v.Purged, (*codec).str)
}

// table writes a map in the order of its keys.
func table[K int | string](c *codec, m map[K]uint64, key func(*codec, *K)) {
	keys := slices.Sorted(maps.Keys(m))
	list(c, &keys, func(c *codec, k *K) {
		key(c, k)
		n := m[*k]
		c.uint(&n)
		m[*k] = n
	})
}
