package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nudge/store"
)

// Files are the files of a store: one, or one for each of its partitions, in their order. The first one has the lock of
// all.
type Files []*KV

// fileName is the name of a partition's file within the data folder.
func fileName(partition int) string {
	if partition == 0 {
		return FileName
	}
	return fmt.Sprintf("nudge-%d.db", partition)
}

// Paths returns the paths of a store's files in a data folder, in the order of their partitions; that of the first one in
// any case.
func Paths(dir string) []string {
	paths := []string{filepath.Join(dir, FileName)}
	for {
		next := filepath.Join(dir, fileName(len(paths)))
		if _, err := os.Lstat(next); err != nil {
			return paths
		}
		paths = append(paths, next)
	}
}

// OpenAll opens the files of the store in the data folder. If there is none, it creates the folder and an empty file for each
// of so many partitions; what a store has does not change. A new file has a temporary name until it is whole, and that of the
// first partition comes last, so a crash leaves no half-made store.
func OpenAll(dir string, partitions int) (Files, error) {
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("make a new store in %s: %w", dir, err)
	}
	path := filepath.Join(dir, FileName)
	locked, err := lock(dir, readWrite)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		if err := createAll(dir, partitions); err != nil {
			return nil, errors.Join(fmt.Errorf("make a new store in %s: %w", dir, err), unlock(locked))
		}
	} else if _, err := os.Stat(path); err != nil {
		return nil, errors.Join(fmt.Errorf("%s leads to no file: %w", path, err), unlock(locked))
	}
	all, err := openAll(dir, readWrite, locked)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if err := k.settle(dir); err != nil {
			return nil, errors.Join(fmt.Errorf("open the store %s: %w", k.path, err), all.Close())
		}
		k.unmap() // after a crash, opening reads every page to find the free ones
	}
	return all, nil
}

// OpenExisting opens the files of the store in the data folder for reading only.
func OpenExisting(dir string) (Files, error) {
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	locked, err := lock(dir, readOnly)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	return openAll(dir, readOnly, locked)
}

// openAll opens the files of a folder that is locked. If it fails, the lock is released.
func openAll(dir string, to access, locked *os.File) (all Files, err error) {
	for _, path := range Paths(dir) {
		k, err := openKV(path, to, locked)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all, locked = append(all, k), nil // it is the first one's
	}
	return all, nil
}

// createAll makes the files of a new store.
func createAll(dir string, partitions int) error {
	for _, path := range Paths(dir)[1:] { // of a store whose making was cut short, or whose first file is gone
		if used, err := inUse(path); used || err != nil {
			return errors.Join(fmt.Errorf("%s has records, and %s is missing; put it back", path, FileName), err)
		}
	}
	for n := partitions - 1; n >= 0; n-- {
		if err := create(dir, filepath.Join(dir, fileName(n))); err != nil {
			return err
		}
	}
	return nil
}

// inUse reports whether a file has records.
func inUse(path string) (used bool, err error) {
	k, err := openKV(path, readOnly, nil)
	if err != nil {
		return false, err
	}
	err = k.View(func(r store.Reader) error {
		r.Ascend(store.Meta, nil, func(_, _ []byte) bool { used = true; return false })
		return nil
	})
	return used, errors.Join(err, k.Close())
}

// KVs returns the files as stores have them.
func (f Files) KVs() (all []store.KV) {
	for _, k := range f {
		all = append(all, k)
	}
	return all
}

// Close waits for the running transactions and closes the files.
func (f Files) Close() (err error) {
	for n := len(f) - 1; n >= 0; n-- { // the first one has the lock
		err = errors.Join(err, f[n].Close())
	}
	return err
}

// Size returns the size of all files in bytes.
func (f Files) Size() (size int64) {
	for _, k := range f {
		size += k.Size()
	}
	return size
}

// Free returns how many bytes of all files are unused; see [KV.Free].
func (f Files) Free() (free int64) {
	for _, k := range f {
		free += k.Free()
	}
	return free
}

// Space returns how many bytes may still be written to the disk of the files; see [KV.Space].
func (f Files) Space() (free int64, readOnly, known bool) { return f[0].Space() }

// Present returns ErrReplaced if a file is no longer at its path.
func (f Files) Present() (err error) {
	for _, k := range f {
		err = errors.Join(err, k.Present())
	}
	return err
}

// Release gives back what reading has mapped; see [KV.Release].
func (f Files) Release() (err error) {
	for _, k := range f {
		err = errors.Join(err, k.Release())
	}
	return err
}

// Parts returns the parts of all buckets of all files; see [KV.Parts].
func (f Files) Parts() (parts []Part, err error) {
	for _, k := range f {
		own, err := k.Parts()
		if err != nil {
			return nil, err
		}
		for i := range own {
			if parts == nil {
				parts = own
				break
			}
			parts[i].Records += own[i].Records
			parts[i].Bytes += own[i].Bytes
		}
	}
	return parts, nil
}
