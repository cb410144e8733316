package bench

import (
	"slices"
	"sync"
	"time"
)

// Latency describes how long something took, in milliseconds.
type Latency struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// stopwatch collects durations. It is safe for concurrent use.
type stopwatch struct {
	mu   sync.Mutex
	took []time.Duration
}

func (s *stopwatch) add(d time.Duration) {
	s.mu.Lock()
	s.took = append(s.took, d)
	s.mu.Unlock()
}

// latency returns the collected durations as a Latency, or nil if there are none.
func (s *stopwatch) latency() *Latency {
	if len(s.took) == 0 {
		return nil
	}
	slices.Sort(s.took)
	at := func(q float64) float64 {
		return float64(s.took[int(q*float64(len(s.took)-1))]) / float64(time.Millisecond)
	}
	return &Latency{Count: len(s.took), P50: at(.5), P90: at(.9), P99: at(.99), Max: at(1)}
}
