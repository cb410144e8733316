package postgres

import (
	"bytes"
	"sync"

	"github.com/tidwall/btree"

	"nudge/store"
)

// cache is what is known of a partition: keys with their values, keys that are not there, and gaps between keys in which
// there is nothing. It is never wrong, because only the owner of a partition changes it, and tells the cache. When it is
// full, what was not used for the longest time is forgotten.
type cache struct {
	mu      sync.Mutex
	buckets [len(store.Buckets)]shelf
	most    int // bytes
	bytes   int
	recent  entry // the ring of entries by last use: recent.older was used last
}

// shelf is a bucket in the cache.
type shelf struct {
	entries *btree.BTreeG[*entry]
	// floor is a key before which there is nothing. It stays when the entries at the head of a bucket are forgotten, so that the dead
	// rows that a queue leaves at its head are not read again.
	floor string
}

// entry is a key in the cache.
type entry struct {
	bucket  store.Bucket
	key     string
	value   []byte // nil: the key is not there
	known   bool   // otherwise the entry only ends a gap
	joined  bool   // there is nothing between this key and the next entry, or the end of the bucket
	version uint64 // of the row, in a versioned bucket

	older, newer *entry
}

// entryBytes is about what an entry takes beside its key and value.
const entryBytes = 160

func (e *entry) size() int { return entryBytes + len(e.key) + len(e.value) }

func newCache(most int) *cache {
	c := &cache{most: most}
	c.recent.older, c.recent.newer = &c.recent, &c.recent
	return c
}

// shelf returns a bucket. Each begins with an entry for the empty key, which no record has.
func (c *cache) shelf(b store.Bucket) *shelf {
	s := &c.buckets[b]
	if s.entries == nil {
		s.entries = btree.NewBTreeGOptions(func(x, y *entry) bool { return x.key < y.key }, btree.Options{NoLocks: true, Degree: 16})
		s.entries.Set(&entry{bucket: b, known: true})
	}
	return s
}

// before returns the entry at a key, or the last one before it.
func (s *shelf) before(key string) (found *entry) {
	s.entries.Descend(&entry{key: key}, func(e *entry) bool {
		found = e
		return false
	})
	return found
}

// below returns the last entry before a key.
func (s *shelf) below(key string) (found *entry) {
	s.entries.Descend(&entry{key: key}, func(e *entry) bool {
		found = e
		return e.key == key
	})
	return found
}

// use notes that an entry was used just now.
func (c *cache) use(e *entry) {
	if e.key == "" {
		return
	}
	if e.older != nil {
		e.older.newer, e.newer.older = e.newer, e.older
	}
	e.older, e.newer = c.recent.older, &c.recent
	e.older.newer, e.newer.older = e, e
}

// at returns the entry for a key, and makes one that knows nothing if there is none.
func (c *cache) at(b store.Bucket, key string) *entry {
	s := c.shelf(b)
	before := s.before(key)
	if before.key == key {
		c.use(before)
		return before
	}
	e := &entry{bucket: b, key: key, joined: before.joined}
	s.entries.Set(e)
	c.bytes += e.size()
	c.use(e)
	return e
}

// set notes what is at a key.
func (c *cache) set(b store.Bucket, key string, value []byte, version uint64) *entry {
	e := c.at(b, key)
	c.bytes += len(value) - len(e.value)
	e.value, e.known, e.version = value, true, version
	return e
}

// trim forgets entries until the cache is small enough.
func (c *cache) trim() {
	for c.bytes > c.most && c.recent.newer != &c.recent {
		c.drop(c.recent.newer)
	}
}

// drop forgets an entry.
func (c *cache) drop(e *entry) {
	s := c.shelf(e.bucket)
	before := s.below(e.key)
	gone := e.known && e.value == nil // then two gaps become one
	if before.key == "" && before.joined && !(gone && e.joined) {
		s.floor = max(s.floor, e.key)
	}
	before.joined = before.joined && e.joined && gone
	s.entries.Delete(e)
	e.older.newer, e.newer.older = e.newer, e.older
	c.bytes -= e.size()
}

// get returns the value of a key, and whether it is known.
func (c *cache) get(b store.Bucket, key []byte) (value []byte, version uint64, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.shelf(b).before(string(key))
	if e.key == string(key) {
		c.use(e)
		return e.value, e.version, e.known
	}
	return nil, 0, e.joined
}

