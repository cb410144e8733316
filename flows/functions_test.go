package flows

import (
	"strings"
	"testing"
)

// TestFunctionsAreDescribed holds that editors can explain every function, and that a call
// with the samples is one without a mistake where the samples can be known.
func TestFunctionsAreDescribed(t *testing.T) {
	for _, f := range Functions() {
		if f.Says == "" {
			t.Errorf("%s is not explained", f.Name)
		}
		if call := f.Name + "(" + strings.Join(f.Sample, ", ") + ")"; f.Name != fnRemaining {
			if _, list := tryExpr(call, forValue); list.HasErrors() {
				t.Errorf("%s: %v", call, list)
			}
		}
	}
	if len(functionSays) != len(functions) {
		t.Errorf("%d functions are explained, and there are %d", len(functionSays), len(functions))
	}
}
