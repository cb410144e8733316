package bolt

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// maxMapped is how much of files the process may have in its memory, in bytes, before the
// pages of the store are given back. They stay in the page cache of the system, from which
// they are had again in less than a microsecond each.
const maxMapped = 256 << 20

// lookEvery is how often that is looked at.
const lookEvery = 100 * time.Millisecond

// giveBack lets go of the mapped pages where there are many. Every page that was ever read
// stays mapped otherwise, and counts as the process's memory, up to the size of the file:
// operators who limit memory would have to guess. It is called by the writer, as only the
// writer maps the file anew.
func (k *KV) giveBack() {
	now := time.Now()
	if now.Sub(k.looked) < lookEvery {
		return
	}
	k.looked = now
	if mapped() > maxMapped {
		k.unmap()
	}
}

// unmap lets go of every page. It is a wish: where it is not granted, all is as before.
// The size of what is committed is always mapped; that of the file may reach beyond the
// map, where memory may be anybody's.
func (k *KV) unmap() {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, k.db.Info().Data, uintptr(k.Size()), syscall.MADV_DONTNEED)
}

// mapped is how much of files the process has in its memory; 0 where nobody can say.
func mapped() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[2]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
