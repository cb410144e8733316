package console

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// mostCSS is how many bytes the style sheet may have, so that a page arrives at once; the browser tests hold the other budgets.
const mostCSS = 32_000

var (
	cssComment  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssRule     = regexp.MustCompile(`\{[^{}]*\}`)
	cssClass    = regexp.MustCompile(`\.([a-zA-Z][\w-]*)`)
	cssVariable = regexp.MustCompile(`(--[\w-]+):`)
	wordOfPages = regexp.MustCompile(`[\w-]+`)
)

// TestStylesAreUsed: the style sheet keeps its budget, and has no class that no page has and no variable that nothing reads.
func TestStylesAreUsed(t *testing.T) {
	raw, err := assetFiles.ReadFile("assets/console.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > mostCSS {
		t.Errorf("the style sheet has %d bytes, and %d at most are allowed", len(raw), mostCSS)
	}
	css := cssComment.ReplaceAllString(string(raw), "")
	known := wordsOfPages(t)
	for _, found := range cssClass.FindAllStringSubmatch(cssRule.ReplaceAllString(css, "{}"), -1) {
		if !known[strings.TrimPrefix(found[1], "k-")] { // templates put k- before the class of a part of a bar
			t.Errorf("no page has the class %s", found[1])
		}
	}
	for _, found := range cssVariable.FindAllStringSubmatch(css, -1) {
		if !strings.Contains(css, "var("+found[1]+")") && !strings.Contains(css, "var("+found[1]+",") {
			t.Errorf("nothing reads the variable %s", found[1])
		}
	}
}

// wordsOfPages are the words of the templates, of the script, and of the Go files that write classes.
func wordsOfPages(t *testing.T) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	add := func(text []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range wordOfPages.FindAllString(string(text), -1) {
			words[word] = true
		}
	}
	for _, pattern := range []string{"html/*.html", "html/parts/*.html"} {
		files, err := fs.Glob(htmlFiles, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			add(htmlFiles.ReadFile(file))
		}
	}
	add(assetFiles.ReadFile("assets/console.js"))
	sources, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		if !strings.HasSuffix(file, "_test.go") {
			add(os.ReadFile(file))
		}
	}
	return words
}
