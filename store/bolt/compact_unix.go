//go:build linux || darwin

package bolt

import (
	"os"
	"syscall"
)

// mountedReadOnly is the flag of a file system that takes no writes, the same on both systems.
const mountedReadOnly = 1

// diskSpace returns how many bytes we may still write to the disk of a folder, and whether it
// takes no writes.
func diskSpace(dir string) (free int64, readOnly, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false, false
	}
	return int64(s.Bavail) * int64(s.Bsize), s.Flags&mountedReadOnly != 0, true
}

// KeepOwner gives a file the owner of another file, so that a compaction by root does not
// change the owner of the store.
func KeepOwner(path string, as os.FileInfo) error {
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
