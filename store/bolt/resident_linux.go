package bolt

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

// maxMapped is how many bytes of files the process may have in its memory before it
// releases the pages of the store. The pages stay in the page cache of the system; reading
// one again takes less than a microsecond.
const maxMapped = 256 << 20

// lookEvery is how often the writer checks this.
const lookEvery = 100 * time.Millisecond

// giveBack releases the mapped pages when there are many. Otherwise every page that was
// ever read stays mapped and counts as the process's memory, up to the size of the file.
// Operators who limit memory would have to guess. Only the writer calls it, because only
// the writer maps the file again.
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

// unmap releases every page. It is only a request: if the system refuses, nothing changes.
// It covers the committed size, which is always mapped. The file may be larger than the
// map, and the memory after the map may belong to something else.
func (k *KV) unmap() {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, k.db.Info().Data, uintptr(k.Size()), syscall.MADV_DONTNEED)
}

// Release gives the pages that reading has mapped back to the system, if there are many: see
// giveBack. It is for readers of the whole file, and safe beside a writer: while a transaction is
// open, nobody maps the file again.
func (k *KV) Release() error { return k.releaseAbove(maxMapped) }

func (k *KV) releaseAbove(limit int64) error {
	if mapped() <= limit {
		return nil
	}
	return k.db.View(func(t *bbolt.Tx) error {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, k.db.Info().Data, uintptr(t.Size()), syscall.MADV_DONTNEED)
		return nil
	})
}

// mapped returns how many bytes of files the process has in its memory; 0 if that is
// unknown.
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
