package store_test

import (
	"encoding/json"
	"testing"

	"nudge/engine"
)

// TestEverActive: the history of deploys tells which sets of versions were active, with flows that came and went.
func TestEverActive(t *testing.T) {
	s := openEmpty(t)
	for n, d := range []struct {
		before, after string
		active        []engine.FlowVersion
	}{
		{"", `{"a":"1"}`, []engine.FlowVersion{{Flow: "a", Version: "1"}}},
		{`{"a":"1"}`, `{"a":"2","b":"1"}`, []engine.FlowVersion{{Flow: "a", Version: "2"}, {Flow: "b", Version: "1"}}},
		{`{"b":"1"}`, ``, []engine.FlowVersion{{Flow: "a", Version: "2"}}},
	} {
		state, err := s.State()
		if err != nil {
			t.Fatal(err)
		}
		state.Seq, state.Stamp, state.Active = uint64(n+1), engine.Instant(n+1), d.active
		e := &engine.AuditEntry{Seq: state.Seq, At: state.Stamp, Did: engine.DidDeployFlows, Before: json.RawMessage(d.before), After: json.RawMessage(d.after)}
		if err := s.Commit(&engine.Batch{State: state, Audit: []*engine.AuditEntry{e}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		versions []engine.FlowVersion
		want     bool
	}{
		{[]engine.FlowVersion{{Flow: "a", Version: "2"}}, true},
		{[]engine.FlowVersion{{Flow: "a", Version: "2"}, {Flow: "b", Version: "1"}}, true},
		{[]engine.FlowVersion{{Flow: "a", Version: "1"}}, true},
		{[]engine.FlowVersion{{Flow: "a", Version: "1"}, {Flow: "b", Version: "1"}}, false},
		{[]engine.FlowVersion{{Flow: "a", Version: "3"}}, false},
		{nil, false},
	} {
		if got, err := s.EverActive(c.versions); err != nil || got != c.want {
			t.Errorf("%v were active: %t, %v; want %t", c.versions, got, err, c.want)
		}
	}
}
