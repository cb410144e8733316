package story_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/flows"
	"nudge/whatif/story"
)

// TestGolden holds that the stories of the ten flows leave the same bytes as when
// testdata/golden.txt was written: journal and store of each. A change of meaning or of a
// record's format changes them, and says so in its commit; a change of the code alone must
// not.
func TestGolden(t *testing.T) {
	dir := "../../flows/testdata/ten"
	p, list := flows.Load(os.DirFS(dir))
	if list.HasErrors() {
		t.Fatal(list)
	}
	files, err := filepath.Glob(dir + "/tests/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, path := range files {
		for _, test := range parse(t, p, path).Tests {
			journal, all, err := story.Digests(test)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "%s/%s: journal %s, store %s\n", filepath.Base(path), test.Name, journal, all)
		}
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}
