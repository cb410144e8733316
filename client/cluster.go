package client

import "context"

// Cluster is the nodes that have a store together, and who has which partition.
type Cluster struct {
	Node       string      `json:"node,omitempty"` // name of the node that answered; empty: the store is files of one server
	At         Time        `json:"at,omitzero"`    // by the clock of the database
	Nodes      []Node      `json:"nodes"`          // those that live, and dead ones that had a partition last
	Partitions []Partition `json:"partitions"`     // by number
}

// Node is one of several servers with one store.
type Node struct {
	Name       string `json:"name"`
	ID         string `json:"id"`      // of its start
	Address    string `json:"address"` // where other nodes reach it
	State      string `json:"state"`   // serves, expired (its lease has ended) or dead
	Since      Time   `json:"since"`   // when it joined
	Expires    Time   `json:"expires"` // when its lease ends, or ended
	Level      int    `json:"level"`   // of the records that it can write
	Partitions int    `json:"partitions"`
}

// Partition is who has a partition.
type Partition struct {
	Partition int    `json:"partition"`
	Node      string `json:"node,omitempty"` // name of the node that has it; empty: none
	ID        string `json:"id,omitempty"`   // of the start of that node
	Epoch     uint64 `json:"epoch"`          // how often it was opened
}

// Cluster returns the nodes, and who has which partition.
func (c *Client) Cluster(ctx context.Context) (*Cluster, error) {
	all := &Cluster{}
	return all, c.get(ctx, "/v1/cluster", nil, all)
}
