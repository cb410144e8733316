// Package bolt keeps a store's records in one bbolt file. It is the default store.
package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"nudge/store"
)

// FileName is the store's file within the data folder.
const FileName = "nudge.db"

// LockTimeout is how long a start waits for another process that has the data folder; then it
// fails and says so.
const LockTimeout = 2 * time.Second

// initialMap is the address space that is mapped at first, in bytes. A large map means
// that a growing file is rarely mapped again, and mapping again waits for every reader. It
// takes no memory and no disk.
const initialMap = 4 << 30

// maxKept is the largest number of free pages that a commit writes down.
const maxKept = 4096

// ErrLocked is returned by Open when another process holds the file.
var ErrLocked = errors.New("another process has the store open; talk to the running server instead, or stop it first")

// ErrReplaced is returned when the file of an open store is no longer at its path. What is
// written to it would be lost, so nothing more is.
var ErrReplaced = errors.New("the file of the store was removed or replaced while it was in use; put it back, and start again")

// KV is a store.KV in a bbolt file. It is safe for concurrent use.
type KV struct {
	db     *bbolt.DB
	lock   *os.File    // nil: none is needed
	path   string      // of the file
	file   os.FileInfo // the file when it was opened
	looked time.Time   // when the writer last checked how much of the file is in memory
	there  time.Time   // when the writer last checked that the file is at its path
}

var _ store.KV = (*KV)(nil)

// Open opens the file of a store that is not divided; see [OpenAll].
func Open(dir string) (*KV, error) {
	all, err := OpenAll(dir, 1)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		return nil, errors.Join(fmt.Errorf("the store in %s has %d partitions", dir, len(all)), all.Close())
	}
	return all[0], nil
}

// settle makes durable what a killed process has left in the page cache of the system: its last
// commit, perhaps without a sync, or the new name of a file. Otherwise the next commit could reach
// the disk before that one, and use pages that the disk still needs.
func (k *KV) settle(dir string) error { return errors.Join(k.db.Sync(), syncFolder(dir)) }

// openKV opens a file whose folder is locked. If it fails, the lock is released.
func openKV(path string, to access, locked *os.File) (*KV, error) {
	db, err := open(path, to)
	if err == nil {
		if err = hasBuckets(db); err != nil {
			err = errors.Join(where(path, err), db.Close())
		}
	}
	var file os.FileInfo
	if err == nil {
		file, err = os.Stat(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the store %s: %w", path, err), unlock(locked))
	}
	return &KV{db: db, lock: locked, path: path, file: file}, nil
}

// where names the page that a transaction met, if it is a page's fault.
func where(path string, err error) error {
	f, failed := os.Open(path)
	if failed != nil || !errors.Is(err, ErrDamaged) {
		return err
	}
	defer f.Close()
	if m, failed := readMeta(f); failed == nil {
		if damages, failed := verify(f, m); failed == nil && len(damages) > 0 {
			return damages[0]
		}
	}
	return err
}

// hasBuckets returns an error if one of the store's buckets is not there. The young ones may be missing: they are made
// by what is first written into them. So a bucket with an unknown name is an error, too: it may be one of those,
// with a name that is damaged.
func hasBuckets(db *bbolt.DB) error {
	return guarded(func() error {
		return db.View(func(t *bbolt.Tx) error {
			if err := t.ForEach(func(name []byte, _ *bbolt.Bucket) error {
				if !slices.ContainsFunc(store.Buckets[:], func(b store.Bucket) bool { return b.String() == string(name) }) {
					return fmt.Errorf("%w: it has a bucket %q, which this Nudge does not know; was it written by a newer one?", ErrDamaged, name)
				}
				return nil
			}); err != nil {
				return err
			}
			for _, b := range store.Buckets {
				if t.Bucket([]byte(b.String())) == nil && !b.Young() {
					return fmt.Errorf("%w: it has no %s", ErrDamaged, b)
				}
			}
			return nil
		})
	})
}

// access is what a process may do with a file.
type access bool

const (
	readWrite access = false
	readOnly  access = true
)

func open(path string, to access) (db *bbolt.DB, err error) {
	if err := inspect(path, to); err != nil && !(to == readWrite && errors.Is(err, os.ErrNotExist)) {
		return nil, err // bbolt would panic, or make a new store of an empty file
	}
	err = guarded(func() error {
		db, err = openGuarded(path, to)
		return err
	})
	return db, err
}

func openGuarded(path string, to access) (*bbolt.DB, error) {
	var opened os.FileInfo
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         LockTimeout,
		ReadOnly:        to == readOnly,
		FreelistType:    bbolt.FreelistMapType, // the array is slow on large files
		NoFreelistSync:  true,                  // see keepFree
		InitialMmapSize: initialMap,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file, err := os.OpenFile(name, flag, mode)
			if err == nil {
				opened, err = file.Stat()
			}
			return file, err
		},
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrLocked
	case err == nil && replaced(path, opened):
		if err := db.Close(); err != nil {
			return nil, err
		}
		return open(path, to)
	}
	return db, err
}

