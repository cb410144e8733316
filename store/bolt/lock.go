package bolt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// LockName is the lock's file within the data folder. It is another file than the store's, so
// that two servers never share a folder, even if somebody removes or replaces the store's file
// under one of them. It stays when nobody holds the lock.
const LockName = "nudge.lock"

// lockAgain is how long a process waits before it tries to get the lock again.
const lockAgain = 50 * time.Millisecond

// lock locks a data folder, or fails with ErrLocked after LockTimeout. Closing the file releases
// the lock. Whoever only reads and may write nothing in the folder gets nil and needs none.
func lock(dir string, to access) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, LockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		if to == readOnly && (errors.Is(err, fs.ErrPermission) || errors.Is(err, errReadOnly)) {
			return nil, nil
		}
		return nil, err
	}
	for end := time.Now().Add(LockTimeout); ; time.Sleep(lockAgain) {
		locked, err := tryLock(f, to)
		switch {
		case locked:
			return f, nil
		case err != nil:
			return nil, errors.Join(err, f.Close())
		case time.Now().After(end):
			return nil, errors.Join(ErrLocked, f.Close())
		}
	}
}

// LockFolder locks a folder for one process, as a store's folder is, or fails with ErrLocked. Closing the file releases the lock.
func LockFolder(dir string) (*os.File, error) { return lock(dir, readWrite) }

// unlock releases a lock.
func unlock(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}
