package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/nodes"
)

// slot is the records of one partition for those who only read, and, while this node has it, for those who write beside its loop.
type slot struct {
	store.KV // to be read, whoever has it
	own      atomic.Pointer[store.KV]
}

// ViewTogether reads partitions of one database at one instant.
func (s *slot) ViewTogether(all []store.KV, f func([]store.Reader) error) (possible bool, err error) {
	together, can := s.KV.(store.Together)
	plain, slots := bare(all)
	if !can || !slots {
		return false, nil
	}
	return together.ViewTogether(plain, f)
}

// Holding asks several partitions of one database at once.
func (s *slot) Holding(all []store.KV, b store.Bucket, prefixes [][]byte) (found [][]int, possible bool, err error) {
	holder, can := s.KV.(store.Holder)
	plain, slots := bare(all)
	if !can || !slots {
		return nil, false, nil
	}
	return holder.Holding(plain, b, prefixes)
}

// pages returns the store for long walks: it is read page by page, each as it is then.
func (s *shared) pages() *store.Store {
	var all []*store.Store
	for n := range s.db.Partitions() {
		all = append(all, store.View(s.db.Pages(n)))
	}
	return store.Join(all)
}

// bare returns what slots are read from; false if not all are slots.
func bare(all []store.KV) (plain []store.KV, slots bool) {
	for _, kv := range all {
		one, ok := kv.(*slot)
		if !ok {
			return nil, false
		}
		plain = append(plain, one.KV)
	}
	return plain, true
}

// Update writes if this node has the partition.
func (s *slot) Update(f func(store.Writer) error) error {
	own := s.own.Load()
	if own == nil {
		return runner.ErrElsewhere
	}
	return (*own).Update(f)
}

// make makes the tables of a new store.
func (s *shared) make(ctx context.Context, wanted int) error {
	switch found := s.db.Partitions(); {
	case wanted == 1:
		return wrongInput(errors.New("a store in a database has 2 partitions or more; nudge.yaml says `partitions: 1`"))
	case found == 0:
		if wanted == 0 {
			wanted = defaultShared
		}
		return failed(s.db.Make(ctx, wanted))
	case wanted != 0 && wanted != found:
		return wrongInput(fmt.Errorf("the store in %s has %d partitions, and nudge.yaml says `partitions: %d`, which counts for a new store; write `partitions: %d`", s.db.Where(), found, wanted, found))
	}
	return nil
}

// fill makes the first records of each partition. Several nodes may do so at the same time: each makes what it can take.
func (s *shared) fill(ctx context.Context) error {
	registry, n := s.db.Registry(), s.db.Partitions()
	for {
		var missing []int
		for p := range n {
			there, err := store.Exists(s.db.Reader(p))
			if err != nil {
				return err
			}
			if !there {
				missing = append(missing, p)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		maker := nodes.Node{ID: nodes.ID(rand.Text()), Name: s.name + " (makes the store)", Level: store.Format}
		if err := registry.Join(ctx, maker, maxLease); err != nil {
			return err
		}
		got, err := registry.Take(ctx, maker.ID, missing)
		for _, p := range got {
			if err == nil {
				err = s.first(p, n)
			}
		}
		if err := errors.Join(err, registry.Leave(ctx, maker.ID)); err != nil {
			return err
		}
		if len(got) == 0 { // another node is at it
			select {
			case <-time.After(awaitEvery):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// first makes the first records of a partition that this node has, unless they are there.
func (s *shared) first(p nodes.Partition, of int) error {
	kv := s.db.Owned(p.Number, p.Owner, p.Epoch)
	there, err := store.Exists(kv)
	if err != nil || there {
		return err
	}
	return errors.Join(store.CreateSeeded(kv, s.seed.Installation(), engine.Partition{Number: p.Number, Of: of}, s.seed.AuditKey()), kv.Close())
}

// size is how many bytes the store takes; NaN while the database does not say.
func (s *shared) size() float64 {
	n, err := s.db.Size()
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}
