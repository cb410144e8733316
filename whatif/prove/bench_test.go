package prove_test

import (
	"os"
	"path/filepath"
	"testing"

	"nudge/flows"
	"nudge/whatif/prove"
)

// BenchmarkProject is the time to prove all flows of each example, and of the ten flows.
func BenchmarkProject(b *testing.B) {
	for _, dir := range projects(b) {
		p, list := flows.Load(os.DirFS(dir))
		if list.HasErrors() {
			b.Fatal(list)
		}
		b.Run(filepath.Base(dir), func(b *testing.B) {
			for b.Loop() {
				prove.Project(p)
			}
		})
	}
}
