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

	"golang.org/x/tools/txtar"
)

// TestCanaries builds the simulator over an engine with a fault of the kind that it is
// there to find, one fault at a time, and shows that it finds it within as many seeds as
// the canary says. The faults are laid over the sources when they are compiled (go test
// -overlay), so the engine itself knows nothing of them.
//
// A canary is a file of testdata/canaries: what is wrong, "file:" and "seeds:", and the
// sections old and new, of which the first must stand in the file exactly once.
func TestCanaries(t *testing.T) {
	paths, err := filepath.Glob("testdata/canaries/*.txt")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d canaries: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { sing(t, path) })
	}
}

func sing(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil || len(archive.Files) != 2 {
		t.Fatalf("%d sections: %v", len(archive.Files), err)
	}
	file, seeds := "", 0
	for line := range strings.Lines(string(archive.Comment)) {
		fmt.Sscanf(line, "file: %s", &file)
		fmt.Sscanf(line, "seeds: %d", &seeds)
	}
	source, err := filepath.Abs(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.TrimSuffix(string(archive.Files[0].Data), "\n")
	if n := strings.Count(string(text), old); n != 1 {
		t.Fatalf("what it changes stands %d times in %s: bring the canary up to date", n, file)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, "changed.go")
	broken := strings.Replace(string(text), old, strings.TrimSuffix(string(archive.Files[1].Data), "\n"), 1)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{changed: []byte(broken), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "sim.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, "-overlay", filepath.Join(dir, "overlay.json"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(binary, "-test.run", "TestSeeds", "-quick", "-seed", "1", "-seeds", fmt.Sprint(seeds)).CombinedOutput()
	if err == nil {
		t.Fatalf("%d seeds did not find it", seeds)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "seed ") || strings.Contains(line, "panic") {
			t.Log(strings.TrimSpace(line))
			return
		}
	}
	t.Fatalf("it failed otherwise:\n%s", out)
}
