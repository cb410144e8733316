package main

import (
	"runtime"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for live, want := range map[int64]int64{
		0: 128 << 20, 60 << 20: 128 << 20, 100 << 20: 164 << 20, 1 << 30: 3 << 29,
	} {
		if got := memoryLimit(live); got != want {
			t.Errorf("with %d MiB alive the limit is %d MiB, want %d", live>>20, got>>20, want>>20)
		}
	}
	kept := make([]byte, 8<<20)
	runtime.GC()
	if live := liveHeap(); live < int64(len(kept)) {
		t.Errorf("%d bytes are said to live, and %d do", live, len(kept))
	}
	runtime.KeepAlive(kept)
}
