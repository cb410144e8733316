package store

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nudge/engine"
)

// TestOldRecords reads records as they were written before runs had a trace, and writes the same
// bytes for what has none.
func TestOldRecords(t *testing.T) {
	id := sample().ID
	journaled := func(in *engine.Input) *engine.Journaled {
		return &engine.Journaled{Seq: 300, Stamp: 1_772_445_600_000, Slots: engine.AnySlots(64), Input: in}
	}
	readInput := func(b []byte) (any, error) { return decodeJournaled(b) }
	writeInput := func(v any) []byte { return encodeJournaled(v.(*engine.Journaled)) }
	for _, test := range []struct {
		name, record string
		read         func([]byte) (any, error)
		write        func(any) []byte
		want         any
	}{
		{"run", "01346f726465725f73686970706564220123456789abcdef0c616e6e00346f726465722e736869707065641b056f726465725f6964024f3106020101818c8bba3f010100000900000000000000000000000000000000000000000000000000025d96f5cb",
			func(b []byte) (any, error) { return decodeRun(id[:], b) }, func(v any) []byte { return encodeRun(v.(*engine.Run)) },
			&engine.Run{ID: id, Flow: "order_shipped", Version: "0123456789abcdef", Profile: "ann", StartedBy: "order.shipped", Data: json.RawMessage(`{"order_id":"O1"}`),
				Status: engine.Waiting, At: 1, Leaving: 2, Timeline: []engine.Entry{{At: 1_772_445_600_000, Kind: engine.KindStarted, Step: engine.NoStep, Detail: "order.shipped"}}}},
		{"event", "01ac028092f6efca3301042a400108653100000110746f6c640c616e6e0b056104317dcac8d294", readInput, writeInput,
			journaled(&engine.Input{ID: "e1", Payload: &engine.Event{Type: "told", Profile: "ann", Data: json.RawMessage(`{"a":1}`)}})},
		{"rest of an event", "01ac028092f6efca3301042a400108653100000110746f6c640c616e6e0b056104317d01086530019ab25c2600535f8b8ac47800001000019ab25c2600535f8b8ac478000010003839c4fa", readInput, writeInput,
			journaled(&engine.Input{ID: "e1", Payload: &engine.Event{Type: "told", Profile: "ann", Data: json.RawMessage(`{"a":1}`), FanOut: &engine.FanOutCursor{ID: "e0", After: id, Before: id}}})},
		{"call", "01ac028092f6efca3301042a400b0002070104660c616e6e046b0467057b7d019ab25c2600535f8b8ac47800001000031d0c3180", readInput, writeInput,
			journaled(&engine.Input{Depth: 2, Derived: 7, Payload: &engine.Call{Flow: "f", Profile: "ann", Key: "k", By: "g", Data: json.RawMessage("{}"), Parent: id, Number: 3}})},
		{"person", "010c616e6e0000000000010466046b010b04781073686f70057b7d0000010000386f82df",
			func(b []byte) (any, error) { return decodePerson(b) }, func(v any) []byte { return encodePerson(v.(*engine.Person)) },
			&engine.Person{ID: "ann", Queue: []engine.Queued{{Flow: "f", Key: "k", Called: true, Signal: engine.Signal{At: 5, Depth: 1, Event: "x", Who: "shop", Data: []byte("{}")}}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			record, err := hex.DecodeString(test.record)
			if err != nil {
				t.Fatal(err)
			}
			got, err := test.read(record)
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(engine.Event{})); err != nil || diff != "" {
				t.Errorf("it is read as another one (-want +got), %v\n%s", err, diff)
			}
			if again := hex.EncodeToString(test.write(test.want)); again != test.record {
				t.Errorf("it is written as\n%s, want\n%s", again, test.record)
			}
		})
	}
}
