package plan

import (
	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// Count returns how many runs a deploy of flows would move, and how many it would end: the numbers of a plan, without
// looking at any run.
func Count(s *store.Store, next []*flows.Flow) (moved, ended uint64, err error) {
	m := &maker{store: s, next: next}
	if err := m.read(); err != nil {
		return 0, 0, err
	}
	for _, c := range m.counts {
		f := named(next, c.Flow)
		if c.Live == 0 || f == nil || f.Version == c.Version {
			continue
		}
		own, err := s.Version(engine.FlowVersion{Flow: c.Flow, Version: c.Version})
		if err != nil {
			return 0, 0, err
		}
		for step, runs := range c.Parked {
			p := Parked{Fate: Stays}
			m.fate(&p, &own.Steps[step], f)
			switch p.Fate {
			case Moves:
				moved += runs
			case Ends:
				ended += runs
			}
		}
	}
	return moved, ended, nil
}
