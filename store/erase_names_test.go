package store

import (
	"bytes"
	"encoding/json"
	"testing"

	"nudge/channels"
	"nudge/engine"
)

// runsOnly is a reader that has records of runs by their IDs, and nothing else.
type runsOnly map[string][]byte

func (r runsOnly) Get(_ Bucket, key []byte) []byte                    { return r[string(key)] }
func (runsOnly) Ascend(Bucket, []byte, func(key, value []byte) bool)  {}
func (runsOnly) Descend(Bucket, []byte, func(key, value []byte) bool) {}

// TestErasedInputs holds which inputs of the journal lose something when a person is forgotten: those that
// name them, however the name is written, and no others.
func TestErasedInputs(t *testing.T) {
	theirs, other, dropped := engine.RunID{1}, engine.RunID{2}, engine.RunID{3}
	kept := runsOnly{}
	for id, profile := range map[engine.RunID]string{theirs: "", other: "mary_ann"} {
		kept[string(id[:])] = encodeRun(&engine.Run{ID: id, Profile: profile, Status: engine.Waiting})
	}
	result := func(run engine.RunID, conversation string) engine.Payload {
		return &engine.SendResult{Run: run, Result: channels.Result{Conversation: conversation}}
	}
	for _, x := range []struct {
		who     string
		payload engine.Payload
		want    bool
	}{
		{"ann", &engine.Event{Type: "x", Profile: "ann"}, true},
		{"ann", &engine.Event{Type: "x", Data: json.RawMessage(`{"friends":[{"id":"ann"}]}`)}, true},
		{"ann", &engine.Event{Type: "x", Data: json.RawMessage(`{"friend":"\u0061nn"}`)}, true},
		{"ann", &engine.Event{Type: "x", Data: json.RawMessage(`{"friend":"joann","text":"ann is here"}`)}, false},
		{`a"b\c`, &engine.Event{Type: "x", Data: json.RawMessage(`{"friend":"a\"b\\c"}`)}, true},
		{"zoé", &engine.Event{Type: "x", Data: json.RawMessage(`{"friend":"zo\u00e9"}`)}, true},
		{"zoé", &engine.Event{Type: "x", Data: json.RawMessage(`{"friend":"zoé"}`)}, true},
		{"a&b", &engine.Event{Type: "x", Data: json.RawMessage(`{"friend":"a\u0026b"}`)}, true},
		{"ann", &engine.Call{Flow: "f", Profile: "bob", Data: json.RawMessage(`{"friend":"ann"}`)}, true},
		{"ann", &engine.Rows{Rows: []engine.Row{{Profile: "bob", Data: json.RawMessage(`{"friend":"ann"}`)}}}, true},
		{"ann", &engine.Rows{Rows: []engine.Row{{Profile: "joann"}}}, false},
		{"ann", result(theirs, "shop_ann"), true},
		{"ann", result(dropped, "shop_ann"), true},
		{"ann", result(other, "shop_mary_ann"), false},
		{"mary ann", result(theirs, "shop_mary_ann"), true},
		{"ann", result(theirs, "shop_joann"), false},
		{"ann", &engine.FetchResult{Run: theirs, JSON: json.RawMessage(`{"name":"Ann Smith"}`)}, true},
		{"ann", &engine.FetchResult{Run: other, JSON: json.RawMessage(`{"name":"Mary"}`)}, false},
		{"ann", &engine.FetchResult{Run: other, JSON: json.RawMessage(`{"friend":"ann"}`)}, true},
		{"ann", &engine.FetchResult{Run: theirs, Status: 200}, false},
		{"ann", &engine.Cancel{Reason: "ann called"}, true},
		{"ann", &engine.Cancel{Reason: "(ann)"}, true},
		{"ann", &engine.Retry{Profile: "ann"}, true},
		{"ann", &engine.Note{Did: "retry runs", After: []byte(`{"filter":{"profile":"ann"},"runs":1}`)}, true},
		{"ann", &engine.Note{Did: "cancel runs", After: []byte(`{"filter":{"flow":"ann"},"reason":"as ann asked"}`)}, true},
		{"ann", &engine.Note{Did: "cancel runs", After: []byte(`{"filter":{"flow":"ann"}}`)}, false},
		{"ann", &engine.Note{Did: "retry runs", After: []byte(`{"filter":{"key":"o1"}}`)}, true},
		{"ann", &engine.Note{Did: "retry runs", After: []byte(`{"filter":{"flow":"order","key":"o1"}}`)}, true},
		{"ann", &engine.Note{Did: "retry runs", After: []byte(`{"filter":{"flow":"sale","key":"o1"}}`)}, false},
		{"ann", &engine.Note{Did: "retry runs", After: []byte(`{"filter":{"key":"o2"},"reason":"o1"}`)}, false},
		{"ann", &engine.Note{Did: "reload tokens", After: []byte(`{"tokens":["ann"]}`)}, false},
		{"ann", &engine.Retry{Profile: "bob", Reason: "ann called"}, true},
		{"ann", &engine.Retry{Profile: "joann"}, false},
		{"ann", &engine.Cancel{Reason: "joann called, not annie, nor annann"}, false},
		{"ann", &engine.CampaignControl{Reason: "for joann and ann"}, true},
		{"ann", &engine.Control{Only: []string{"bob", "ann"}}, true},
		{"ann", &engine.Control{Only: []string{"joann"}}, false},
		{"ann", &engine.Note{Did: "ann"}, false},
		{"ann", &engine.Note{Did: "reveal person", Profile: "bob", Reason: "ann called"}, true},
		{"ann", &engine.Note{Did: "reveal person", Profile: "joann", Reason: "joann called"}, false},
	} {
		e := &erasure{profile: x.who, upTo: 9, r: kept, keys: []runKey{{"order", "o1"}}}
		before, err := json.Marshal(x.payload)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.forgets(&engine.Input{Payload: x.payload}); got != x.want {
			t.Errorf("forgetting %s changes %T %s: %t, want %t", x.who, x.payload, before, got, x.want)
		}
	}
}

