package model

import (
	"testing"

	"nudge/engine"
)

// TestEveryKindIsRead holds the model to the engine's list of inputs.
func TestEveryKindIsRead(t *testing.T) {
	for _, kind := range engine.InputKinds() {
		if readings[kind] == nil && kind != engine.InputDeploy {
			t.Errorf("the model does not read a %s", kind)
		}
	}
}
