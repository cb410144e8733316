package schema

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nudge/lang/diag"
	"nudge/sandbox/people"
)

// TestPeopleParity holds the keys of the schema against those that the parser knows.
func TestPeopleParity(t *testing.T) {
	for text, s := range map[string]*schema{
		"zzz: 1":                             peopleFile(),
		"people: [ { profile: a, zzz: 1 } ]": rule(),
		"people: [ { profile: a, replies: [ { with: x, zzz: 1 } ] } ]": reply(),
		"faults: { zzz: 1 }": faults(),
	} {
		var list diag.List
		people.Read(people.File, []byte(text), &list)
		if len(list) != 1 {
			t.Errorf("%s: got %v, want the unknown key alone", text, list)
			continue
		}
		_, allowed, _ := strings.Cut(list[0].Hint, "allowed here: ")
		known, want := strings.Split(allowed, ", "), slices.Clone(s.order)
		slices.Sort(known)
		slices.Sort(want)
		if !slices.Equal(known, want) {
			t.Errorf("%s: the parser knows %v, and the schema %v", s.Title, known, want)
		}
	}
}

// TestPeoplePage holds that every people file of the page satisfies the schema.
func TestPeoplePage(t *testing.T) {
	text, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 2 {
		t.Fatalf("the page has %d people files", len(blocks))
	}
	s := compiled(t, "people")
	for _, m := range blocks {
		value, ok := parsed([]byte(m[1]))
		if !ok {
			t.Errorf("no YAML:\n%s", m[1])
		} else if err := s.Validate(value); err != nil {
			t.Errorf("%v:\n%s", err, m[1])
		}
	}
}

// TestBrokenPeople holds that the schema refuses what the parser refuses.
func TestBrokenPeople(t *testing.T) {
	files, err := filepath.Glob("../../sandbox/people/testdata/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	s := compiled(t, "people")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if value, ok := parsed(text); ok && s.Validate(value) == nil {
			t.Errorf("%s: the schema takes it", file)
		}
	}
}
