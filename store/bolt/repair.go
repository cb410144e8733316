package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"nudge/store"
)

// ErrExists is returned by Repair when there is something at the path of the new file.
var ErrExists = errors.New("a repair writes a new file, and this one exists")

// Repair reads what it can of a damaged file and writes it into a new one, which has a
// temporary name until it is whole and verified. It changes nothing of the old file. It fails with
// ErrLocked while a server has the old file open, and with ErrExists.
//
// Read and index are told how far the repair is, in bytes of the old file and in records of the
// new one. Both may be nil.
func Repair(ctx context.Context, from, into string, read func(done, whole int64), index func(done int)) (made *store.Repaired, damages []*Damage, err error) {
	if _, err := os.Lstat(into); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", into, ErrExists), err)
	}
	old, unlocked, err := openOld(from, read)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, old.Close(), unlocked()) }()
	temp := into + ".part"
	if err := removeFile(temp); err != nil {
		return nil, nil, err
	}
	if made, err = repairInto(ctx, old, temp, index); err == nil {
		err = checkRepaired(temp)
	}
	if err != nil {
		return nil, old.Damages, errors.Join(fmt.Errorf("repair %s: %w", from, err), removeFile(temp))
	}
	if err := os.Link(temp, into); err != nil { // unlike a rename, it replaces nothing
		return nil, old.Damages, errors.Join(err, removeFile(temp))
	}
	return made, old.Damages, errors.Join(removeFile(temp), syncFolder(filepath.Dir(into)))
}

// openOld opens the damaged file, and locks its folder if it is that of a server.
func openOld(path string, read func(done, whole int64)) (old *Salvage, unlocked func() error, err error) {
	var locked *os.File
	if _, err := os.Stat(path); err != nil {
		return nil, nil, err
	}
	if slices.Contains(Paths(filepath.Dir(path)), path) {
		if locked, err = lock(filepath.Dir(path), readOnly); err != nil {
			return nil, nil, fmt.Errorf("open the store %s: %w", path, err)
		}
	}
	if old, err = OpenSalvage(path, read); err != nil {
		return nil, nil, errors.Join(err, unlock(locked))
	}
	return old, func() error { return unlock(locked) }, nil
}

// repairInto writes the new file and makes it durable.
func repairInto(ctx context.Context, old *Salvage, path string, index func(done int)) (made *store.Repaired, err error) {
	db, err := open(path, readWrite)
	if err != nil {
		return nil, err
	}
	db.NoSync, db.AllocSize = true, 0 // one sync at the end is enough
	err = db.Update(makeBuckets)
	file, failed := os.Stat(path)
	k := &KV{db: db, path: path, file: file}
	if err = errors.Join(err, failed); err == nil {
		made, err = store.Repair(ctx, old, k, index)
	}
	if err == nil {
		err = errors.Join(k.storeFree(), db.Sync())
	}
	return made, errors.Join(err, db.Close())
}

// makeBuckets makes the buckets that every file has. The list of all buckets is rewritten by every commit, and one page of the
// file as long as it is short: a young bucket, which few stores need, is made when something is written into it.
func makeBuckets(tx *bbolt.Tx) error {
	for _, b := range store.Buckets {
		if b.Young() {
			continue
		}
		if _, err := tx.CreateBucketIfNotExists([]byte(b.String())); err != nil {
			return err
		}
	}
	return nil
}

// checkRepaired verifies a repaired file as nudge store check does.
func checkRepaired(path string) error {
	k, err := openKV(path, readOnly, nil)
	if err != nil {
		return err
	}
	damages, err := k.Verify()
	if err == nil && len(damages) > 0 {
		err = damages[0]
	}
	if err != nil {
		return errors.Join(err, k.Close())
	}
	s, err := store.Open(k)
	if err != nil {
		return err
	}
	report, err := s.Check()
	if err == nil && len(report.Problems) > 0 {
		err = fmt.Errorf("the new file has %d problems, the first: %s", len(report.Problems), report.Problems[0])
	}
	return errors.Join(err, s.Close())
}