// TestInputsOfTheirRuns holds which inputs, although they name nobody, belong to a person's run.
func TestInputsOfTheirRuns(t *testing.T) {
	theirs, other := engine.RunID{1}, engine.RunID{2}
	kept := runsOfPeople{runsOnly{}, 0}
	for id, profile := range map[engine.RunID]string{theirs: "ann", other: "bob"} {
		kept.runsOnly[string(id[:])] = encodeRun(&engine.Run{ID: id, Profile: profile, Status: engine.Waiting})
	}
	e := &erasure{profile: "ann", r: &kept}
	for id, want := range map[engine.RunID]bool{theirs: true, other: false, {3}: false} {
		for _, payload := range []engine.Payload{&engine.SendResult{Run: id}, &engine.FetchResult{Run: id}, &engine.Receipt{Receipt: channels.Receipt{Ref: channels.Ref{Run: id.String()}}}} {
			if got := e.ofTheirRun(payload); got != want {
				t.Errorf("%T of %v: %v, want %v", payload, id, got, want)
			}
		}
	}
	if e.ofTheirRun(&engine.Control{}) {
		t.Error("a command for all is of nobody's run")
	}
	// A read is a trip if the store is a database, and most inputs are of others.
	if kept.reads != 3 {
		t.Errorf("%d runs were read, want only the person's, once for each of its 3 inputs", kept.reads)
	}
}

// runsOfPeople finds the runs of people, too, and counts how many it reads.
type runsOfPeople struct {
	runsOnly
	reads int
}

func (r *runsOfPeople) Get(b Bucket, key []byte) []byte {
	r.reads++
	return r.runsOnly.Get(b, key)
}

func (r *runsOfPeople) Ascend(b Bucket, from []byte, visit func(key, value []byte) bool) {
	for id, record := range r.runsOnly {
		run, err := decodeRun([]byte(id), record)
		if key := []byte(id); err == nil && b == People && bytes.Equal(from, personHash(run.Profile)) {
			visit(append(bytes.Clone(from), key...), nil)
		}
	}
}
