package story_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/story"
)

// TestTenFlows plays the stories by which the language was drawn, as they are written,
// but for the marks that numbers have now: 1,200.
func TestTenFlows(t *testing.T) {
	dir := "../../flows/testdata/ten"
	p, list := flows.Load(os.DirFS(dir))
	if list.HasErrors() {
		t.Fatal(list)
	}
	files, err := filepath.Glob(dir + "/tests/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		for _, test := range parse(t, p, path).Tests {
			t.Run(filepath.Base(path)+"/"+test.Name, func(t *testing.T) {
				if once, again := pass(t, test), pass(t, test); !reflect.DeepEqual(once.Timeline, again.Timeline) {
					t.Error("the same story gave another timeline")
				}
			})
		}
	}
}

func parse(t testing.TB, p *flows.Project, path string) *story.File {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := "tests/" + filepath.Base(path)
	file, list := story.Parse(p, name, text)
	if list.HasErrors() {
		var b strings.Builder
		if err := diag.Render(&b, list, func(string) (string, bool) { return string(text), true }); err != nil {
			t.Fatal(err)
		}
		t.Fatal(b.String())
	}
	return file
}

// pass plays a test that must pass.
func pass(t testing.TB, test *story.Test) *story.Result {
	t.Helper()
	result, err := story.Play(test, story.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := result.Failure; f != nil {
		var b strings.Builder
		if err := story.Write(&b, result.Timeline); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s: %s\n%s\n%s", f.Span, f.Message, strings.Join(f.Diff, "\n"), b.String())
	}
	return result
}
