package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// gcPercent lets the heap grow to three times what lives in it before it is collected.
	// With Go's own 100 a fifth of the time under load goes into collecting, and with more
	// than 200 the memory that it takes is no longer repaid.
	gcPercent = 200
	// usualMemory is what the process may take beside what is mapped of its file, in bytes.
	// People who wait are in the file, so that is mostly enough.
	usualMemory = 128 << 20
	// heapRoom is how much more than what lives the heap may be at least, in bytes, so that
	// collecting never becomes all that is done.
	heapRoom = 64 << 20
	// heapEvery is how often that is looked at.
	heapEvery = time.Second
)

// keepHeapSmall collects garbage seldom while there is little, and keeps the process's
// memory within bounds, unless the environment says how (GOGC, GOMEMLIMIT). It returns at
// once and goes on until ctx ends.
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

// memoryLimit is what the process may take where so much of its heap lives.
func memoryLimit(live int64) int64 { return max(usualMemory, live+max(heapRoom, live/2)) }

// liveHeap is how much the last collection left, in bytes.
func liveHeap() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}
