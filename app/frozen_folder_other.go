//go:build !linux && !darwin

package app

import "os"

const canLockFolders = false

// lockFolder locks nothing, so folders that were left stay.
func lockFolder(dir string) (lock *os.File, locked bool, err error) {
	lock, err = os.Open(dir)
	return lock, err == nil, err
}
