package simtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// canary is a fault of the kind that the simulator is there to find. It is a file of
// testdata/canaries: what is wrong, "file:" and "seeds:", "test:" where it is not TestSeeds that finds it, and the sections
// old and new, of which the first must stand in the file exactly once.
type canary struct {
	name   string
	source string // the absolute path of the file that it changes
	broken string // the text of that file with the fault
	seeds  int    // within so many it must be found
	test   string // that finds it
}

func canaryPaths(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/canaries/*.txt")
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d canaries: %v", len(paths), err)
	}
	return paths
}

// readCanary reads a canary, and fails where it no longer applies to the sources.
func readCanary(t *testing.T, path string) *canary {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil || len(archive.Files) != 2 {
		t.Fatalf("%d sections: %v", len(archive.Files), err)
	}
	c, file := &canary{test: "TestSeeds", name: strings.TrimSuffix(filepath.Base(path), ".txt")}, ""
	for line := range strings.Lines(string(archive.Comment)) {
		fmt.Sscanf(line, "file: %s", &file)
		fmt.Sscanf(line, "seeds: %d", &c.seeds)
		fmt.Sscanf(line, "test: %s", &c.test)
	}
	if c.source, err = filepath.Abs(filepath.Join("..", file)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(c.source)
	if err != nil {
		t.Fatal(err)
	}
	was := strings.TrimSuffix(string(archive.Files[0].Data), "\n")
	if n := strings.Count(string(text), was); n != 1 {
		t.Fatalf("the section old stands %d times in %s: bring the canary up to date", n, file)
	}
	c.broken = strings.Replace(string(text), was, strings.TrimSuffix(string(archive.Files[1].Data), "\n"), 1)
	return c
}

// TestCanariesApply holds every canary to the sources as they are. Whether each is found
// takes minutes: go test -tags canary ./simtest -run TestCanaries.
func TestCanariesApply(t *testing.T) {
	for _, path := range canaryPaths(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { readCanary(t, path) })
	}
}
