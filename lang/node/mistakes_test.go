package node

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"nudge/lang/diag"
)

var update = flag.Bool("update", false, "write testdata/mistakes.txtar anew")

// TestMistakes holds what authors are told about files that are not YAML, or are YAML that means something else than it seems: each
// file of the archive is followed by its diagnostics, with excerpt and caret. Every value is read as [Value.Literal] does it.
func TestMistakes(t *testing.T) {
	const file = "testdata/mistakes.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got txtar.Archive
	got.Comment = archive.Comment
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".want") {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			text := strings.ReplaceAll(string(f.Data), "→", "\t")
			var list diag.List
			readAll(Parse("f.yaml", []byte(text), &list))
			var told strings.Builder
			if err := diag.Render(&told, list, func(string) (string, bool) { return text, true }); err != nil {
				t.Fatal(err)
			}
			got.Files = append(got.Files, f, txtar.File{Name: f.Name + ".want", Data: []byte(told.String())})
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(&got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(&got))); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestLongLines: a line longer than people write is not searched for the cause, which would take too long.
func TestLongLines(t *testing.T) {
	line := "a: { if: b ? c : d, e: "
	for length, want := range map[int]string{maxSuspect: "f.yaml:1:10: inside { }, text with", maxSuspect + 1: "f.yaml:1:4: not valid YAML"} {
		var list diag.List
		Parse("f.yaml", []byte(line+strings.Repeat("x", length-len(line)-2)+" }"), &list)
		if !strings.HasPrefix(list.Error(), want) {
			t.Errorf("%d bytes: %.100s, want %s", length, list.Error(), want)
		}
	}
}

// readAll reads every scalar of a mapping.
func readAll(m *Map) {
	for _, e := range m.Entries() {
		readValue(e.Value)
	}
}

func readValue(v *Value) {
	switch {
	case v.IsMap():
		readAll(v.Map())
	case v.IsList():
		for _, item := range v.List() {
			readValue(item)
		}
	default:
		v.Literal()
	}
}
