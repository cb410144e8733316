//go:build !linux && !darwin

package bolt

import (
	"errors"
	"os"
)

// tryLock leaves the lock to bbolt, which locks the store's file itself.
func tryLock(*os.File, access) (locked bool, err error) { return true, nil }

// errReadOnly is the error of a file system that cannot be written to.
var errReadOnly = errors.ErrUnsupported
