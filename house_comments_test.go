package house

import (
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"
)

// TestPackageComments holds every package to a comment that says what it is for, in one of
// its files and no other.
func TestPackageComments(t *testing.T) {
	commented, files := map[string][]string{}, map[string]string{}
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		folder := path.Dir(file)
		files[folder] = file
		if parsed.Doc == nil {
			continue
		}
		commented[folder] = append(commented[folder], file)
		begin := "Package " + parsed.Name.Name + " "
		if parsed.Name.Name == "main" {
			begin = "Command " + path.Base(folder) + " "
		}
		if text := parsed.Doc.Text(); !strings.HasPrefix(text, begin) {
			t.Errorf("%s: the package comment does not begin with %q", file, begin)
		}
	}
	for folder, file := range files {
		if n := len(commented[folder]); n != 1 {
			t.Errorf("%s: %d of its files have a package comment, want one: %v", path.Dir(file), n, commented[folder])
		}
	}
}
