package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

const (
	// compactTx is how many bytes of records one transaction of a compaction copies. The
	// compaction takes about this much memory.
	compactTx = 8 << 20
	// compactFill is how full a compaction makes pages. It leaves a little space for
	// changes in place.
	compactFill = 0.9
	// entryBytes is the overhead of a record in a page, beside its key and value.
	entryBytes = 16
	// spareRoom is the space that the copy may need beyond the bytes in use: pages are not
	// quite full, and the file grows in steps.
	spareRoom = 32 << 20
)

// Compacted has the size of a store's files before and after a compaction, in bytes.
type Compacted struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Compact reclaims disk space from deleted records, file by file. It copies the used part to a second
// file, and replaces the store's file with the copy once it is whole and durable. A crash
// leaves the old file or the new one, and perhaps half a copy, which the next compaction
// removes. If ctx ends or something fails before the replacement, the file is unchanged.
// It fails with ErrLocked while a server has the files open.
//
// Progress is called now and then with the bytes of a file copied so far and about how many there
// are. It may be nil.
func Compact(ctx context.Context, dir string, progress func(done, whole int64)) (c Compacted, err error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); err != nil {
		return c, err
	}
	locked, err := lock(dir, readWrite)
	if err != nil {
		return c, fmt.Errorf("open the store %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock(locked)) }()
	for _, path := range Paths(dir) {
		one, err := compactFile(ctx, path, progress)
		if err != nil {
			return c, err
		}
		c.Before, c.After = c.Before+one.Before, c.After+one.After
	}
	return c, nil
}

// compactFile compacts a file in a folder that is locked.
func compactFile(ctx context.Context, path string, progress func(done, whole int64)) (c Compacted, err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return c, err
	}
	from, err := open(path, readWrite)
	if err != nil {
		return c, fmt.Errorf("open the store %s: %w", path, err)
	}
	// The lock is held until the new file is in place. A process that waits for the lock
	// then opens the new file: see replaced.
	defer func() { err = errors.Join(err, from.Close()) }()
	before, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	used := before.Size() - freeBytes(from)
	if err := haveRoom(filepath.Dir(path), used+used/8+spareRoom); err != nil {
		return c, err
	}
	temp := path + ".compact"
	if progress == nil {
		progress = func(_, _ int64) {}
	}
	if err := writeCopy(ctx, temp, from, before, func(done int64) { progress(min(done, used), used) }); err != nil {
		return c, errors.Join(fmt.Errorf("copy %s: %w", path, err), removeFile(temp))
	}
	after, err := os.Stat(temp)
	if err != nil {
		return c, err
	}
	if err := os.Rename(temp, path); err != nil {
		return c, errors.Join(err, removeFile(temp))
	}
	return Compacted{before.Size(), after.Size()}, syncFolder(filepath.Dir(path))
}

// writeCopy makes a durable copy of a store's file, with the same owner and mode.
func writeCopy(ctx context.Context, temp string, from *bbolt.DB, as os.FileInfo, progress func(done int64)) error {
	if err := removeFile(temp); err != nil {
		return err
	}
	to, err := open(temp, readWrite)
	if err != nil {
		return err
	}
	to.NoSync, to.AllocSize = true, 0 // one sync at the end is enough, and the file gets no spare space
	err = errors.Join(copyAll(ctx, to, from, progress), ctx.Err())
	if err == nil {
		err = errors.Join((&KV{db: to}).storeFree(), to.Sync())
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	return errors.Join(os.Chmod(temp, as.Mode()), KeepOwner(temp, as))
}

// copyAll copies every bucket.
func copyAll(ctx context.Context, to, from *bbolt.DB, progress func(done int64)) error {
	done := int64(0)
	return from.View(func(t *bbolt.Tx) error {
		return t.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if err := to.Update(func(t *bbolt.Tx) error { _, err := t.CreateBucket(name); return err }); err != nil {
				return err
			}
			c := b.Cursor()
			for k, v := c.First(); k != nil; {
				if err := ctx.Err(); err != nil {
					return err
				}
				before := done
				if err := to.Update(func(t *bbolt.Tx) (err error) {
					into := t.Bucket(name)
					into.FillPercent = compactFill
					for ; k != nil && err == nil && done < before+compactTx; k, v = c.Next() {
						done += int64(len(k) + len(v) + entryBytes)
						err = into.Put(k, v)
					}
					return err
				}); err != nil {
					return err
				}
				progress(done)
			}
			return nil
		})
	})
}

// removeFile removes a file, if it is there.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// haveRoom fails if the disk of a folder has less free space than needed. If the free
// space is unknown, the copy is tried.
func haveRoom(dir string, need int64) error {
	free, _, known := diskSpace(dir)
	if known && free < need {
		return fmt.Errorf("the copy may take %d MiB beside the file, and %d MiB are free in %s", need>>20, free>>20, dir)
	}
	return nil
}

// freeBytes returns how many bytes of the file are unused.
func freeBytes(db *bbolt.DB) int64 {
	stats := db.Stats()
	return int64(stats.FreePageN+stats.PendingPageN) * int64(db.Info().PageSize)
}

// replaced reports whether the path now leads to another file than the opened one: a
// compaction has replaced it while we waited for its lock. Writes to the old file would be
// lost.
func replaced(path string, opened os.FileInfo) bool {
	now, err := os.Stat(path)
	return err != nil || !os.SameFile(now, opened)
}
