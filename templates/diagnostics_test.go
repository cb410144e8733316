package templates

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"nudge/lang/diag"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// wantFile is the part of a case that holds the expected text.
const wantFile = "want"

// TestDiagnostics holds what an author reads of a broken set of templates. A case
// is named after its fault.
func TestDiagnostics(t *testing.T) {
	cases, err := filepath.Glob("testdata/diagnostics/*.txtar")
	if err != nil || len(cases) < 10 {
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
	files, want := map[string]string{}, ""
	var sources []txtar.File
	for _, f := range archive.Files {
		if f.Name == wantFile {
			want = string(f.Data)
			continue
		}
		files[f.Name] = string(f.Data)
		sources = append(sources, f)
	}
	var got strings.Builder
	list := checked(t, files)
	if err := diag.Render(&got, list, func(file string) (string, bool) { text, ok := files[file]; return text, ok }); err != nil {
		t.Fatal(err)
	}
	if *update {
		archive.Files = append(sources, txtar.File{Name: wantFile, Data: []byte(got.String())})
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("diagnostics differ (-want +got):\n%s", diff)
	}
}

// libraryOf is a library of files.
func libraryOf(files map[string]string, list *diag.List) *Library {
	l := NewLibrary()
	for file, text := range files {
		l.Add(file, []byte(text), list)
	}
	l.Join(list)
	return l
}

func checked(t *testing.T, files map[string]string) diag.List {
	t.Helper()
	var list diag.List
	libraryOf(files, &list).CheckUnused(testUse(t), &list)
	list.Sort()
	return list
}
