//go:build canary

package simtest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCanaries builds the simulator over an engine with a fault, one canary at a time, and
// shows that it finds it within as many seeds as the canary says. The faults are laid over
// the sources when they are compiled (go test -overlay), so the engine itself knows nothing
// of them.
func TestCanaries(t *testing.T) {
	for _, path := range canaryPaths(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { sing(t, readCanary(t, path)) })
	}
}

func sing(t *testing.T, c *canary) {
	dir := t.TempDir()
	changed := filepath.Join(dir, "changed.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {c.source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{changed: []byte(c.broken), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "sim.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, "-overlay", filepath.Join(dir, "overlay.json"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// A fault may take all memory, or have no end.
	args := []string{"-c", `ulimit -v 8000000; exec "$@"`, "sh", binary, "-test.run", c.test + "$", "-test.timeout", "20m", "-quick", "-seed", "1", "-seeds", fmt.Sprint(c.seeds)}
	out, err := exec.Command("sh", args...).CombinedOutput()
	if err == nil {
		t.Fatalf("%d seeds did not find it", c.seeds)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "seed ") || strings.Contains(line, "panic") {
			t.Log(strings.TrimSpace(line))
			return
		}
	}
	t.Fatalf("it failed otherwise:\n%s", out)
}
