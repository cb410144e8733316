// Package nodes says which node of a cluster has which partitions of a store.
//
// A node is one process that serves. It has a lease, which it renews; while it has one, it may own partitions. Ownership
// changes only when a node takes a partition that nobody owns, or whose owner's lease has ended, and each time the epoch
// of the partition rises. A commit names owner and epoch, and the store refuses one that is not the partition's any more.
//
// All instants are of the clock of the registry, which is the database's. So the clocks of nodes need not agree.
package nodes

import (
	"context"
	"errors"
	"time"
)

// ID tells one start of a node from all others. It is random.
type ID string

// Node is a process that serves partitions.
type Node struct {
	ID      ID
	Name    string    // that operators gave it
	Address string    // where other nodes reach it, host and port
	Level   int       // the newest level of records and handovers that it can write
	Began   time.Time // when it joined
	Expires time.Time // when its lease ends, or ended
	Dead    bool      // it left, or another node has taken its partitions: its lease cannot be renewed
}

// Partition is who has a partition.
type Partition struct {
	Number   int
	Owner    ID     // "": nobody
	Epoch    uint64 // of the last opening; 0: it was never opened
	Last     ID     // who had it before the owner; "": nobody
	Database string // where it lives; "": in the database of the registry
}

// View is all nodes and partitions at one instant.
type View struct {
	Now        time.Time
	Nodes      []Node      // living ones, and dead ones that are the last owner of a partition; by ID
	Partitions []Partition // by number
}

var (
	// ErrExpired is returned when a node's lease has ended. The node has nothing any more and must join again, with another ID.
	ErrExpired = errors.New("the lease of this node has ended")
	// ErrNotOwner is returned when a partition is not, or no more, the node's under its epoch. Nothing was changed.
	ErrNotOwner = errors.New("another node owns the partition")
)

// Registry keeps nodes and partitions, durably and in one place for all nodes. All methods are safe for concurrent use, and
// each is one transaction. Another error than those named here leaves open whether it happened.
type Registry interface {
	// Join adds a node, with a lease of some time from now. Began and Expires are set.
	Join(ctx context.Context, n Node, term time.Duration) error
	// Renew makes a node's lease end some time from now, and returns what the registry has then. It returns ErrExpired if the
	// lease has ended or the node is dead.
	Renew(ctx context.Context, id ID, term time.Duration) (View, error)
	// Take makes a node the owner of those of the partitions that nobody owns, that it owns itself, or whose owner's lease has
	// ended; such an owner is dead from then on. Each epoch rises. It returns what it took, by number. It returns ErrExpired if
	// the lease of the node itself has ended.
	Take(ctx context.Context, id ID, partitions []int) ([]Partition, error)
	// Release gives a partition back. It returns ErrNotOwner if the node does not own it under that epoch.
	Release(ctx context.Context, id ID, partition int, epoch uint64) error
	// Leave gives back all that a node owns; it is dead from then on. It is no error if it was already.
	Leave(ctx context.Context, id ID) error
	// View returns what the registry has.
	View(ctx context.Context) (View, error)
}
