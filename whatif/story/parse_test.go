package story_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/story"
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

// TestTornFiles holds that no file is too torn to be read: of each file of the ten flows
// every beginning, and every whole without one of its lines or the last word of one.
func TestTornFiles(t *testing.T) {
	dir := os.DirFS("../../flows/testdata/ten")
	p, list := flows.Load(dir)
	if list.HasErrors() {
		t.Fatal(list)
	}
	suite, list := story.Load(dir, p)
	if list.HasErrors() {
		t.Fatal(list)
	}
	for _, f := range suite.Files {
		text, _ := suite.Source(f.Name)
		lines := strings.SplitAfter(text, "\n")
		if len(lines) > 60 {
			lines = lines[:60]
		}
		for i, line := range lines {
			rest := strings.Join(lines[i+1:], "")
			begun := strings.Join(lines[:i], "")
			cut := line[:max(strings.LastIndexByte(strings.TrimRight(line, "\n"), ' '), 0)] + "\n"
			for _, torn := range []string{begun, begun + rest, begun + cut + rest} {
				file, _ := story.Parse(p, f.Name, []byte(torn))
				if len(file.Tests) > len(f.Tests) {
					t.Errorf("%s: a torn file has %d tests", f.Name, len(file.Tests))
				}
			}
		}
	}
}
