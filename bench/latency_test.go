package bench

import (
	"testing"
	"time"
)

func TestLatency(t *testing.T) {
	var s stopwatch
	if s.latency() != nil {
		t.Error("nothing was timed, and there is a latency")
	}
	for ms := 101; ms > 0; ms-- {
		s.add(time.Duration(ms) * time.Millisecond)
	}
	want := Latency{Count: 101, P50: 51, P90: 91, P99: 100, Max: 101}
	if got := *s.latency(); got != want {
		t.Errorf("1 to 101 ms: %+v, want %+v", got, want)
	}
}