func create(dir, path string) error {
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := open(temp, readWrite)
	if err != nil {
		return err
	}
	err = db.Update(makeBuckets)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// makeFolder makes a folder and those above it, durable like what is going to be in them.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// syncFolder makes the names within the folder durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keepFree decides whether the current transaction writes down the free pages. With that
// list, opening takes no time; without it, opening reads every page of the file. The list
// costs one page in each commit, unless much was deleted. Then the commit leaves it out:
// opening after a crash may take seconds, but every commit saves milliseconds.
func (k *KV) keepFree() {
	stats := k.db.Stats()
	k.db.NoFreelistSync = stats.FreePageN+stats.PendingPageN > maxKept
}

// View runs f in a read transaction.
func (k *KV) View(f func(store.Reader) error) error {
	return guarded(func() error {
		return k.db.View(func(t *bbolt.Tx) error { return f(newTx(t)) })
	})
}

// Update runs f in a write transaction and returns when the transaction is on disk.
func (k *KV) Update(f func(store.Writer) error) error {
	return guarded(func() error {
		return k.db.Update(func(t *bbolt.Tx) error {
			if err := k.stillThere(); err != nil {
				return err
			}
			k.giveBack()
			k.keepFree()
			return f(newTx(t))
		})
	})
}

// Close waits for the running transactions and closes the file.
func (k *KV) Close() error {
	var err error
	if !k.db.IsReadOnly() {
		err = k.storeFree()
	}
	return errors.Join(err, k.db.Close(), unlock(k.lock))
}

// presentEvery is how long a writer trusts that the file is still at its path.
const presentEvery = time.Second

// stillThere returns ErrReplaced if the file is no longer at its path. It looks at most once a
// second. Only the writer calls it.
func (k *KV) stillThere() error {
	now := time.Now()
	if now.Sub(k.there) < presentEvery {
		return nil
	}
	k.there = now
	return k.Present()
}

// Path returns the path of the file.
func (k *KV) Path() string { return k.path }

// OthersMayRead reports whether other users of this machine may read the file.
func (k *KV) OthersMayRead() bool { return k.file.Mode().Perm()&0o077 != 0 }

// Present returns ErrReplaced if the file is no longer at its path.
func (k *KV) Present() error {
	if replaced(k.path, k.file) {
		return ErrReplaced
	}
	return nil
}

// Space returns how many bytes may still be written to the file's disk, and whether it takes
// no writes at all any more. It is not known on every system.
func (k *KV) Space() (free int64, readOnly, known bool) { return diskSpace(filepath.Dir(k.path)) }

// storeFree writes down all free pages, whatever their number. If it fails, nothing is lost: the
// next start takes longer. But the disk is not well.
func (k *KV) storeFree() error {
	err := k.db.Update(func(*bbolt.Tx) error {
		k.db.NoFreelistSync = false
		return nil
	})
	if err != nil {
		return fmt.Errorf("nothing is lost, but the list of free pages could not be written: %w", err)
	}
	return nil
}

// Size returns the file's size in bytes.
func (k *KV) Size() (size int64) {
	k.db.View(func(t *bbolt.Tx) error {
		size = t.Size()
		return nil
	})
	return size
}

// Free returns how many bytes of the file are unused. A compaction would release them, and
// writes use them before the file grows.
func (k *KV) Free() int64 { return freeBytes(k.db) }

type tx struct {
	t    *bbolt.Tx
	open [len(store.Buckets)]*openBucket
}

// openBucket is a bucket within a transaction. Its cursors are used again and again: a new one
// for each read takes three allocations, which were a fortieth of all.
type openBucket struct {
	*bbolt.Bucket
	get, walk *bbolt.Cursor // nil: none yet
	walking   bool          // walk is in use
}

func newTx(t *bbolt.Tx) *tx { return &tx{t: t} }

// bucket returns a bucket; nil for one that the file does not have yet.
func (t *tx) bucket(b store.Bucket) *openBucket {
	if t.open[b] == nil {
		bucket := t.t.Bucket([]byte(b.String()))
		if bucket == nil {
			return nil
		}
		t.opened(b, bucket)
	}
	return t.open[b]
}

func (t *tx) opened(b store.Bucket, bucket *bbolt.Bucket) {
	if fill := b.Fill(); fill > 0 {
		bucket.FillPercent = fill
	}
	t.open[b] = &openBucket{Bucket: bucket}
}

func (t *tx) Get(b store.Bucket, key []byte) []byte {
	bucket := t.bucket(b)
	if bucket == nil {
		return nil
	}
	if k, v := bucket.find(key); bytes.Equal(k, key) {
		return v
	}
	return nil
}

// find returns the first key that is not before the given one.
func (b *openBucket) find(key []byte) (k, v []byte) {
	if b.get == nil {
		b.get = b.Cursor()
	}
	return b.get.Seek(key)
}

func (t *tx) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	bucket := t.bucket(b)
	if bucket == nil {
		return
	}
	c := bucket.walk
	switch {
	case bucket.walking: // visit walks through the same bucket
		c = bucket.Cursor()
	case c == nil:
		c = bucket.Cursor()
		bucket.walk = c
		fallthrough
	default:
		bucket.walking = true
		defer func() { bucket.walking = false }()
	}
	for k, v := c.Seek(from); k != nil; k, v = c.Next() {
		if !visit(k, v) {
			return
		}
	}
}

func (t *tx) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	bucket := t.bucket(b)
	if bucket == nil {
		return
	}
	c := bucket.Cursor()
	k, v := c.Last()
	if before != nil {
		if found, _ := c.Seek(before); found != nil {
			k, v = c.Prev()
		} else {
			k, v = c.Last()
		}
	}
	for ; k != nil && (before == nil || bytes.Compare(k, before) < 0); k, v = c.Prev() {
		if !visit(k, v) {
			return
		}
	}
}

func (t *tx) Put(b store.Bucket, key, value []byte) error {
	if t.bucket(b) == nil {
		made, err := t.t.CreateBucket([]byte(b.String()))
		if err != nil {
			return err
		}
		t.opened(b, made)
	}
	return t.open[b].Put(key, value)
}

func (t *tx) Delete(b store.Bucket, key []byte) error {
	bucket := t.bucket(b)
	if bucket == nil {
		return nil
	}
	if k, _ := bucket.find(key); bytes.Equal(k, key) {
		return bucket.get.Delete()
	}
	return nil
}
