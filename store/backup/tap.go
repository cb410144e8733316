package backup

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nudge/store"
)

const (
	// maxSpool is how many bytes of changes wait for a follower on the disk, while it takes the backup or is slow; beyond, it
	// is left behind, and has to begin again.
	maxSpool = 4 << 30
	// sendBytes is about how many bytes of changes are sent at a time.
	sendBytes = 1 << 20
	// aliveEvery is how often a follower hears up to when it has everything.
	aliveEvery = time.Second
)

// ErrBehind is returned to a follower that is too slow.
var ErrBehind = errors.New("too many changes wait for the follower")

// Tap passes on what is written into the partitions of a store to those who follow it. Without followers it costs nothing.
type Tap struct {
	parts     []*tapped
	followers atomic.Pointer[[]*Follower] // changed while no transaction runs
}

// NewTap returns a tap between a store and where it is kept.
func NewTap(kvs []store.KV) *Tap {
	t := new(Tap)
	t.followers.Store(new([]*Follower))
	for n, kv := range kvs {
		t.parts = append(t.parts, &tapped{KV: kv, tap: t, part: byte(n)})
	}
	return t
}

// KVs returns the partitions, for the store.
func (t *Tap) KVs() (all []store.KV) {
	for _, p := range t.parts {
		all = append(all, p)
	}
	return all
}

// Followers returns how many follow.
func (t *Tap) Followers() int { return len(*t.followers.Load()) }

// Follow collects everything that is written from now on, in files in dir that nobody else sees. While their disk is nearly full, only
// a little waits there. No transaction runs until
// begin is called, so that a backup can begin at the same instant.
func (t *Tap) Follow(dir string, full func() bool) (f *Follower, begin func(), err error) {
	spool, err := newSpool(dir)
	if err != nil {
		return nil, nil, err
	}
	f = &Follower{tap: t, full: full, spool: spool}
	resume := t.pause()
	all := append(slices.Clone(*t.followers.Load()), f)
	t.followers.Store(&all)
	return f, sync.OnceFunc(resume), nil
}

// pause returns when no transaction is under way, and lets none begin until resume is called.
func (t *Tap) pause() (resume func()) {
	for _, p := range t.parts {
		p.mu.Lock()
	}
	return func() {
		for _, p := range t.parts {
			p.mu.Unlock()
		}
	}
}

// tapped is a partition whose changes are passed on.
type tapped struct {
	store.KV
	tap  *Tap
	part byte
	mu   sync.Mutex // held for a transaction, so that followers get them in the order of the commits
}

// Update runs one transaction at a time.
func (k *tapped) Update(f func(store.Writer) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	followers := *k.tap.followers.Load()
	if len(followers) == 0 {
		return k.KV.Update(f)
	}
	told := false
	err := k.KV.Update(func(w store.Writer) error {
		wrote := &recorder{Writer: w, block: []byte{k.part}}
		if err := f(wrote); err != nil || len(wrote.block) == 1 {
			return err
		}
		// Before the commit: what another partition writes because of it comes after it.
		told = true
		for _, follower := range followers {
			follower.add(wrote.block)
		}
		return nil
	})
	if err != nil && told { // perhaps it is kept, perhaps not
		for _, follower := range followers {
			follower.fail(fmt.Errorf("the store failed: %w", err))
		}
	}
	return err
}

// recorder keeps what a transaction writes: the kind of each change, its bucket and key, and the value.
type recorder struct {
	store.Writer
	block []byte
}

const (
	putChange    = 'p'
	deleteChange = 'd'
)

func (r *recorder) Put(b store.Bucket, key, value []byte) error {
	r.note(putChange, b, key)
	r.block = append(binary.AppendUvarint(r.block, uint64(len(value))), value...)
	return r.Writer.Put(b, key, value)
}

func (r *recorder) Delete(b store.Bucket, key []byte) error {
	r.note(deleteChange, b, key)
	return r.Writer.Delete(b, key)
}

func (r *recorder) note(kind byte, b store.Bucket, key []byte) {
	name := b.String()
	r.block = append(binary.AppendUvarint(append(r.block, kind), uint64(len(name))), name...)
	r.block = append(binary.AppendUvarint(r.block, uint64(len(key))), key...)
}

// Follower collects what is written into a store.
type Follower struct {
	tap  *Tap
	full func() bool

	mu     sync.Mutex // guards the rest
	spool  *spool     // of whole blocks
	failed error
}

// add takes what a transaction wrote. It never holds the transaction up.
func (f *Follower) add(content []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return
	}
	block := frame(changesBlock, content)
	if waits := f.spool.bytes + int64(len(block)); waits > maxSpool || waits > sendBytes && f.full() {
		f.failed = errors.Join(ErrBehind, f.spool.drop())
	} else {
		f.failed = f.spool.add(block)
	}
}

func (f *Follower) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = err
}

// Close ends following.
func (f *Follower) Close() error {
	resume := f.tap.pause()
	left := slices.DeleteFunc(slices.Clone(*f.tap.followers.Load()), func(x *Follower) bool { return x == f })
	f.tap.followers.Store(&left)
	resume()
	return f.spool.close()
}

// Send writes what was written into the store since [Tap.Follow], and goes on until ctx ends or the follower fails. The stream goes
// behind the end of a backup that was begun after that. NewFiles returns the files that belong to the store and were not
// sent yet. What a transaction of the store needs of them is sent before it.
func (f *Follower) Send(ctx context.Context, to io.Writer, newFiles func() ([]File, error), now func() time.Time) error {
	w := &writer{ctx: ctx, out: to}
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		at := now()
		bytes, err := f.waiting()
		if err != nil {
			return err
		}
		files, err := newFiles()
		for _, file := range files {
			if err == nil {
				err = w.file(file)
			}
		}
		err = errors.Join(err, closeAll(files))
		for bytes > 0 && err == nil {
			var sent int64
			sent, err = f.sendSome(w.out, bytes)
			bytes -= sent
		}
		if err != nil {
			return err
		}
		alive, err := json.Marshal(Alive{at.UTC()})
		if err != nil {
			return err
		}
		if err := w.put(aliveBlock, alive); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// waiting returns how many bytes wait.
func (f *Follower) waiting() (bytes int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spool.bytes, f.failed
}

// sendSome sends the next bytes of changes, at most so many, and returns how many those are.
func (f *Follower) sendSome(to io.Writer, most int64) (n int64, err error) {
	next, err := f.next(min(most, sendBytes))
	if err != nil {
		return 0, err
	}
	if n, err = io.Copy(to, next); err != nil {
		return n, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return n, f.failed
	}
	return n, f.spool.take(n)
}

func (f *Follower) next(most int64) (*io.SectionReader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spool.next(most)
}

// frame returns a block.
func frame(kind byte, content []byte) []byte {
	block := make([]byte, 0, len(content)+9)
	block = binary.BigEndian.AppendUint32(append(block, kind), uint32(len(content)))
	block = append(block, content...)
	return binary.BigEndian.AppendUint32(block, crc32.Checksum(block, castagnoli))
}
