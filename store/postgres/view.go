package postgres

import (
	"errors"
	"sync"
	"time"

	"nudge/store"
)

// viewCache is how many bytes a transaction that only reads keeps of what it read.
const viewCache = 8 << 20

// partitionOf is a store.KV of one partition.
type partitionOf interface {
	store.KV
	of() (d *Database, partition int)
}

// readOnly reads a partition of which this process need not be the owner.
type readOnly struct {
	d         *Database
	partition int
}

var errReadOnly = errors.New("only the owner of a partition can change it")

// Reader returns what reads a partition; its Update returns an error. Every View is of one instant and may take five seconds.
func (d *Database) Reader(partition int) store.KV { return &readOnly{d, partition} }

func (k *readOnly) of() (d *Database, partition int) { return k.d, k.partition }

func (k *readOnly) View(f func(store.Reader) error) error {
	return k.d.view([]int{k.partition}, func(r []store.Reader) error { return f(r[0]) })
}

func (k *readOnly) Update(func(store.Writer) error) error { return errReadOnly }

func (k *readOnly) Close() error { return nil }

// ViewTogether reads partitions of one database at one instant.
func (k *readOnly) ViewTogether(all []store.KV, f func([]store.Reader) error) (possible bool, err error) {
	return k.d.viewTogether(all, f)
}

func (d *Database) viewTogether(all []store.KV, f func([]store.Reader) error) (possible bool, err error) {
	partitions := make([]int, len(all))
	for i, kv := range all {
		k, ok := kv.(partitionOf)
		if !ok {
			return false, nil
		}
		of, partition := k.of()
		if of != d {
			return false, nil
		}
		partitions[i] = partition
	}
	return true, d.view(partitions, f)
}

// view reads partitions at one instant.
func (d *Database) view(partitions []int, f func([]store.Reader) error) error {
	s := d.snapshot()
	defer s.end()
	defer s.close()
	readers := make([]store.Reader, len(partitions))
	for i, n := range partitions {
		readers[i] = newReader(&cached{newCache(viewCache), func(w []want) [][]row { return s.fetch(n, w) }})
	}
	return guarded(func() error { return f(readers) })
}

// pages reads a partition in pages, each as it is when it is read.
type pages struct{ readOnly }

// Pages returns what reads a partition in pages: its View may take as long as it wants, and is not of one instant. It is for
// walks through everything, as in a store that nobody has open.
func (d *Database) Pages(partition int) store.KV { return &pages{readOnly{d, partition}} }

func (k *pages) View(f func(store.Reader) error) error {
	r := newReader(&cached{newCache(viewCache), func(w []want) [][]row { return k.d.fetch(k.partition, w) }})
	return guarded(func() error { return f(r) })
}

// ViewTogether is not possible.
func (k *pages) ViewTogether([]store.KV, func([]store.Reader) error) (possible bool, err error) {
	return false, nil
}

// A View of the owner holds back its commits while it reads from the cache and fills it: for so many trips at most, and
// so long beside them.
const (
	holdTrips = 4
	holdTime  = 50 * time.Millisecond
)

// ownView is the source of a View of the owner. It begins with the cache that all share; meanwhile the partition's commits wait, so
// that cache and database agree. If it takes longer, it goes on with a snapshot of that instant, and nobody waits for it any more.
type ownView struct {
	o     *owned
	mu    sync.Mutex
	trips int
	since time.Time   // when it began, or its last trip ended
	timer *time.Timer // of leaveSoon
	apart *snapshot   // nil: it still holds back commits
	cache *cache      // of what is read apart
	over  bool
}

func (v *ownView) begin() *cache {
	v.mu.Lock()
	if v.apart != nil {
		return v.cache
	}
	return v.o.cache
}

func (v *ownView) end() { v.mu.Unlock() }

func (v *ownView) fetch(wants []want) [][]row {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.trips++; v.trips > holdTrips {
		v.leave()
	}
	if v.apart != nil {
		return v.apart.fetch(v.o.partition, wants)
	}
	defer func() { v.since = time.Now() }()
	return v.o.d.fetch(v.o.partition, wants)
}

// leave goes on with a snapshot.
func (v *ownView) leave() {
	if v.apart != nil || v.over {
		return
	}
	defer v.o.gate.RUnlock()
	v.apart, v.cache = v.o.d.snapshot(), newCache(viewCache)
	v.apart.ahead = true
	v.apart.hold()
}

// leaveSoon is called by a timer. Trips do not count: who loads something large from a slow database needs the cache after that.
func (v *ownView) leaveSoon() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if rest := holdTime - time.Since(v.since); rest > 0 && v.apart == nil && !v.over {
		v.timer.Reset(rest)
		return
	}
	if err := guarded(func() error { v.leave(); return nil }); err != nil {
		v.apart.broken = err // the next read says so
	}
}

// close ends the View.
func (v *ownView) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
	v.timer.Stop()
	if v.apart == nil {
		v.o.gate.RUnlock()
		return
	}
	v.apart.close()
	v.apart.end()
}
