package engine

import (
	"cmp"
	"fmt"
	"slices"

	"nudge/flows"
)

// Needs is everything an input may touch, known before it is applied.
type Needs struct {
	People []string  // all live runs of these people
	Keys   []KeyNeed // live runs with these keys, at most MaxRunsPerInput plus one
	Runs   []RunID   // these runs, live or ended
	IDs    []string  // the remembered answers to these ids

	ProviderIDs []string // the runs that sent these messages, and the receipts that wait for them

	Campaigns []uint64      // these campaigns; the campaigns of loaded runs are added
	Members   []MemberKey   // these people of campaigns
	Versions  []FlowVersion // these versions, which are not in use
	Sweeps    []Sweep       // the next MaxSweep people of campaigns, with their runs
}

// KeyNeed asks for the live runs with a key that began after a given run.
type KeyNeed struct {
	FlowKey
	After RunID
}

// Compare orders needs by key.
func (k KeyNeed) Compare(other KeyNeed) int {
	return cmp.Or(k.FlowKey.Compare(other.FlowKey), k.After.Compare(other.After))
}

// FlowKey is a key of the runs of one flow.
type FlowKey struct {
	Flow string
	Key  string
}

// Compare orders keys by flow and key.
func (k FlowKey) Compare(other FlowKey) int {
	return cmp.Or(cmp.Compare(k.Flow, other.Flow), cmp.Compare(k.Key, other.Key))
}

// Remembered is the first answer to an id.
type Remembered struct {
	ID     string
	Stamp  Instant
	Digest uint64 // of the first body that used the id
	Answer Answer
}

// WorkingSet holds the records that one batch may touch, with the batch's changes. It
// belongs to one batch and one goroutine.
type WorkingSet struct {
	undo      undoLog
	runs      table[RunID, Run]
	known     table[string, Person]
	orphans   table[string, Orphan]
	campaigns table[uint64, Campaign]
	members   table[MemberKey, Member]

	people map[string][]RunID  // live runs, in order; a key for every person loaded
	keys   map[FlowKey][]RunID // live runs, in order; a key for every key loaded
	sent   map[string][]RunID  // runs by the provider's ID of their messages, in order; a key for every ID loaded
	ids    map[string]*Remembered

	versions map[FlowVersion]*flows.Flow // that are not in use
	newIDs   []*Remembered
}

// Loaded holds the records that a store returns for needs.
type Loaded struct {
	Runs   []*Run
	People []*Person // the named people and the people of the runs; a person without data is absent
	IDs    []*Remembered
	Beside []string // people of parked runs: all their live runs are loaded, too

	Orphans   []*Orphan
	Campaigns []*Campaign
	Members   []*Member

	Versions []*flows.Flow // those that are there

	Damaged []RunID // runs whose records cannot be read: they count as absent

	// Truncated holds the keys with more runs than were loaded. Their runs are complete only
	// for the first input of a batch.
	Truncated map[FlowKey]bool
}

// TruncatedFor reports whether one of the needs was not loaded in full.
func (l *Loaded) TruncatedFor(needs *Needs) bool {
	return len(l.Truncated) > 0 && slices.ContainsFunc(needs.Keys, func(k KeyNeed) bool { return l.Truncated[k.FlowKey] })
}

// NewWorkingSet returns a set with the records that were loaded for the needs. The set then
// owns the records.
func NewWorkingSet(needs *Needs, loaded *Loaded) *WorkingSet {
	runs := loaded.Runs
	ws := &WorkingSet{
		people: make(map[string][]RunID, len(needs.People)),
		keys:   make(map[FlowKey][]RunID, len(needs.Keys)),
		sent:   make(map[string][]RunID, len(needs.ProviderIDs)),
		ids:    make(map[string]*Remembered, len(needs.IDs)),
	}
	ws.runs = newTable[RunID, Run](&ws.undo, len(runs))
	ws.known = newTable[string, Person](&ws.undo, len(loaded.People))
	ws.orphans = newTable[string, Orphan](&ws.undo, len(loaded.Orphans))
	ws.campaigns = newTable[uint64, Campaign](&ws.undo, len(loaded.Campaigns))
	ws.members = newTable[MemberKey, Member](&ws.undo, len(loaded.Members))
	for _, id := range needs.ProviderIDs {
		ws.sent[id] = nil
	}
	for _, f := range loaded.Versions {
		if ws.versions == nil {
			ws.versions = map[FlowVersion]*flows.Flow{}
		}
		ws.versions[FlowVersion{f.Name, f.Version}] = f
	}
	for _, o := range loaded.Orphans {
		ws.orphans.load(o.ProviderID, o)
	}
	for _, f := range loaded.Campaigns {
		ws.campaigns.load(f.Number, f)
	}
	for _, m := range loaded.Members {
		ws.members.load(m.MemberKey, m)
	}
	for _, p := range needs.People {
		ws.people[p] = nil
	}
	for _, p := range loaded.Beside {
		ws.people[p] = nil
	}
	for _, k := range needs.Keys {
		ws.keys[k.FlowKey] = nil
	}
	for _, id := range needs.IDs {
		ws.ids[id] = nil
	}
	for _, r := range loaded.IDs {
		ws.ids[r.ID] = r
	}
	for _, p := range loaded.People {
		ws.known.load(p.ID, p)
	}
	slices.SortFunc(runs, func(a, b *Run) int { return a.ID.Compare(b.ID) })
	for _, r := range runs {
		if ws.runs.get(r.ID) != nil {
			continue
		}
		ws.runs.load(r.ID, r)
		ws.enlist(r)
		ws.enlistSent(r)
	}
	return ws
}

