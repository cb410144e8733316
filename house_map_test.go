package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	placeForm   = regexp.MustCompile("(?m)^\\| [^|]+\\? \\| `([^`]+)` \\| `([^`]+)` \\|$")
	roomForm    = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^`\n]")
	fileForm    = regexp.MustCompile("`([a-z_]+(?:/[a-z_]+)*/[a-z_]+\\.go|docs/[a-z-]+\\.md|[a-z_]+\\.(?:conf|sh))`")
	folderForm  = regexp.MustCompile("`([a-z_]+(?:/[a-z_]+)+)`")
	testForm    = regexp.MustCompile("`(Test[A-Z][A-Za-z]+)`")
	verbForm    = regexp.MustCompile("(?m)(?:`|^ *\\$ |/)nudge ([a-z]+)")
	useForm     = regexp.MustCompile(`(?:Use:\s+|\bgroup\()"([a-z-]+)`)
	commandForm = regexp.MustCompile(`go test ((?:-\S+ (?:'\S*' )?)*)((?:\./\S+ ?)+)(?:-run (\S+))?`)
)

// TestRoomsMap holds ARCHITECTURE.md to the sources: it lists the rooms in their order, and
// each place that it names for a question declares the function that it names.
func TestRoomsMap(t *testing.T) {
	page := read(t, "ARCHITECTURE.md")
	_, table, _ := strings.Cut(page, "\n## The rooms\n")
	table, _, _ = strings.Cut(table, "\n### ")
	var listed []string
	for _, row := range roomForm.FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
	}
	if !slices.Equal(listed, rooms) {
		t.Errorf("ARCHITECTURE.md lists the rooms\n%q\nhouse_test.go lists\n%q", listed, rooms)
	}
	places := placeForm.FindAllStringSubmatch(page, -1)
	if len(places) < 10 {
		t.Errorf("ARCHITECTURE.md answers %d questions", len(places))
	}
	for _, place := range places {
		if !slices.Contains(functions(t, place[1]), place[2]) {
			t.Errorf("ARCHITECTURE.md: %s declares no function %s; name the place where it is now", place[1], place[2])
		}
	}
}

// functions returns the names of the functions and methods that a file declares, and none
// where there is no such file.
func functions(t *testing.T, file string) (names []string) {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

// TestNamedOnPages holds the pages to what there is: files and folders of the sources,
// tests, the commands that run tests, and the verbs of nudge.
func TestNamedOnPages(t *testing.T) {
	tests := testsByFolder(t)
	anywhere := slices.Concat(slices.Collect(maps.Values(tests))...)
	verbs := verbs(t)
	for page, text := range pageTexts(t) {
		for _, m := range fileForm.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s names %s: %v", page, m[1], err)
			}
		}
		for _, m := range folderForm.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(m[1], "templates/") {
				continue // a folder of a project, not the room
			}
			if _, known := roomOf(m[1]); !known {
				continue
			}
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s names the folder %s: %v", page, m[1], err)
			}
		}
		for _, m := range verbForm.FindAllStringSubmatch(text, -1) {
			if m[1] != "shop" && !slices.Contains(verbs, m[1]) { // a webhook is called "nudge shop"
				t.Errorf("%s names nudge %s, and there is no such verb", page, m[1])
			}
		}
		for _, m := range testForm.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(anywhere, m[1]) {
				t.Errorf("%s names %s, and no package has that test", page, m[1])
			}
		}
		for _, m := range commandForm.FindAllStringSubmatch(text, -1) {
			holdCommand(t, page, strings.Fields(m[2]), strings.Trim(m[3], "'"), tests)
		}
	}
}

// holdCommand holds a go test command to packages that exist, of which one at least has a
// test for its -run.
func holdCommand(t *testing.T, page string, folders []string, run string, tests map[string][]string) {
	t.Helper()
	form, err := regexp.Compile(run)
	if err != nil {
		t.Errorf("%s: -run %s: %v", page, run, err)
		return
	}
	found := run == "" || run == "^$"
	for _, folder := range folders {
		folder = path.Clean(strings.TrimSuffix(folder, "/..."))
		if folder != "." && tests[folder] == nil && !hasBelow(tests, folder) {
			t.Errorf("%s: go test ./%s: no such package with tests", page, folder)
		}
		found = found || slices.ContainsFunc(tests[folder], form.MatchString)
	}
	if !found {
		t.Errorf("%s: go test %s -run %s: no test has that name", page, strings.Join(folders, " "), run)
	}
}

// hasBelow reports whether a folder below another one has tests.
func hasBelow(tests map[string][]string, folder string) bool {
	for below := range tests {
		if strings.HasPrefix(below, folder+"/") {
			return true
		}
	}
	return false
}

// verbs returns the verbs of nudge, those below others too.
func verbs(t *testing.T) (names []string) {
	t.Helper()
	names = []string{"completion"} // cobra brings it
	for _, file := range sources(t) {
		if !strings.HasPrefix(file, "cmd/nudge/") {
			continue
		}
		for _, m := range useForm.FindAllStringSubmatch(read(t, file), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// testsByFolder returns the names of the tests of every folder.
func testsByFolder(t *testing.T) map[string][]string {
	t.Helper()
	form := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz|Example)\w*)\(`)
	tests := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, "_test.go") {
			folder := path.Dir(filepath.ToSlash(file))
			for _, m := range form.FindAllStringSubmatch(read(t, file), -1) {
				tests[folder] = append(tests[folder], m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

// pageTexts returns the pages for users and contributors by their names.
func pageTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/README.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no pages %s: %v", pattern, err)
		}
		for _, file := range files {
			texts[file] = read(t, file)
		}
	}
	return texts
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
