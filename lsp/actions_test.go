package lsp

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"nudge/lang/diag"
)

// replacing matches the hints that say what to write in place of the marked text.
var replacing = regexp.MustCompile(`did you mean "|^write "[^"]+" instead`)

// TestCorrections goes through every case of a diagnostic. For each hint that is a replacement
// there is an action, and each action of every hint takes its mistake away and makes no other.
func TestCorrections(t *testing.T) {
	cases, err := filepath.Glob("../flows/testdata/diagnostics/*.txtar")
	if err != nil || len(cases) < 50 {
		t.Fatal(len(cases), err)
	}
	hints, actions := 0, 0
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		for _, f := range archive.Files {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
		p := openProject(files, noEnv)
		for name, list := range p.diagnostics() {
			for _, d := range list {
				offered := p.corrections(d)
				actions += len(offered)
				if replacing.MatchString(d.Hint) {
					if hints++; len(offered) == 0 {
						t.Errorf("%s: no action for %v", filepath.Base(file), d)
					}
				}
				for _, a := range offered {
					after := fstest.MapFS{}
					for name, f := range files {
						after[name] = f
					}
					before, _ := p.text(a.file)
					after[a.file] = &fstest.MapFile{Data: []byte(applied(before, a.edits))}
					then := openProject(after, noEnv).diagnostics()[name]
					if slices.ContainsFunc(then, func(o diag.Diagnostic) bool {
						return o.Code == d.Code && o.Message == d.Message && o.Span.Start == d.Span.Start
					}) {
						t.Errorf("%s: %q leaves %v", filepath.Base(file), a.title, d)
					}
					if strings.HasPrefix(a.title, "replace") && len(errorsIn(then)) >= len(errorsIn(list)) && d.Severity == diag.Error && !replacing.MatchString(d.Hint) {
						t.Errorf("%s: after %q:\n%v\nbefore:\n%v", filepath.Base(file), a.title, then, list)
					}
				}
			}
		}
	}
	t.Logf("%d hints are replacements; %d actions are offered", hints, actions)
}

func errorsIn(list diag.List) (found diag.List) {
	for _, d := range list {
		if d.Severity == diag.Error {
			found = append(found, d)
		}
	}
	return found
}
