//go:build linux || darwin

package bolt

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks a file unless another process has it. A shared lock allows other shared ones.
func tryLock(f *os.File, to access) (locked bool, err error) {
	how := syscall.LOCK_EX
	if to == readOnly {
		how = syscall.LOCK_SH
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// errReadOnly is the error of a file system that cannot be written to.
const errReadOnly = syscall.EROFS
