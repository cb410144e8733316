package flows

import (
	"os"
	"sync"
	"testing"
)

// TestConcurrentLoads holds that projects can be loaded side by side: what expressions
// share is never written.
func TestConcurrentLoads(t *testing.T) {
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			if _, list := Load(os.DirFS("testdata/every")); list.HasErrors() {
				t.Error(list.Err())
			}
		})
	}
	done.Wait()
}
