package engine

// table holds the records of one kind that a batch may touch: each as stored, and as the
// batch has changed it so far.
type table[K comparable, V any] struct {
	slots map[K]*slot[V]
	order []K // keys of the records that the batch wrote, in order of the first write
	undo  *undoLog
}

// slot is one record before the batch and now. A returned record is never changed in place:
// an input that changes it works on a clone.
type slot[V any] struct {
	before  *V // as stored; nil for a new record
	now     *V // nil for a deleted record
	written bool
	mark    int // mark of the input that made now
	touched int // mark of the last input that touched the record
}

func newTable[K comparable, V any](undo *undoLog, size int) table[K, V] {
	return table[K, V]{slots: make(map[K]*slot[V], size), undo: undo}
}

// load adds a stored record.
func (t *table[K, V]) load(key K, v *V) { t.slots[key] = &slot[V]{before: v, now: v} }

// get returns a record as it is now, or nil. The caller must not change it.
func (t *table[K, V]) get(key K) *V {
	if s := t.slots[key]; s != nil {
		return s.now
	}
	return nil
}

// edit returns a record for changing. It calls clone once for each input, with the current
// record, which may be nil. Rollback undoes changes to the copy.
func (t *table[K, V]) edit(key K, clone func(*V) *V) *V {
	s := t.slots[key]
	if s == nil || s.mark != t.undo.mark {
		var old *V
		if s != nil {
			old = s.now
		}
		s = t.put(key, clone(old))
	}
	return s.now
}

// put replaces a record; nil deletes it.
func (t *table[K, V]) put(key K, v *V) *slot[V] {
	s := t.slots[key]
	if s == nil {
		s = new(slot[V])
		t.slots[key] = s
	}
	old, mark, written := s.now, s.mark, s.written
	s.now, s.mark, s.written = v, t.undo.mark, true
	if !written {
		t.order = append(t.order, key)
	}
	t.undo.add(func() {
		s.now, s.mark, s.written = old, mark, written
		if !written {
			t.order = t.order[:len(t.order)-1]
		}
	})
	return s
}

// changed returns the records that differ from the stored ones, in order of the batch's
// first write.
func (t *table[K, V]) changed() []*slot[V] {
	var all []*slot[V]
	for _, key := range t.order {
		if s := t.slots[key]; s.now != s.before {
			all = append(all, s)
		}
	}
	return all
}

// undoLog undoes what an input has changed.
type undoLog struct {
	steps []func()
	mark  int // counts calls of begin, so that an input clones a record only once
}

func (u *undoLog) add(step func()) { u.steps = append(u.steps, step) }

// begin marks the state to which rollback returns.
func (u *undoLog) begin() {
	u.steps = u.steps[:0]
	u.mark++
}

// rollback undoes everything since begin.
func (u *undoLog) rollback() {
	for i := len(u.steps) - 1; i >= 0; i-- {
		u.steps[i]()
	}
	u.steps = u.steps[:0]
}
