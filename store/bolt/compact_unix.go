//go:build linux || darwin

package bolt

import (
	"os"
	"syscall"
)

// diskFree returns how many bytes we may still write to the disk of a folder.
func diskFree(dir string) (free int64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}

// keepOwner gives a file the owner of another file, so that a compaction by root does not
// change the owner of the store.
func keepOwner(path string, as os.FileInfo) error {
	now, err := os.Stat(path)
	if err != nil {
		return err
	}
	want, is := as.Sys().(*syscall.Stat_t), now.Sys().(*syscall.Stat_t)
	if want.Uid == is.Uid && want.Gid == is.Gid {
		return nil
	}
	return os.Chown(path, int(want.Uid), int(want.Gid))
}
