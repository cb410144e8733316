package runner

import (
	"sync"

	"nudge/engine"
	"nudge/store"
)

// cachedHomes is how many runs are remembered that were looked up.
const cachedHomes = 1 << 16

// homes are the partitions of runs whose IDs do not tell them. A run never changes its partition while a process has the store.
type homes struct {
	mu  sync.Mutex
	all map[engine.RunID]int
}

// partitionOf returns the number of the partition that has a run. One that no partition has would be in the one that is
// returned: it says so.
func (r *Runner) partitionOf(id engine.RunID) (int, error) {
	n := len(r.places)
	if r.commands == nil {
		return 0, nil
	}
	state := &engine.State{Installation: r.commands.of, Partition: engine.Partition{Of: n}}
	if !state.Moved(id) {
		return engine.PartitionOfRun(id, n), nil
	}
	if home, known := r.homes.of(id); known {
		return home, nil
	}
	found, err := r.partitionsWith(id)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	r.homes.note(id, found[0])
	return found[0], nil
}

// partitionsWith returns the partitions that have a run.
func (r *Runner) partitionsWith(id engine.RunID) (found []int, err error) {
	var views []*store.Store
	for _, p := range r.places {
		if p.view != nil {
			views = append(views, p.view)
			continue
		}
		has, err := p.store.HasRun(id)
		if err != nil {
			return nil, err
		}
		if has {
			found = append(found, p.number)
		}
	}
	if len(views) > 0 {
		return store.WithRun(views, id)
	}
	return found, nil
}

func (h *homes) of(id engine.RunID) (home int, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	home, known = h.all[id]
	return home, known
}

func (h *homes) note(id engine.RunID, home int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil || len(h.all) >= cachedHomes {
		h.all = map[engine.RunID]int{}
	}
	h.all[id] = home
}
