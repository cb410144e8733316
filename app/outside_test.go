package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"nudge/examples"
)

// TestOutsidePrograms runs the programs of examples/integrations, each against a server of its own:
// one in Go with package client, one in JavaScript with nothing but fetch, and one with curl.
func TestOutsidePrograms(t *testing.T) {
	const told = `^ann: hello started
ann: was sent before
bob: accepted
a name that is a number: shape, data.name
$`
	for name, program := range map[string]struct {
		args []string
		want string
	}{
		"go":   {[]string{"go", "run", "."}, told},
		"node": {[]string{"node", "signup.mjs"}, told},
		"curl": {[]string{"sh", "signup.sh"}, `^\{"id":"signup-ann","decisions":\[\{"flow":"hello","run":"[0-9A-Z]{26}","did":"started"\}\]\}
\{"line":1,"id":"signup-ann","decisions":\[.*\],"repeated":true\}
\{"line":2,"id":"signup-bob","decisions":\[.*"did":"started"\}\]\}
\{"type":"urn:nudge:problem:shape",.*"status":422,.*"errors":\[\{"field":"data.name",.*\}
$`},
	} {
		t.Run(name, func(t *testing.T) {
			local := startExample(t, examples.Hello(), t.TempDir())
			p := exec.Command(program.args[0], append(program.args[1:], "ann", "bob")...)
			p.Dir = filepath.Join("..", "examples", "integrations", name)
			// The program in Go needs only the standard library beside the client, and no network.
			p.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off", "GOWORK=off", "NUDGE_SERVER="+local.URL())
			got, err := p.CombinedOutput()
			if err != nil || !regexp.MustCompile(program.want).Match(got) {
				t.Errorf("%v\n%s\nwant\n%s", err, got, program.want)
			}
		})
	}
}
