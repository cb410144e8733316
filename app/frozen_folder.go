package app

import (
	"errors"
	"os"
	"path/filepath"
)

// frozenPrefix begins the names of the folders, below that of temporary files, in which nodes freeze audiences.
const frozenPrefix = "nudge-audiences-"

// newFrozenFolder makes a folder for audiences that are being frozen, and returns how to remove it. It removes those that
// processes left that were killed: they may have data of people.
func newFrozenFolder() (dir string, remove func() error, err error) {
	removeLeft()
	for {
		if dir, err = os.MkdirTemp("", frozenPrefix); err != nil {
			return "", nil, err
		}
		lock, locked, err := lockFolder(dir)
		if err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(dir))
		}
		if !locked { // another start takes it for one that was left
			continue
		}
		if _, err := os.Lstat(dir); err == nil {
			return dir, func() error { return errors.Join(os.RemoveAll(dir), lock.Close()) }, nil
		}
		lock.Close() // it was removed before it had its lock
	}
}

// removeLeft removes the folders that nobody has. What belongs to another user stays.
func removeLeft() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), frozenPrefix+"*"))
	for _, dir := range left {
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !canLockFolders {
			continue
		}
		if lock, locked, err := lockFolder(dir); err == nil && locked {
			os.RemoveAll(dir)
			lock.Close()
		}
	}
}