// enlist adds a live run to the loaded people and keys it belongs to.
func (ws *WorkingSet) enlist(r *Run) {
	if !r.Live() {
		return
	}
	if list, ok := ws.people[r.Profile]; ok {
		ws.people[r.Profile] = append(list, r.ID)
	}
	key := FlowKey{r.Flow, r.Key}
	if list, ok := ws.keys[key]; ok && r.Key != "" {
		ws.keys[key] = append(list, r.ID)
	}
}

// liveOf returns the live runs of a person, oldest first.
func (ws *WorkingSet) liveOf(profile string) []*Run {
	ids, ok := ws.people[profile]
	if !ok {
		panic(fmt.Sprintf("engine: person %q was not loaded", profile))
	}
	return ws.live(ids)
}

// liveWith returns the live runs with a key, oldest first.
func (ws *WorkingSet) liveWith(key FlowKey) []*Run {
	ids, ok := ws.keys[key]
	if !ok {
		panic(fmt.Sprintf("engine: key %q of flow %s was not loaded", key.Key, key.Flow))
	}
	return ws.live(ids)
}

func (ws *WorkingSet) live(ids []RunID) []*Run {
	runs := make([]*Run, 0, len(ids))
	for _, id := range ids {
		if r := ws.runs.get(id); r.Live() {
			runs = append(runs, r)
		}
	}
	return runs
}

// Run returns a run of the set as it is now, or nil.
func (ws *WorkingSet) Run(id RunID) *Run { return ws.runs.get(id) }

// touch records that the current input touches the run, and reports whether it is the first
// time.
func (ws *WorkingSet) touch(id RunID) (first bool) {
	s := ws.runs.slots[id]
	first, s.touched = s.touched != ws.undo.mark, ws.undo.mark
	return first
}

// edit returns the run for changing. Rollback undoes the changes.
func (ws *WorkingSet) edit(id RunID) *Run { return ws.runs.edit(id, (*Run).clone) }

// add adds a run that the current input starts.
func (ws *WorkingSet) add(r *Run) {
	ws.runs.put(r.ID, r).touched = ws.undo.mark
	people, keys := ws.people[r.Profile], ws.keys[FlowKey{r.Flow, r.Key}]
	ws.enlist(r)
	ws.undo.add(func() {
		ws.people[r.Profile] = people
		if _, ok := ws.keys[FlowKey{r.Flow, r.Key}]; ok {
			ws.keys[FlowKey{r.Flow, r.Key}] = keys
		}
	})
}

// revive lists a run that lives again among those of its person and its key, in the order of the IDs.
func (ws *WorkingSet) revive(r *Run) {
	people, listed := ws.people[r.Profile]
	key := FlowKey{r.Flow, r.Key}
	keys, keyed := ws.keys[key]
	with := func(list []RunID) []RunID {
		at, found := slices.BinarySearchFunc(list, r.ID, RunID.Compare)
		if found {
			return list
		}
		return slices.Insert(slices.Clone(list), at, r.ID)
	}
	if listed {
		ws.people[r.Profile] = with(people)
		ws.undo.add(func() { ws.people[r.Profile] = people })
	}
	if keyed && r.Key != "" {
		ws.keys[key] = with(keys)
		ws.undo.add(func() { ws.keys[key] = keys })
	}
}

// person returns what is known of a person, or nil. The caller must not change it.
func (ws *WorkingSet) person(id string) *Person { return ws.known.get(id) }

// editPerson returns what is known of a person for changing. Rollback undoes the changes.
func (ws *WorkingSet) editPerson(id string) *Person {
	return ws.known.edit(id, func(p *Person) *Person {
		if p == nil {
			return &Person{ID: id}
		}
		return p.clone()
	})
}

// People returns the people whose data the batch has changed, in the order of their ids. A
// zero Person was forgotten.
func (ws *WorkingSet) People() (changed []*Person) {
	for _, s := range ws.known.changed() {
		changed = append(changed, s.now)
	}
	slices.SortFunc(changed, func(a, b *Person) int { return cmp.Compare(a.ID, b.ID) })
	return changed
}

// remember keeps the answer to an id.
func (ws *WorkingSet) remember(r *Remembered) {
	ws.ids[r.ID] = r
	ws.newIDs = append(ws.newIDs, r)
}

// Change is one run before and after a batch.
type Change struct {
	Before *Run // nil for a run that the batch started
	After  *Run
}

// Changes returns the runs that the batch changed, in the order of their first
// change, and the answers to remember.
func (ws *WorkingSet) Changes() ([]Change, []*Remembered) {
	changes := make([]Change, len(ws.runs.order))
	for i, id := range ws.runs.order { // a written run always differs from the stored one
		s := ws.runs.slots[id]
		changes[i] = Change{Before: s.before, After: s.now}
	}
	return changes, ws.newIDs
}
