package plan

import (
	"cmp"
	"maps"
	"slices"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// parked are the runs of one version, by step. Next is nil where the flow goes away.
func (m *maker) parked(c *store.VersionCounts, next *flows.Flow) ([]Parked, error) {
	own, err := m.store.Version(engine.FlowVersion{Flow: c.Flow, Version: c.Version})
	if err != nil {
		return nil, err
	}
	samples, err := m.sample(c)
	if err != nil {
		return nil, err
	}
	var all []Parked
	for _, step := range slices.Sorted(maps.Keys(c.Parked)) {
		p := Parked{Version: c.Version, Step: own.Steps[step].ID, Runs: c.Parked[step], InNext: inNext(&own.Steps[step], next), Fate: Stays}
		to := m.fate(&p, &own.Steps[step], next)
		if err := m.look(&p, samples[step], own, to); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// inNext says what the next version has in place of a step.
func inNext(step *flows.Step, next *flows.Flow) string {
	if next == nil {
		return "gone"
	}
	switch i := next.StepNamed(step.ID); {
	case i < 0:
		return "gone"
	case next.Steps[i].Digest == step.Digest:
		return "same"
	}
	return "changed"
}

// fate says what the deploy does to runs on a step, and returns the version under which
// to look at what would be ahead of them: the next one, or where no migration names
// them one that takes them over at the same step.
func (m *maker) fate(p *Parked, step *flows.Step, next *flows.Flow) *flows.Flow {
	if next == nil {
		return nil
	}
	migration, to := next.Migrate(flows.Parked{Step: step})
	switch {
	case migration == nil:
		p.Hypothetical = true
		supposed := *next
		supposed.Migrations = []flows.Migration{{From: step.ID, To: flows.SameStep}}
		if migration, _ = supposed.Migrate(flows.Parked{Step: step}); migration == nil {
			p.Hypothetical = false
			return nil
		}
		return &supposed
	case migration.Exit != "":
		p.Fate, p.To = Ends, migration.Exit
	default:
		p.Fate, p.To = Moves, next.Steps[to].ID
	}
	return next
}

const maxPages = 20 // of runs, in search of some for every step

// sample are some live runs of a version for each step, the newest first.
func (m *maker) sample(c *store.VersionCounts) (map[int][]*engine.Run, error) {
	found := map[int][]*engine.Run{}
	missing := len(c.Parked)
	query := store.Query{RunFilter: store.RunFilter{Flow: c.Flow, Status: "live"}, Limit: store.MaxPage}
	for pages := 0; missing > 0 && pages < maxPages && m.ctx.Err() == nil; pages++ {
		page, err := m.store.List(query)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Runs {
			if r.Version != c.Version || len(found[r.At]) == maxLooked {
				continue
			}
			found[r.At] = append(found[r.At], r)
			if n := len(found[r.At]); n == maxLooked || uint64(n) == c.Parked[r.At] {
				missing--
			}
		}
		if page.Next == (engine.RunID{}) {
			break
		}
		query.Before = page.Next
	}
	return found, nil
}

const maxSample = 3 // runs that are named

// look finds what is ahead of some runs, as they stand and under another version, which
// may be nil.
func (m *maker) look(p *Parked, runs []*engine.Run, own, to *flows.Flow) error {
	ahead, then, refused := tally{}, tally{}, map[string]bool{}
	for _, r := range runs {
		if len(p.Sample) < maxSample {
			p.Sample = append(p.Sample, r.ID.String())
		}
		p.Looked++
		person, err := m.store.Person(r.Profile)
		if err != nil {
			return err
		}
		old, err := m.live(r, person, own, nil)
		if err != nil {
			return err
		}
		ahead.add(old)
		if to == nil {
			continue
		}
		next, err := m.live(r, person, own, to)
		if err != nil {
			return err
		}
		if next.Refused != "" {
			refused[next.Refused] = true
			continue
		}
		then.add(next)
	}
	p.Ahead, p.Then = ahead.list(), then.list()
	p.Refused = slices.Sorted(maps.Keys(refused))
	return nil
}

// tally counts runs that have the same ahead of them.
type tally map[string]*Ahead

func (t tally) add(a *future) {
	one := Ahead{IfUnread: a.unread, IfRead: a.read}
	key := one.key()
	if t[key] == nil {
		t[key] = &one
	}
	t[key].Runs++
}

func (t tally) list() []Ahead {
	all := []Ahead{}
	for _, key := range slices.Sorted(maps.Keys(t)) {
		all = append(all, *t[key])
	}
	slices.SortStableFunc(all, func(a, b Ahead) int { return cmp.Compare(b.Runs, a.Runs) })
	return all
}
