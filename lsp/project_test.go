package lsp

import (
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"nudge/app"
	"nudge/lang/diag"
	"nudge/whatif/prove"
)

var edits = flag.Int("edits", 150, "how many random edits TestEdits makes")

// exampleProjects are the folders of all projects that tests go through.
func exampleProjects(t testing.TB) (dirs []string) {
	t.Helper()
	for _, pattern := range []string{"../examples/*/flows", "../examples/patterns/*/flows", "../flows/testdata/*/flows"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		for _, dir := range found {
			dirs = append(dirs, filepath.Dir(dir))
		}
	}
	return dirs
}

// readFolder returns all files of a folder in memory.
func readFolder(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	disk := os.DirFS(dir)
	err := fs.WalkDir(disk, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(disk, name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func noEnv(string) (string, bool) { return "", false }

// checked are the mistakes that nudge check shows in a folder, by file.
func checked(files fs.FS) map[string]diag.List {
	p := app.Read(files, app.AllSettings(noEnv))
	if !p.List.HasErrors() {
		p.List = append(p.List, prove.ProjectWith(p.Project, prove.Options{Budget: prove.Tenth}).Diagnose()...)
		p.ReadTests()
	}
	found := map[string]diag.List{}
	for _, d := range p.List {
		found[d.Span.File] = append(found[d.Span.File], d)
	}
	for _, list := range found {
		list.Sort()
	}
	return found
}

// TestSameAsCheck holds that the server shows what nudge check shows, in every example and in
// every case of a diagnostic.
func TestSameAsCheck(t *testing.T) {
	for _, dir := range exampleProjects(t) {
		files := readFolder(t, dir)
		p := openProject(files, noEnv)
		p.prove()
		if diff := cmp.Diff(checked(files), p.diagnostics()); diff != "" {
			t.Errorf("%s (-check +server):\n%s", dir, diff)
		}
	}
}

// change is a random edit: a piece less, a piece twice, a character more, or a file that is
// put right again.
func change(random *rand.Rand, text, original string) string {
	if len(text) == 0 || random.IntN(4) == 0 {
		return original
	}
	from := random.IntN(len(text))
	to := min(len(text), from+1+random.IntN(8))
	for from > 0 && text[from]&0xc0 == 0x80 {
		from--
	}
	for to < len(text) && text[to]&0xc0 == 0x80 {
		to++
	}
	const typed = ":-[]{}\"'# \n\tabc.?=|>&*!%@é"
	switch random.IntN(4) {
	case 0:
		return text[:from] + text[to:]
	case 1:
		return text[:to] + text[from:]
	case 2:
		return text[:from] + "\n" + text[from:]
	}
	letters := []rune(typed)
	return text[:from] + string(letters[random.IntN(len(letters))]) + text[from:]
}

// TestEdits makes random edits in every example, and holds after each that the server shows and
// answers what a fresh one does which was given the last good text of each file and then the
// present one. One time in eight in which no file is broken, it asks nudge check, too. The flows of
// flows/testdata/every take a second to be proved, so they get fewer edits.
func TestEdits(t *testing.T) {
	dirs := exampleProjects(t)
	random := rand.New(rand.NewPCG(7, uint64(*edits)))
	for _, dir := range dirs {
		count := *edits/(len(dirs)-1) + 1
		if filepath.Base(dir) == "every" {
			count = count/16 + 1
		}
		t.Run(strings.TrimPrefix(dir, "../"), func(t *testing.T) { editAtRandom(t, dir, random, count) })
	}
}

func editAtRandom(t *testing.T, dir string, random *rand.Rand, count int) {
	original := readFolder(t, dir)
	p := openProject(original, noEnv)
	var names []string
	for name := range original {
		if isSource(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i := range count {
		name := names[random.IntN(len(names))]
		text, _ := p.text(name)
		p.set(name, change(random, text, string(original[name].Data)))
		p.load()
		p.prove()
		got := p.diagnostics()
		now, _ := p.text(name)
		at := random.IntN(len(now) + 1)
		answered := p.answers(name, at)
		fresh := p.again(original, names)
		if diff := cmp.Diff(fresh.diagnostics(), got); diff != "" {
			t.Fatalf("edit %d of %s (-fresh +server):\n%s\n%s", i, name, diff, now)
		}
		if diff := cmp.Diff(fresh.answers(name, at), answered); diff != "" {
			t.Fatalf("edit %d of %s, at byte %d (-fresh +server):\n%s\n%s", i, name, at, diff, now)
		}
		if i%8 == 0 && len(p.current) == 0 { // what is fresh is proved already
			if diff := cmp.Diff(checked(p.folder), got); diff != "" {
				t.Fatalf("edit %d of %s (-check +server):\n%s", i, name, diff)
			}
		}
	}
}

// answers asks everything that can be asked at a place.
func (p *project) answers(file string, at int) map[string]any {
	text, _ := p.text(file)
	l := linesOf(text, true)
	place := l.pos(at)
	told, _ := p.explain(file, place, testTime)
	x := p.makeIndex()
	var named []string
	for _, u := range x.at(file, place) {
		for _, other := range x.of(u.symbol) {
			named = append(named, fmt.Sprint(other))
		}
	}
	var fixes []string
	for _, d := range p.diagnostics()[file] {
		if d.Span.Start.Line == place.Line {
			for _, a := range p.corrections(d) {
				fixes = append(fixes, fmt.Sprint(a))
			}
		}
	}
	return map[string]any{
		"offers": fmt.Sprint(p.complete(file, at)), "told": told.text, "names": named, "fixes": fixes,
		"tokens": fmt.Sprint(p.tokens(file)), "folds": fmt.Sprint(folds(l)),
	}
}

// again returns a fresh project with the same texts.
func (p *project) again(original fstest.MapFS, names []string) *project {
	files := fstest.MapFS{}
	for name, file := range original {
		files[name] = file
	}
	for _, name := range names {
		files[name] = &fstest.MapFile{Data: []byte(p.folder.texts[name])}
	}
	fresh := openProject(files, noEnv)
	for name, text := range p.current {
		fresh.set(name, text)
	}
	fresh.load()
	fresh.prove()
	return fresh
}

// TestBrokenText holds that the rest stays diagnosed while a line is half written.
func TestBrokenText(t *testing.T) {
	files := readFolder(t, "../examples/order_shipped")
	p := openProject(files, noEnv)
	text := string(files["flows/order_shipped.yaml"].Data)
	wrong := strings.Replace(text, "- read: shipped", "- read: shiped", 1)
	p.set("flows/order_shipped.yaml", wrong)
	p.load()
	before := p.diagnostics()["flows/order_shipped.yaml"]
	if !slices.ContainsFunc(before, func(d diag.Diagnostic) bool { return d.Code == "unknown-step" }) {
		t.Fatalf("the mistake is not found: %v", before)
	}
	p.set("flows/order_shipped.yaml", strings.Replace(wrong, "category: orders", "\ncateg: [ \"", 1))
	p.load()
	var codes []string
	for _, d := range p.diagnostics()["flows/order_shipped.yaml"] {
		codes = append(codes, fmt.Sprintf("%s on line %d", d.Code, d.Span.Start.Line))
	}
	line := before[0].Span.Start.Line
	if !slices.ContainsFunc(codes, func(c string) bool { return strings.HasPrefix(c, "yaml-syntax ") }) ||
		!slices.Contains(codes, fmt.Sprintf("unknown-step on line %d", line+1)) {
		t.Errorf("before %v, while a line is half written %v", before, codes)
	}
}

// TestParsedByEdit counts the files that are parsed when one is edited: the file itself, to
// see whether it is YAML and then to read it, and what it concerns.
func TestParsedByEdit(t *testing.T) {
	files := readFolder(t, "../flows/testdata/ten")
	p := openProject(files, noEnv)
	p.prove()
	p.diagnostics()
	for _, c := range []struct {
		file string
		most int
	}{
		{"flows/nps.yaml", 4},            // and its two files of tests
		{"templates/check_in.yaml", 4},   // and the flow with its tests
		{"tests/abandoned_cart.yaml", 2}, //
	} {
		before := p.Parsed()
		p.set(c.file, string(files[c.file].Data)+"# a word\n")
		p.load()
		p.diagnostics()
		if got := p.Parsed() - before; got > c.most || got < 2 {
			t.Errorf("%s: %d files were parsed, at most %d are concerned", c.file, got, c.most)
		}
	}
}
