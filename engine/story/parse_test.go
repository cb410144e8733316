package story_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"nudge/engine/story"
	"nudge/flows"
	"nudge/flows/diag"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// TestMistakes holds what is said of broken files of tests to testdata/mistakes.txtar:
// each file, and after the last one what is wrong with them.
func TestMistakes(t *testing.T) {
	const path = "testdata/mistakes.txtar"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, want := fstest.MapFS{}, &archive.Files[len(archive.Files)-1]
	for _, f := range archive.Files[:len(archive.Files)-1] {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	suite, list := story.Load(files, p)
	var got strings.Builder
	if err := diag.Render(&got, list, suite.Source); err != nil {
		t.Fatal(err)
	}
	for _, f := range suite.Files {
		if !strings.Contains(got.String(), f.Name+":") {
			t.Errorf("nothing is wrong with %s", f.Name)
		}
	}
	if diff := cmp.Diff(string(want.Data), got.String()); diff != "" && *update {
		want.Data = []byte(got.String())
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff != "" {
		t.Errorf("other mistakes (-want +got); with -update they are taken over:\n%s", diff)
	}
}
