//go:build linux || darwin

package app

import (
	"errors"
	"os"
	"syscall"
)

const canLockFolders = true

// lockFolder locks a folder unless another process has it; the lock ends with the process, or when the file is closed.
func lockFolder(dir string) (lock *os.File, locked bool, err error) {
	if lock, err = os.Open(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, false, nil
		}
		return nil, false, err
	}
	switch err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return lock, true, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = nil
	}
	return nil, false, errors.Join(err, lock.Close())
}
