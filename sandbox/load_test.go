package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"nudge/sandbox"
)

// TestMemoryStaysFlat sends far more than is kept, has everybody act, and looks at the
// heap after a third of it and at the end.
func TestMemoryStaysFlat(t *testing.T) {
	clock := newFakeClock()
	s, err := sandbox.New(sandbox.Config{Keep: 1000, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const size, batches = 250, 60
	body := "[" + strings.Repeat(typical+",", size-1) + typical + "]"
	var after [batches + 1]uint64
	for i := 1; i <= batches; i++ {
		r := httptest.NewRequest(http.MethodPost, "/cpaas/messages/batch", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer token")
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); w.Code != http.StatusAccepted {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		clock.advance(time.Minute)
		if i == batches/3 || i == batches {
			after[i] = heap()
		}
	}
	if first, last := after[batches/3], after[batches]; last > first+1<<20 {
		t.Errorf("got %d bytes after %d sends and %d after %d", first, size*batches/3, last, size*batches)
	}
	want := sandbox.Stats{Requests: batches, Accepted: size * batches, Delivered: size * batches, Read: size * batches, Kept: 1000}
	if got := s.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools held is free only now
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
