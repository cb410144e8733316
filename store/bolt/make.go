package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nudge/store"
)

// ErrStoreExists is returned by [Make] where there is a store already.
var ErrStoreExists = errors.New("there is a store already: take another folder, or move it away")

// Make makes the files of a new store in a data folder, one for each partition, and lets fill put records into them. Until fill has
// ended and everything is on the disk, the files have temporary names, and that of the first partition comes last: a crash leaves
// no half-made store. It fails where there is a store already.
func Make(dir string, partitions int, fill func([]store.KV) error) (err error) {
	if err := makeFolder(dir); err != nil {
		return fmt.Errorf("make a new store in %s: %w", dir, err)
	}
	locked, err := lock(dir, readWrite)
	if err != nil {
		return fmt.Errorf("open the store %s: %w", filepath.Join(dir, FileName), err)
	}
	defer func() { err = errors.Join(err, unlock(locked)) }()
	if err := clearHalf(dir); err != nil {
		return err
	}
	for n := range max(partitions, len(Paths(dir))) {
		path := filepath.Join(dir, fileName(n))
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return errors.Join(fmt.Errorf("%w: %s", ErrStoreExists, path), err)
		}
	}
	if err := makeFiles(dir, partitions, fill); err != nil {
		for n := range partitions {
			err = errors.Join(err, removeFile(tempName(dir, n)))
		}
		return err
	}
	for n := partitions - 1; n >= 0; n-- {
		if err := os.Rename(tempName(dir, n), filepath.Join(dir, fileName(n))); err != nil {
			return err
		}
	}
	return syncFolder(dir)
}

// clearHalf removes what a Make has left that was killed while it gave the files their names: the first one still has its
// temporary name then. Nothing else makes a file of that name, and Make begins only where there is no store.
func clearHalf(dir string) (err error) {
	_, whole := os.Lstat(filepath.Join(dir, FileName))
	_, half := os.Lstat(tempName(dir, 0))
	if !errors.Is(whole, os.ErrNotExist) || half != nil {
		return nil
	}
	for _, path := range Paths(dir)[1:] {
		err = errors.Join(err, removeFile(path))
	}
	return err
}

// tempName is the name of a partition's file that is not whole.
func tempName(dir string, partition int) string {
	return filepath.Join(dir, fileName(partition)+".made")
}

// makeFiles makes and fills the files under their temporary names.
func makeFiles(dir string, partitions int, fill func([]store.KV) error) (err error) {
	var all Files
	defer func() {
		for _, k := range all {
			err = errors.Join(err, k.Close())
		}
	}()
	for n := range partitions {
		temp := tempName(dir, n)
		if err := removeFile(temp); err != nil {
			return err
		}
		db, err := open(temp, readWrite)
		if err != nil {
			return err
		}
		db.NoSync = true // one sync at the end is enough
		file, err := os.Stat(temp)
		all = append(all, &KV{db: db, path: temp, file: file})
		if err := errors.Join(err, db.Update(makeBuckets)); err != nil {
			return err
		}
	}
	if err := fill(all.KVs()); err != nil {
		return err
	}
	for _, k := range all {
		if err := errors.Join(k.storeFree(), k.db.Sync()); err != nil {
			return err
		}
	}
	return nil
}
