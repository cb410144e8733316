package world

import (
	"context"
	"testing"
	"time"
)

// TestWorlds starts each world, and looks at whether it has what its pages need.
func TestWorlds(t *testing.T) {
	for name, start := range map[string]func(context.Context, string) (*World, error){"filled": Filled, "empty": Empty, "hostile": Hostile, "demo": Demo} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			w, err := start(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Log(time.Since(began))
			t.Log(w.Places)
			if err := w.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
