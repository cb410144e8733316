package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nudge/examples"
)

// A program of another module uses the client. It needs only the standard library beside
// the client, and no network.
func TestOutsideProgram(t *testing.T) {
	local := startExample(t, examples.Hello(), t.TempDir())
	program := exec.Command("go", "run", ".", "ann", "bob")
	program.Dir = filepath.Join("..", "examples", "integrations", "go")
	program.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off", "GOWORK=off", "NUDGE_SERVER="+local.URL())
	got, err := program.CombinedOutput()
	const want = `ann: hello started
ann: was sent before
bob: accepted
a name that is a number: shape, data.name
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}
