package backup

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
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

// Follow collects everything that is written from now on, in a file in dir that nobody else sees. No transaction runs until
// begin is called, so that a backup can begin at the same instant.
func (t *Tap) Follow(dir string) (f *Follower, begin func(), err error) {
	spool, err := os.CreateTemp(dir, "follow-*.spool")
	if err != nil {
		return nil, nil, err
	}
	if runtime.GOOS != "windows" { // the system removes it when it is closed, also after a crash
		if err := os.Remove(spool.Name()); err != nil {
			return nil, nil, errors.Join(err, spool.Close())
		}
	}
	f = &Follower{tap: t, spool: spool}
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
	mu   sync.Mutex // held until what a transaction wrote is passed on, so that its order is that of the commits
}

// Update runs one transaction at a time.
func (k *tapped) Update(f func(store.Writer) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	followers := *k.tap.followers.Load()
	if len(followers) == 0 {
		return k.KV.Update(f)
	}
	var wrote *recorder
	err := k.KV.Update(func(w store.Writer) error {
		wrote = &recorder{Writer: w, block: []byte{k.part}}
		return f(wrote)
	})
	for _, follower := range followers {
		switch {
		case err != nil: // perhaps some of it is kept
			follower.fail(fmt.Errorf("the store failed: %w", err))
		case len(wrote.block) > 1:
			follower.add(wrote.block)
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
	tap   *Tap
	spool *os.File // of whole blocks

	mu        sync.Mutex // guards the rest
	read, end int64      // of the spool
	failed    error
}

// add takes what a transaction wrote. It never holds the transaction up.
func (f *Follower) add(content []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return
	}
	block := frame(changesBlock, content)
	if f.end-f.read+int64(len(block)) > maxSpool {
		f.failed = ErrBehind
	} else if _, err := f.spool.WriteAt(block, f.end); err != nil {
		f.failed = err
	} else {
		f.end += int64(len(block))
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
	err := f.spool.Close()
	if runtime.GOOS == "windows" {
		err = errors.Join(err, os.Remove(f.spool.Name()))
	}
	return err
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
		end, err := f.whole()
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
		for more := true; more && err == nil; {
			more, err = f.sendSome(w.out, end)
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

// whole returns how much is in the spool.
func (f *Follower) whole() (end int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end, f.failed
}

// sendSome sends the next changes up to an end, and reports whether there are more.
func (f *Follower) sendSome(to io.Writer, end int64) (more bool, err error) {
	n := min(end-f.read, sendBytes) // only this goroutine changes read
	if n > 0 {
		if _, err := io.Copy(to, io.NewSectionReader(f.spool, f.read, n)); err != nil {
			return false, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read += n
	if f.failed != nil {
		return false, f.failed
	}
	if f.read == f.end && f.end > sendBytes { // all is sent, and its room is given back
		f.read, f.end = 0, 0
		return false, f.spool.Truncate(0)
	}
	return f.read < end, nil
}

// frame returns a block.
func frame(kind byte, content []byte) []byte {
	block := make([]byte, 0, len(content)+9)
	block = binary.BigEndian.AppendUint32(append(block, kind), uint32(len(content)))
	block = append(block, content...)
	return binary.BigEndian.AppendUint32(block, crc32.Checksum(block, castagnoli))
}
