package store

import (
	"maps"
	"slices"

	"nudge/engine"
)

// VersionCounts are the numbers of one version of a flow. They change in the commit
// that changes the runs, so nothing ever needs to count by scanning.
type VersionCounts struct {
	Flow     string            `json:"flow"`
	Version  string            `json:"version"`
	Started  uint64            `json:"started"`
	Live     uint64            `json:"live"`
	Parked   map[int]uint64    `json:"parked,omitempty"`   // live runs by the index of their step
	Outcomes map[string]uint64 `json:"outcomes,omitempty"` // ended runs by outcome
}

// count applies what a change does to the numbers.
func (v *VersionCounts) count(c engine.Change) {
	if c.Before == nil {
		v.Started++
	} else if c.Before.Live() {
		v.Live--
		v.park(c.Before.At, -1)
	}
	switch {
	case c.After.Live():
		v.Live++
		v.park(c.After.At, 1)
	case c.Before == nil || c.Before.Live():
		v.Outcomes[c.After.Outcome]++
	}
}

func (v *VersionCounts) park(step int, by int64) {
	v.Parked[step] = uint64(int64(v.Parked[step]) + by)
	if v.Parked[step] == 0 {
		delete(v.Parked, step)
	}
}

func newCounts(v engine.FlowVersion) *VersionCounts {
	return &VersionCounts{Flow: v.Flow, Version: v.Version, Parked: map[int]uint64{}, Outcomes: map[string]uint64{}}
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
