package cluster

import "nudge/store/nodes"

// Notice is what a node lets the others know, so that they need not wait until they look by themselves. It may be lost.
type Notice struct {
	Commands bool     `json:"commands,omitempty"` // there are new common commands
	Released []int    `json:"released,omitempty"` // partitions that nobody has now
	Leaving  nodes.ID `json:"leaving,omitempty"`  // a node that stops, and takes nothing more
}
