package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// standing is a runner whose step has taken as long as it says.
type standing struct {
	stopped
	d time.Duration
}

func (s standing) Standing() time.Duration { return s.d }

// TestReadyWhileTheEngineMoves: a server whose engine has been at one step for over a second is
// alive, and not ready.
func TestReadyWhileTheEngineMoves(t *testing.T) {
	for d, status := range map[time.Duration]int{0: 200, time.Second: 200, 1001 * time.Millisecond: 503, time.Minute: 503} {
		kept, err := store.Open(new(memory.KV))
		must(t, err)
		s, err := server.New(server.Config{Runner: standing{d: d}, Store: kept})
		must(t, err)
		for path, want := range map[string]int{"/-/ready": status, "/-/healthy": 200} {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != want || want == 503 && !strings.Contains(w.Body.String(), "busy with one step") {
				t.Errorf("%s after %s: %d %s, want %d", path, d, w.Code, w.Body, want)
			}
		}
	}
}
