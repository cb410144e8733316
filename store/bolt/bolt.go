// Package bolt keeps a store's records in one bbolt file. It is the default store.
package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"nudge/store"
)

// FileName is the store's file within the data folder.
const FileName = "nudge.db"

// LockTimeout is how long Open waits for another process to release the file.
const LockTimeout = 2 * time.Second

// initialMap is the address space that is mapped at first, in bytes. A large map means
// that a growing file is rarely mapped again, and mapping again waits for every reader. It
// takes no memory and no disk.
const initialMap = 4 << 30

// maxKept is the largest number of free pages that a commit writes down.
const maxKept = 4096

// ErrLocked is returned by Open when another process holds the file.
var ErrLocked = errors.New("another process has the store open; talk to the running server instead, or stop it first")

// KV is a store.KV in a bbolt file. It is safe for concurrent use.
type KV struct {
	db     *bbolt.DB
	looked time.Time // when the writer last checked how much of the file is in memory
}

var _ store.KV = (*KV)(nil)

// Open opens the store's file in the data folder. It creates the folder and the file if
// they do not exist. A new file has a temporary name until it is whole, so a crash leaves
// no half-made file.
func Open(dir string) (*KV, error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := create(dir, path); err != nil {
			return nil, fmt.Errorf("make a new store in %s: %w", dir, err)
		}
	}
	db, err := open(path, readWrite)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	k := &KV{db: db}
	k.unmap() // after a crash, opening reads every page to find the free ones
	return k, nil
}

// OpenExisting opens the store's file in the data folder for reading only.
func OpenExisting(dir string) (*KV, error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := open(path, readOnly)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	return &KV{db: db}, nil
}

// access is what a process may do with a file.
type access bool

const (
	readWrite access = false
	readOnly  access = true
)

func open(path string, to access) (*bbolt.DB, error) {
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
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := open(temp, readWrite)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, b := range store.Buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(b.String())); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes a rename within the folder durable.
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
	return k.db.View(func(t *bbolt.Tx) error { return f(newTx(t)) })
}

// Update runs f in a write transaction and returns when the transaction is on disk.
func (k *KV) Update(f func(store.Writer) error) error {
	return k.db.Update(func(t *bbolt.Tx) error {
		k.giveBack()
		k.keepFree()
		return f(newTx(t))
	})
}

// Close waits for the running transactions and closes the file.
func (k *KV) Close() error {
	if !k.db.IsReadOnly() {
		k.storeFree()
	}
	return k.db.Close()
}

// storeFree writes down all free pages, whatever their number. If it fails, the next start
// takes longer; nothing else goes wrong.
func (k *KV) storeFree() {
	_ = k.db.Update(func(*bbolt.Tx) error {
		k.db.NoFreelistSync = false
		return nil
	})
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
	t       *bbolt.Tx
	buckets [len(store.Buckets)]*bbolt.Bucket
}

func newTx(t *bbolt.Tx) *tx { return &tx{t: t} }

func (t *tx) bucket(b store.Bucket) *bbolt.Bucket {
	if t.buckets[b] == nil {
		t.buckets[b] = t.t.Bucket([]byte(b.String()))
		if fill := b.Fill(); fill > 0 {
			t.buckets[b].FillPercent = fill
		}
	}
	return t.buckets[b]
}

func (t *tx) Get(b store.Bucket, key []byte) []byte { return t.bucket(b).Get(key) }

func (t *tx) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	c := t.bucket(b).Cursor()
	for k, v := c.Seek(from); k != nil; k, v = c.Next() {
		if !visit(k, v) {
			return
		}
	}
}

func (t *tx) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	c := t.bucket(b).Cursor()
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

func (t *tx) Put(b store.Bucket, key, value []byte) error { return t.bucket(b).Put(key, value) }

func (t *tx) Delete(b store.Bucket, key []byte) error { return t.bucket(b).Delete(key) }