// commit notes what a commit wrote.
func (c *cache) commit(writes []put, version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range writes {
		e := c.set(w.bucket, w.key, w.value, version)
		s := c.shelf(w.bucket)
		if w.value != nil {
			s.floor = min(s.floor, w.key)
		} else if e.joined && s.below(w.key).joined {
			c.drop(e)
		}
	}
	c.trim()
}

// pair is a key with its value.
type pair struct{ key, value []byte }

// walked is how far a walk through the cache came.
type walked struct {
	pairs []pair
	ended bool   // there is nothing more in the range
	gap   []byte // where nothing is known any more; nil: the walk may go on in the cache
}

// walkSlice is how many pairs one walk returns at most.
const walkSlice = 64

// walk returns the first pairs of a range; a nil to stands for the end of the bucket.
func (c *cache) walk(b store.Bucket, from, to []byte, most int) (w walked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shelf(b)
	last := s.before(string(from))
	if last.key < string(from) && !last.joined {
		return walked{gap: from}
	}
	beyond := func(e *entry) bool { return to != nil && e.key >= string(to) }
	visit := func(e *entry) bool {
		switch {
		case e != last && !last.joined:
			w.end(last, to)
			return false
		case beyond(e):
			w.ended = true
			return false
		case !e.known:
			w.gap = []byte(e.key)
			return false
		}
		c.use(e)
		last = e
		if e.value != nil {
			w.pairs = append(w.pairs, pair{[]byte(e.key), e.value})
		}
		return len(w.pairs) < most
	}
	s.entries.Ascend(&entry{key: string(from)}, visit)
	if !w.ended && w.gap == nil && len(w.pairs) < most {
		w.end(last, to)
	}
	return w
}

// end ends a walk behind an entry.
func (w *walked) end(last *entry, to []byte) {
	gap := []byte{} // at the head of the bucket
	if last.key != "" {
		gap = append([]byte(last.key), 0)
	}
	if w.ended = last.joined || to != nil && bytes.Compare(gap, to) >= 0; !w.ended {
		w.gap = gap
	}
}

// walkDown returns the last pairs before a key, last first; a nil before stands for the end of the bucket. A gap is then the key before
// which nothing is known, or nil with unknown for the end of the bucket.
func (c *cache) walkDown(b store.Bucket, before []byte, most int) (w walked, unknown bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shelf(b)
	w.gap = before
	visit := func(e *entry) bool {
		if before != nil && e.key >= string(before) {
			return true
		}
		if !e.joined {
			unknown = true
			return false
		}
		if !e.known {
			w.gap, unknown = append([]byte(e.key), 0), true
			return false
		}
		c.use(e)
		w.gap, w.ended = []byte(e.key), e.key == ""
		if e.value != nil {
			w.pairs = append(w.pairs, pair{[]byte(e.key), e.value})
		}
		return len(w.pairs) < most
	}
	if before == nil {
		s.entries.Reverse(visit)
	} else {
		s.entries.Descend(&entry{key: string(before)}, visit)
	}
	return w, unknown
}

// afterFloor returns the later one of a key and the floor of a bucket.
func (c *cache) afterFloor(b store.Bucket, from []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if floor := c.buckets[b].floor; floor > string(from) {
		return []byte(floor)
	}
	return from
}

// learn notes what a read has found: the rows are all there is from a key on, either to the end of the range or, if
// there are more, to the last row. A nil end stands for the end of the bucket.
func (c *cache) learn(b store.Bucket, from, to []byte, rows []row, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if more {
		to = rows[len(rows)-1].key
	}
	first := c.at(b, string(from))
	if to != nil {
		c.at(b, string(to))
	}
	for i := range rows {
		c.set(b, string(rows[i].key), rows[i].value, rows[i].version)
	}
	s := c.shelf(b)
	s.entries.Ascend(first, func(e *entry) bool {
		if to != nil && e.key >= string(to) {
			return false
		}
		e.joined, e.known = true, true // what is not among the rows is not there
		return true
	})
	if len(from) == 0 && len(rows) > 0 {
		s.floor = string(rows[0].key)
	}
	c.trim()
}

// learnKey notes what a read has found at one key.
func (c *cache) learnKey(b store.Bucket, key, value []byte, version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(b, string(key), value, version)
	c.trim()
}
