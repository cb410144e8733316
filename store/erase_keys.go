package store

import (
	"slices"

	"nudge/engine"
)

// runKey is the key of runs of a flow.
type runKey struct{ flow, key string }

// maxErasedKeys is how many keys of a forgotten person's runs are remembered until all is erased; with more of them, the key is
// taken out of every filter.
const maxErasedKeys = 1000

// remember remembers the key of a run of the person, as long as it may stand elsewhere: in filters of jobs, and in what the
// journal and the audit trail have of these. That of a campaign's run is the key of all its people.
func (e *erasure) remember(r *engine.Run) {
	k := runKey{r.Flow, r.Key}
	switch {
	case r.Key == "" || r.Campaign != 0 || e.allKeys || slices.Contains(e.keys, k):
	case len(e.keys) == maxErasedKeys:
		e.allKeys = true
	default:
		e.keys = append(e.keys, k)
	}
}

// runsElsewhere reports whether the runs of a person are in another partition. Their keys are not known here, so every filter loses
// its key.
func runsElsewhere(profile string, p engine.Partition) bool {
	return p.Divided() && engine.PartitionOf(profile, p.Of) != p.Number
}

// replaceKey replaces the key in a filter of runs if it is that of a run of the person, and reports whether it was.
func (e *erasure) replaceKey(filter any) bool {
	fields, _ := filter.(map[string]any)
	key, _ := fields["key"].(string)
	flow, _ := fields["flow"].(string)
	theirs := e.allKeys || slices.ContainsFunc(e.keys, func(k runKey) bool { return k.key == key && (flow == "" || flow == k.flow) })
	if key == "" || key == forgottenWord || !theirs {
		return false
	}
	fields["key"] = forgottenWord
	return true
}
