// Package plan shows what a deploy would do to the people in the flows: which versions
// change and why, who waits at which step, which runs the new versions take over, and which
// messages each run would still send under the old version and under the new one.
//
// It reads a store and changes nothing. To see what is ahead of a run, it plays the run to
// its end in virtual time, in a store in memory, once with a person who never reads and once
// with one who reads everything.
package plan

import (
	"context"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// Plan is what a deploy would do.
type Plan struct {
	Flows    []Flow `json:"flows"`    // of either side, by name
	Affected uint64 `json:"affected"` // runs that would be moved or ended
	Parked   uint64 `json:"parked"`   // runs that are on versions that would no longer be active
}

// Flow is what a deploy would do to one flow.
type Flow struct {
	Flow    string   `json:"flow"`
	Change  Change   `json:"change"`
	Active  string   `json:"active,omitempty"` // the version that is active now
	Next    string   `json:"next,omitempty"`   // the version that would be
	Because []string `json:"because,omitempty"`
	Live    uint64   `json:"live"`             // runs on any version
	Parked  []Parked `json:"parked,omitempty"` // those that are not on Next, by version and step
}

// Change is what becomes of a flow.
type Change string

const (
	New       Change = "new"
	Changed   Change = "changed"
	Unchanged Change = "unchanged"
	Removed   Change = "removed" // it starts no more runs; those that live go on
)

// Parked is the runs of one version that are parked on one step.
type Parked struct {
	Version string   `json:"version"`
	Step    string   `json:"step"`
	Runs    uint64   `json:"runs"`
	InNext  string   `json:"in_next"`           // the step in the next version: same, changed or gone
	Fate    Fate     `json:"fate"`              // what the deploy does to them
	To      string   `json:"to,omitempty"`      // the step they go on with, or the outcome they end with
	Sample  []string `json:"sample,omitempty"`  // some of them
	Looked  int      `json:"looked"`            // runs of which what is ahead was looked at
	Ahead   []Ahead  `json:"ahead,omitempty"`   // what is ahead of them as they stand, the most frequent first
	Then    []Ahead  `json:"then,omitempty"`    // what would be under the next version
	Refused []string `json:"refused,omitempty"` // why some of them would stay although a migration names them
	// Hypothetical: no migration names them; Then is what { from: STEP, to: same } would do.
	Hypothetical bool `json:"hypothetical,omitempty"`
}

// Fate is what a deploy does to a run.
type Fate string

const (
	Stays Fate = "stays" // with its version
	Moves Fate = "moves" // to a step of the next version
	Ends  Fate = "ends"  // with an outcome
)

// maxLooked is the number of runs of one step that are played to their end.
const maxLooked = 25

// Make returns what a deploy of flows would do at an instant, or at the store's newest if
// that is later.
func Make(ctx context.Context, s *store.Store, next []*flows.Flow, now engine.Instant) (*Plan, error) {
	m := &maker{ctx: ctx, store: s, next: next, now: now}
	if err := m.read(); err != nil {
		return nil, err
	}
	p := &Plan{Flows: []Flow{}}
	for _, name := range m.names() {
		f, err := m.flow(name)
		if err != nil {
			return nil, err
		}
		p.Flows = append(p.Flows, *f)
		for _, parked := range f.Parked {
			p.Parked += parked.Runs
			if parked.Fate != Stays {
				p.Affected += parked.Runs
			}
		}
	}
	return p, ctx.Err()
}

// maker makes one plan.
type maker struct {
	ctx    context.Context
	store  *store.Store
	now    engine.Instant
	state  engine.State
	counts []*store.VersionCounts
	active []*flows.Flow // now
	next   []*flows.Flow // after the deploy
}

func (m *maker) read() (err error) {
	if m.state, err = m.store.State(); err != nil {
		return err
	}
	m.now = max(m.now, m.state.Stamp)
	if m.counts, err = m.store.Counts(); err != nil {
		return err
	}
	for _, v := range m.state.Active {
		f, err := m.store.Version(v)
		if err != nil {
			return err
		}
		m.active = append(m.active, f)
	}
	return nil
}

// names returns the flows of either side, and those that still have live runs.
func (m *maker) names() (names []string) {
	for _, f := range slices.Concat(m.active, m.next) {
		names = append(names, f.Name)
	}
	for _, c := range m.counts {
		if c.Live > 0 {
			names = append(names, c.Flow)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func named(all []*flows.Flow, name string) *flows.Flow {
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (m *maker) flow(name string) (*Flow, error) {
	now, next := named(m.active, name), named(m.next, name)
	f := &Flow{Flow: name, Change: Unchanged}
	if now != nil {
		f.Active = now.Version
	}
	if next != nil {
		f.Next = next.Version
	}
	switch {
	case next == nil:
		f.Change = Removed
	case now == nil:
		f.Change = New
	case now.Version != next.Version:
		f.Change = Changed
		f.Because = Files(now, next)
	}
	for _, c := range m.counts {
		if c.Flow != name {
			continue
		}
		f.Live += c.Live
		if c.Live == 0 || c.Version == f.Next {
			continue
		}
		parked, err := m.parked(c, next)
		if err != nil {
			return nil, err
		}
		f.Parked = append(f.Parked, parked...)
	}
	return f, nil
}

// Files returns the files that differ between two versions of a flow, sorted.
func Files(now, next *flows.Flow) (files []string) {
	texts := func(b flows.Bundle) map[string]string {
		all := make(map[string]string, len(b))
		for _, file := range b {
			all[file.Name] = file.Text
		}
		return all
	}
	old, edited := texts(now.Bundle), texts(next.Bundle)
	for name, text := range edited {
		if was, there := old[name]; !there {
			files = append(files, name+" is new")
		} else if was != text {
			files = append(files, name)
		}
	}
	for name := range old {
		if _, there := edited[name]; !there {
			files = append(files, name+" is gone")
		}
	}
	slices.SortFunc(files, strings.Compare)
	return files
}
