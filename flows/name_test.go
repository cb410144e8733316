package flows

import (
	"testing"
	"testing/fstest"
)

// TestNamesOfFunctions shows that a name which is a function's too means the value where
// it stands without brackets.
func TestNamesOfFunctions(t *testing.T) {
	p, list := Load(fstest.MapFS{
		"nudge.yaml": {Data: []byte("events:\n  go: { n: number }\n")},
		"flows/names.yaml": {Data: []byte(`flow: names
trigger: { event: go }
steps:
  - id: first
    wait: 1h
  - repeat:
      times: 3
      every: 1h
      steps:
        - if: round == 3 and first.outcome == "after" and round(2.6) == 3 and 4 > round
          exit: third
`)},
	})
	if list.HasErrors() {
		t.Fatal(list)
	}
	exit := p.Flows[0].Steps[p.Flows[0].StepNamed("exit_1")]
	for round := 1; round <= 4; round++ {
		got, err := exit.If.Bool(map[string]any{"round": round, "first": map[string]any{"outcome": "after"}})
		if err != nil || got != (round == 3) {
			t.Errorf("round %d: got %v, %v", round, got, err)
		}
	}
}
