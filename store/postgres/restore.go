package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"nudge/engine"
	"nudge/store"
	"nudge/store/nodes"
)

// restoreTerm is the lease of who restores. No node can take a partition meanwhile.
const restoreTerm = 10 * time.Minute

// Restore makes a store that goes on of the tables of a backup, which are in the database: see [store.Restore]. It fails while a node works on it.
func (d *Database) Restore(ctx context.Context, how store.Restoring) (state engine.State, forgotten int, err error) {
	n := d.Partitions()
	if n == 0 {
		return state, 0, fmt.Errorf("there is no store in %s", d.where)
	}
	r, id := d.Registry(), nodes.ID(rand.Text())
	if err := r.Join(ctx, nodes.Node{ID: id, Name: "(restores the store)"}, restoreTerm); err != nil {
		return state, 0, err
	}
	defer func() { err = errors.Join(err, r.Leave(context.WithoutCancel(ctx), id)) }()
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	taken, err := r.Take(ctx, id, all)
	if err != nil {
		return state, 0, err
	}
	if len(taken) < n {
		return state, 0, fmt.Errorf("%w: %d of %d partitions of %s have an owner; stop all nodes, and wait until their leases end", ErrInUse, n-len(taken), n, d.where)
	}
	kvs := make([]store.KV, n)
	for i, p := range taken {
		kvs[i] = d.Owned(p.Number, id, p.Epoch)
	}
	if state, forgotten, err = store.Restore(kvs, how); err != nil || how.Gone {
		return state, forgotten, err
	}
	return state, forgotten, d.reseed()
}

// ErrInUse is returned by Restore while a node works on the store.
var ErrInUse = errors.New("a node works on the store")

// reseed makes another seed, so that nodes of the original and of what was made of its backup do not take each other for one cluster.
func (d *Database) reseed() error {
	seed := make([]byte, seedBytes)
	rand.Read(seed)
	return d.read(func() *batch {
		b := new(batch)
		b.add("UPDATE nudge.store SET seed = $1", raw(seed))
		return b
	}, nil)
}
