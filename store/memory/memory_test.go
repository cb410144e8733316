package memory_test

import (
	"testing"

	"nudge/store"
	"nudge/store/memory"
	"nudge/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() store.KV {
		kv := new(memory.KV)
		return func() store.KV { return kv }
	})
}
