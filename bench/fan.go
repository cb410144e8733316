package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// showEvery is how many calls are made between two progress reports.
const showEvery = 64

// fan calls f with 0 to n-1 from all callers, in about this order, and returns when all
// calls have returned. The first error stops it.
func (s *session) fan(phase string, n, callers int, f func(i int) error) error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var showing sync.Mutex
	var all sync.WaitGroup
	for range min(callers, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					cancel(err)
					return
				}
				if d := int(done.Add(1)); d%showEvery == 0 && showing.TryLock() {
					s.Show(phase, d, n)
					showing.Unlock()
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// pace calls f with 0, 1, 2 … at a fixed rate, even if earlier calls have not returned. It
// stops after n calls or when over is closed, and returns when all calls have returned.
// The first error stops it.
func (s *session) pace(n, perSecond int, over <-chan struct{}, f func(i int) error) error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	var all sync.WaitGroup
	for i := 0; i < n; i++ {
		select {
		case <-tick.C:
		case <-over:
			n = i
			continue
		case <-ctx.Done():
			n = i
			continue
		}
		all.Go(func() {
			if err := f(i); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
