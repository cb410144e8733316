package flows

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// forbidden is what flows and templates must not import, and why.
var forbidden = map[string]string{
	"os":           "files come through fs.FS, so that a bundle loads like a folder",
	"os/exec":      "flows do nothing outside of themselves",
	"math/rand":    "the same scope must give the same value",
	"math/rand/v2": "the same scope must give the same value",
	"crypto/rand":  "the same scope must give the same value",
	"net":          "flows do no I/O",
	"net/http":     "flows do no I/O",
	"log":          "what is wrong is told by values",
	"log/slog":     "what is wrong is told by values",
	"nudge/engine": "the engine knows flows, not the other way round",
	"nudge/store":  "flows are not stored by themselves",
	"nudge/server": "flows are not served by themselves",
	"context":      "nothing here waits",
	"unsafe":       "nothing here is worth it",
	"reflect":      "types are known by shapes",
}

// clocks are the ways to the machine's clock and zone.
var clocks = []string{"time.Now(", "time.Local", "time.Since(", "time.Until(", "time.After(", "time.NewTimer(", ".Local("}

func TestNothingOfTheMachine(t *testing.T) {
	for _, root := range []string{".", "../templates"} {
		err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, clock := range clocks {
				if strings.Contains(string(text), clock) {
					t.Errorf("%s uses %s: time comes in the scope", file, clock)
				}
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, i := range parsed.Imports {
				name, _ := strconv.Unquote(i.Path.Value)
				if why := forbidden[name]; why != "" {
					t.Errorf("%s imports %s: %s", file, name, why)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
