package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// gcPercent lets the heap grow to three times its live size before a collection. With
	// Go's default of 100, collecting takes a fifth of the time under load. Above 200, the
	// extra memory saves too little time.
	gcPercent = 200
	// usualMemory is how much memory the process may take beside the mapped file, in
	// bytes. Waiting runs live on disk, so this is usually enough.
	usualMemory = 128 << 20
	// heapRoom is the smallest allowed growth of the heap above its live size, in bytes.
	// It prevents the process from only collecting garbage.
	heapRoom = 64 << 20
	// heapEvery is how often the limit is updated.
	heapEvery = time.Second
)

// keepHeapSmall collects garbage rarely while there is little, and limits the process's
// memory, unless the environment sets this (GOGC, GOMEMLIMIT). It returns at once and
// works until ctx ends.
func keepHeapSmall(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(usualMemory)
	go func() {
		tick := time.NewTicker(heapEvery)
		defer tick.Stop()
		for last := int64(usualMemory); ; {
			select {
			case <-tick.C:
				if limit := memoryLimit(liveHeap()); limit != last { // setting it stops everything for a moment
					debug.SetMemoryLimit(limit)
					last = limit
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}

// memoryLimit returns how much memory the process may take with this live heap.
func memoryLimit(live int64) int64 { return max(usualMemory, live+max(heapRoom, live/2)) }

// liveHeap returns the size of the heap after the last collection, in bytes.
func liveHeap() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}
