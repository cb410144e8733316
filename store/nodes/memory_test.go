package nodes_test

import (
	"testing"
	"time"

	"nudge/store/nodes"
	"nudge/store/nodes/nodestest"
)

func TestContract(t *testing.T) {
	nodestest.Run(t, func(*testing.T) nodes.Registry {
		m := nodes.NewMemory(time.Now)
		m.Make(nodestest.Partitions)
		return m
	})
}
