package story

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"nudge/flows"
)

// TestEndsOfExits holds that the steps of an exit end the run by its name, never as completed,
// and not by its name where they always end it by another.
func TestEndsOfExits(t *testing.T) {
	p, list := flows.Load(fstest.MapFS{
		"templates/hello.yaml": {Data: []byte("body: Hello\n")},
		"flows/one.yaml": {Data: []byte("flow: one\ntrigger: { event: order }\nexit:\n" +
			"  - { event: returned, as: back, then: [ { send: hello } ] }\n" +
			"  - { after: 9d, as: never_so, then: [ { exit: too_long } ] }\n" +
			"  - { event: left, as: gone }\nsteps:\n  - wait: 3d\n  - exit: served\n")},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	if diff := cmp.Diff([]string{"back", "gone", "served", "too_long"}, ends(p.Flows[0])); diff != "" {
		t.Error(diff)
	}
}
