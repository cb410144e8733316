package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nudge/engine"
)

// TestInputsForNodes holds that an input of every kind comes to another node as it is, and that a message that is cut anywhere or
// changed is an error.
func TestInputsForNodes(t *testing.T) {
	all := inputs()
	all[0].Payload.(*engine.Event).From = "shop"
	var message []byte
	for _, in := range all {
		message = AppendInput(message, in)
	}
	rest := message
	for _, want := range all {
		in, after, err := ReadInput(rest)
		if err != nil {
			t.Fatalf("%s: %v", want.Kind(), err)
		}
		if diff := cmp.Diff(want, in, cmpopts.IgnoreUnexported(engine.Event{})); diff != "" {
			t.Errorf("%s (-sent +read)\n%s", want.Kind(), diff)
		}
		rest = after
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes are left", len(rest))
	}
	one := AppendInput(nil, all[0])
	for n := range one {
		if _, _, err := ReadInput(one[:n]); err == nil {
			t.Errorf("the first %d bytes of %d are an input", n, len(one))
		}
	}
	one[len(one)/2] ^= 1
	if _, _, err := ReadInput(one); err == nil {
		t.Error("a changed message is an input")
	}
}
