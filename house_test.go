// Package house holds tests of the repository as a whole: which room imports which, and how
// large its functions may be.
package house

import (
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nudge/docs/pagetest"
)

var update = flag.Bool("update", false, "write the generated table in ARCHITECTURE.md anew")

// rooms are the top-level rooms from the top of the house to its ground. A room may import
// any room below it and none above it.
var rooms = []string{
	"cmd/nudge", "lsp", "app", "bench", "server", "console", "client", "simtest", "whatif", "audience", "cluster", "runner", "store", "engine",
	"flows", "sandbox", "templates", "channels", "lang", "examples", "docs",
}

// roomOf returns the room that a folder of the module belongs to.
func roomOf(dir string) (string, bool) {
	for _, room := range rooms {
		if dir == room || strings.HasPrefix(dir, room+"/") {
			return room, true
		}
	}
	return "", false
}

// sources returns the Go files of the module that are not tests, without other modules
// inside of it.
func sources(t *testing.T) []string {
	t.Helper()
	files, err := pagetest.Sources(".")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestRooms lists every import between rooms. Each must point down, and the table in
// ARCHITECTURE.md must say the same. Tests may import what they like.
func TestRooms(t *testing.T) {
	edges := map[string]map[string]bool{}
	for _, file := range sources(t) {
		from, ok := roomOf(path.Dir(file))
		if !ok {
			t.Errorf("%s is in no room; add its room to the list in house_test.go and to ARCHITECTURE.md", file)
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			dir, ours := strings.CutPrefix(imported, "nudge/")
			to, known := roomOf(dir)
			if !ours || !known || to == from {
				continue
			}
			if slices.Index(rooms, to) < slices.Index(rooms, from) {
				t.Errorf("%s imports %s: %s stands above %s, and arrows point down", file, imported, to, from)
			}
			if edges[from] == nil {
				edges[from] = map[string]bool{}
			}
			edges[from][to] = true
		}
	}
	var table strings.Builder
	table.WriteString("| room | imports |\n| --- | --- |\n")
	for _, from := range rooms {
		var below []string
		for _, to := range rooms {
			if edges[from][to] {
				below = append(below, "`"+to+"`")
			}
		}
		if len(below) == 0 {
			below = []string{"–"}
		}
		fmt.Fprintf(&table, "| `%s` | %s |\n", from, strings.Join(below, ", "))
	}
	generated(t, "ARCHITECTURE.md", "imports", table.String())
}

// generated holds the part of a page between two markers to what a test has computed.
func generated(t *testing.T, page, name, want string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->"
	before, rest, found := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no part between %q and %q", page, begin, end)
	}
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s, %s: got\n%swant\n%srun go test . -update", page, name, got, want)
}
