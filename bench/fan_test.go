package bench

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func idle(t *testing.T) *session {
	return &session{ctx: t.Context(), Config: Config{Callers: 8}.withDefaults(Workload{Runs: 1})}
}

// TestFan verifies that every number is called once, also in batches.
func TestFan(t *testing.T) {
	var called [1000]atomic.Int32
	err := idle(t).fan("fan", len(called), 8, func(i int) error { called[i].Add(1); return nil })
	if err != nil {
		t.Fatal(err)
	}
	err = idle(t).batches("batches", len(called), 300, 8, func(first, behind int) error {
		for i := first; i < behind; i++ {
			called[i].Add(1)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range called {
		if n := called[i].Load(); n != 2 {
			t.Errorf("%d was called %d times, want twice", i, n)
		}
	}
}

// TestFanEnds verifies that the first error stops fan, and that fan returns it.
func TestFanEnds(t *testing.T) {
	broken, calls := errors.New("broken"), 0
	err := idle(t).fan("fan", 1000, 1, func(i int) error {
		calls++
		if i == 10 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || calls != 11 {
		t.Errorf("it ended with %v after %d calls, want %v after 11", err, calls, broken)
	}
}

// TestPace verifies that all numbers are called, that closing over stops the calls, and
// that the first error stops them.
func TestPace(t *testing.T) {
	var mu sync.Mutex
	var called []int
	note := func(i int) error {
		mu.Lock()
		defer mu.Unlock()
		called = append(called, i)
		return nil
	}
	if err := idle(t).pace(5, 1000, nil, note); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(called); !slices.Equal(called, []int{0, 1, 2, 3, 4}) {
		t.Errorf("called were %v", called)
	}
	over := make(chan struct{})
	close(over)
	calls := atomic.Int32{}
	if err := idle(t).pace(1_000_000, 1, over, func(int) error { calls.Add(1); return nil }); err != nil || calls.Load() > 1 {
		t.Errorf("it was over, and there were %d calls, %v", calls.Load(), err)
	}
	broken := errors.New("broken")
	if err := idle(t).pace(1_000_000, 1000, nil, func(int) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("it ended with %v, want %v", err, broken)
	}
}

// TestParkEvent verifies the size of the data in park's events.
func TestParkEvent(t *testing.T) {
	for _, n := range []int{0, 7, 12_345_678} {
		plain, whole := len(eventOf(nil, n, nil)), len(parkEvent(nil, n))
		if whole-plain != parkData {
			t.Errorf("event %d has %d bytes of data, want %d", n, whole-plain, parkData)
		}
	}
}

func TestPoints(t *testing.T) {
	for runs, want := range map[int][]int{40: {40}, 10_000: {10_000}, 50_000: {10_000, 50_000}, 1_000_000: {10_000, 100_000, 1_000_000}} {
		if got := pointsTo(runs); !slices.Equal(got, want) {
			t.Errorf("up to %d: %v, want %v", runs, got, want)
		}
	}
}
