package postgres

import (
	"bytes"
	"fmt"

	"github.com/tidwall/btree"

	"nudge/store"
)

// put is a key that a transaction writes.
type put struct {
	bucket  store.Bucket
	key     string
	value   []byte // nil: it is deleted
	was     bool   // there is a row of it, of a versioned bucket
	version uint64 // of that row
}

// writer reads as its reader does, and what was written.
type writer struct {
	reader
	written [len(store.Buckets)]*btree.BTreeG[*put]
}

// Get returns the value of a key.
func (t *writer) Get(b store.Bucket, key []byte) []byte {
	if t.written[b] != nil {
		if w, ok := t.written[b].Get(&put{key: string(key)}); ok {
			return w.value
		}
	}
	return t.reader.Get(b, key)
}

// Put writes a key.
func (t *writer) Put(b store.Bucket, key, value []byte) error {
	return t.write(b, key, append(make([]byte, 0, len(value)), value...))
}

// Delete deletes a key.
func (t *writer) Delete(b store.Bucket, key []byte) error { return t.write(b, key, nil) }

func (t *writer) write(b store.Bucket, key, value []byte) error {
	switch {
	case len(key) == 0:
		return errNoKey
	case len(key) > maxKey:
		return fmt.Errorf("%s: %w", b, errLongKey)
	}
	if t.written[b] == nil {
		t.written[b] = btree.NewBTreeGOptions(func(x, y *put) bool { return x.key < y.key }, btree.Options{NoLocks: true})
	}
	t.written[b].Set(&put{bucket: b, key: string(key), value: value})
	return nil
}

// Ascend visits the keys from a place on.
func (t *writer) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	t.Within(b, from, nil, visit)
}

// Within visits the keys of a range.
func (t *writer) Within(b store.Bucket, from, to []byte, visit func(key, value []byte) bool) {
	m := &merge{written: t.written[b], place: string(from), visit: visit}
	if to != nil {
		m.inside = func(key string) bool { return key < string(to) }
	}
	m.next = func(place string) (w *put) {
		m.written.Ascend(&put{key: place}, func(x *put) bool {
			w = x
			return false
		})
		return w
	}
	m.past = func(key string) string { return key + "\x00" }
	m.sign = 1
	m.run(func(visit func(key, value []byte) bool) { t.reader.Within(b, from, to, visit) })
}

// Descend visits the keys before a place, last first.
func (t *writer) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	m := &merge{written: t.written[b], place: string(before), visit: visit, sign: -1}
	first := before == nil
	m.next = func(place string) (w *put) {
		each := func(x *put) bool {
			if !first && x.key >= place {
				return true
			}
			w = x
			return false
		}
		if first {
			m.written.Reverse(each)
		} else {
			m.written.Descend(&put{key: place}, each)
		}
		return w
	}
	m.past = func(key string) string {
		first = false
		return key
	}
	m.run(func(visit func(key, value []byte) bool) { t.reader.Descend(b, before, visit) })
}

// merge visits what is stored and what was written in one order.
type merge struct {
	written *btree.BTreeG[*put]
	place   string                       // where the rest of what was written begins
	next    func(place string) *put      // the first one of the rest
	past    func(key string) string      // where the rest begins behind a key
	inside  func(key string) bool        // nil: there is no end
	visit   func(key, value []byte) bool // of the caller
	sign    int                          // of the order
	stopped bool
}

func (m *merge) run(stored func(func(key, value []byte) bool)) {
	if m.written == nil {
		stored(m.visit)
		return
	}
	stored(func(key, value []byte) bool {
		if !m.upTo(key) {
			return false
		}
		if w := m.next(m.place); w != nil && w.key == string(key) {
			m.place = m.past(w.key)
			if value = w.value; value == nil {
				return true
			}
		}
		m.stopped = !m.visit(key, value)
		return !m.stopped
	})
	if !m.stopped {
		m.upTo(nil)
	}
}

// upTo visits what was written before a key; all of it if that is nil.
func (m *merge) upTo(key []byte) bool {
	for !m.stopped {
		w := m.next(m.place)
		if w == nil || m.inside != nil && !m.inside(w.key) || key != nil && bytes.Compare([]byte(w.key), key)*m.sign >= 0 {
			break
		}
		m.place = m.past(w.key)
		m.stopped = w.value != nil && !m.visit([]byte(w.key), w.value)
	}
	return !m.stopped
}

// changes returns what was written, without what changes nothing as far as is known. Of records in versioned buckets it finds out the
// rows that they replace.
func (t *writer) changes() (all []put) {
	var unknown []want
	var at []int
	for b, written := range t.written {
		if written == nil {
			continue
		}
		written.Scan(func(w *put) bool {
			value, version, known := t.begin().get(w.bucket, []byte(w.key))
			t.end()
			switch {
			case known && (value == nil) == (w.value == nil) && bytes.Equal(value, w.value):
				return true
			case !known && versioned(w.bucket):
				unknown = append(unknown, want{bucket: store.Bucket(b), from: []byte(w.key), key: true, limit: 1})
				at = append(at, len(all))
			}
			w.was, w.version = value != nil, version
			all = append(all, *w)
			return true
		})
	}
	if len(unknown) == 0 {
		return all
	}
	for i, rows := range t.fetch(unknown) {
		if len(rows) > 0 {
			all[at[i]].was, all[at[i]].version = true, rows[0].version
		}
	}
	return all
}
