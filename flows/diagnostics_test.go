package flows

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"nudge/lang/diag"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// wantFile is the part of a case that holds the expected text.
const wantFile = "want"

// TestDiagnostics holds the text of every diagnostic against what an author should
// read. A case is a small broken project named after its fault.
func TestDiagnostics(t *testing.T) {
	cases, err := filepath.Glob("testdata/diagnostics/*.txtar")
	if err != nil || len(cases) < 25 {
		t.Fatalf("found %d cases, error %v", len(cases), err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { checkCase(t, file) })
	}
}

func checkCase(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	project, want := fstest.MapFS{}, -1
	for i, f := range archive.Files {
		if f.Name == wantFile {
			want = i
			continue
		}
		project[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	p, list := Load(project)
	var got strings.Builder
	if err := diag.Render(&got, list, p.Source); err != nil {
		t.Fatal(err)
	}
	if *update {
		if want < 0 {
			archive.Files = append(archive.Files, txtar.File{Name: wantFile})
			want = len(archive.Files) - 1
		}
		archive.Files[want].Data = []byte(got.String())
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want < 0 {
		t.Fatalf("%s has no part %q; run the test with -update", file, wantFile)
	}
	if diff := cmp.Diff(string(archive.Files[want].Data), got.String()); diff != "" {
		t.Errorf("diagnostics differ (-want +got):\n%s", diff)
	}
}
