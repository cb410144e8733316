package engine

// table holds the records of one kind that a batch may touch: as they were stored, and as
// the batch has made them so far.
type table[K comparable, V any] struct {
	slots map[K]*slot[V]
	order []K // of the records that the batch wrote, in the order in which it first did
	undo  *undoLog
}

// slot is one record before the batch and now. A record that is handed out is never changed
// in place: an input that changes it works on a clone.
type slot[V any] struct {
	before  *V // as stored; nil for a record that was not
	now     *V // nil for a record that is gone
	written bool
	mark    int // of the input that made now
	touched int // mark of the last input by which something happened to it
}

func newTable[K comparable, V any](undo *undoLog, size int) table[K, V] {
	return table[K, V]{slots: make(map[K]*slot[V], size), undo: undo}
}

// load takes a record as it was stored.
func (t *table[K, V]) load(key K, v *V) { t.slots[key] = &slot[V]{before: v, now: v} }

// get returns a record as it is now, or nil. It is not to be changed.
func (t *table[K, V]) get(key K) *V {
	if s := t.slots[key]; s != nil {
		return s.now
	}
	return nil
}

// edit returns a record for changing. Clone copies what is there, which may be nil, once for
// each input. What is done to the copy is undone by rollback.
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

// put takes a record in place of what was there; nil takes it away.
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

// changed returns the records that are not as they were stored, in the order in which the
// batch first wrote them.
func (t *table[K, V]) changed() []*slot[V] {
	var all []*slot[V]
	for _, key := range t.order {
		if s := t.slots[key]; s.now != s.before {
			all = append(all, s)
		}
	}
	return all
}

// undoLog takes back what an input has changed.
type undoLog struct {
	steps []func()
	mark  int // counts begins, so that an input clones a record once
}

func (u *undoLog) add(step func()) { u.steps = append(u.steps, step) }

// begin marks the point to which rollback returns.
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
