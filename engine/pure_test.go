package engine_test

import (
	"go/build"
	"path"
	"slices"
	"strings"
	"testing"
)

// impure are the packages that the pure rooms must not import, each with its reason.
var impure = map[string]string{
	"context":      "cancelling is not an input: what was applied would depend on it",
	"io":           "what comes from outside comes as an input, so that it can be replayed",
	"log":          "what happened stands on the timeline; logging belongs to the runner",
	"log/slog":     "what happened stands on the timeline; logging belongs to the runner",
	"math/rand":    "randomness is a hash of a key, so that a replay draws the same",
	"math/rand/v2": "randomness is a hash of a key, so that a replay draws the same",
	"crypto/rand":  "randomness is a hash of a key, so that a replay draws the same",
	"net":          "effects are values; the runner carries them out",
	"net/http":     "effects are values; the runner carries them out",
	"os":           "neither files nor the environment may decide anything",
	"sync":         "the engine belongs to one goroutine; a lock would hide that it does not",
	"sync/atomic":  "the engine belongs to one goroutine; a lock would hide that it does not",
	"unsafe":       "bytes in, bytes out",
}

// below are the packages of this module that each pure package may import. None may import
// the engine: they take values and return values.
var below = map[string][]string{
	".":         {"nudge/channels", "nudge/engine/caps", "nudge/engine/gate", "nudge/engine/instant", "nudge/engine/watch", "nudge/flows", "nudge/lang/diag", "nudge/lang/encoding", "nudge/lang/shape", "nudge/lang/trace"},
	"./instant": {},
	"./caps":    {"nudge/engine/instant", "nudge/flows"},
	"./gate":    {"nudge/engine/caps", "nudge/engine/instant", "nudge/flows"},
	"./watch":   {"nudge/flows"},
}

// TestPure checks that the engine and the packages below it use no clock, goroutine, random
// number, log or I/O, as the package comment says. The packages they import may use more
// (expressions and templates pool their buffers), but not the store, the runner or the
// channels' I/O.
func TestPure(t *testing.T) {
	for folder, ours := range below {
		t.Run(folder, func(t *testing.T) { checkPure(t, folder, ours) })
	}
}

func checkPure(t *testing.T, folder string, ours []string) {
	pkg, err := build.ImportDir(folder, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range pkg.Imports {
		if why, bad := impure[imported]; bad {
			t.Errorf("it imports %s: %s", imported, why)
		}
		if strings.HasPrefix(imported, "nudge/") && !slices.Contains(ours, imported) {
			t.Errorf("it imports %s: arrows point away from it (ARCHITECTURE.md)", imported)
		}
	}
	for _, name := range pkg.GoFiles {
		forEachCall(t, path.Join(folder, name), func(call string) {
			if reads := []string{"time.Now", "time.Since", "time.Until", "time.After", "time.Sleep", "time.Tick", "time.NewTimer", "time.AfterFunc"}; slices.Contains(reads, call) {
				t.Errorf("%s calls %s: the instant of an input is the only time there is", name, call)
			}
			if call == "go" {
				t.Errorf("%s has a go statement: the order of inputs is the only order there is", name)
			}
		})
	}
}
