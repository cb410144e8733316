package engine_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nudge/engine"
)

// FuzzInput holds that an input that can be read, of a journal that anybody may have written, is
// the same once it was written and read again.
func FuzzInput(f *testing.F) {
	f.Add(`{"kind":"event","id":"e1","event":{"type":"shipped","profile":"ann","data":{"n":1}},"depth":2}`)
	f.Add(`{"kind":"result","result":{"run":"01M8MK9J64EG61QPR000000200","message":1,"attempt":1,"outcome":"accepted"}}`)
	f.Add(`{"kind":"control","control":{"outbound":"only","only":["ann"],"kill":true}}`)
	f.Add(`{"kind":"receipt","receipt":{"ref":{"run":"r","message":1},"status":"read"},"derived":7}`)
	f.Fuzz(func(t *testing.T, text string) {
		var in, again engine.Input
		if err := json.Unmarshal([]byte(text), &in); err != nil {
			return
		}
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatalf("it was read, and cannot be written: %v", err)
		}
		if err := json.Unmarshal(raw, &again); err != nil {
			t.Fatalf("it was written as %s, which cannot be read: %v", raw, err)
		}
		second, err := json.Marshal(again)
		if err != nil || string(second) != string(raw) {
			t.Fatalf("it is another when it was read again (%v): %s", err, cmp.Diff(in, again, cmpopts.EquateEmpty()))
		}
	})
}
