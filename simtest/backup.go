package simtest

import (
	"maps"
	"slices"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/store/memory"
)

// backup is what the disk held once, with what the judges then knew.
type backup struct {
	kv       *memory.KV
	identity engine.Installation
	batches  []*engine.Batch
}

// backUp copies the disk.
func (m *machine) backUp() {
	m.mend()
	m.moves = append(m.moves, move{kind: moveBackUp})
	m.backups = append(m.backups, &backup{copied(m.disk.KV), m.identity, slices.Clone(m.batches)})
}

// putBack puts a copy of the disk back, while no process is there, at times as another
// installation. What came after it is lost, and everybody who was told of that knows.
func (m *machine) putBack(n int, renews bool) {
	m.moves = append(m.moves, move{kind: movePutBack, backup: n, renews: renews})
	b := m.backups[n]
	m.disk.KV = copied(b.kv)
	learned := m.model
	m.newLife()
	m.model.Learn(learned)
	for _, batch := range b.batches {
		m.batches, m.seq = append(m.batches, batch), batch.State.Seq
		for _, f := range batch.Campaigns {
			m.campaigns[f.ID] = f.Number
		}
		for _, c := range batch.Changes {
			m.name(c.After)
		}
		if err := m.model.Take(batch, func(v engine.FlowVersion) *flows.Flow { return m.versions[v] }); err != nil {
			panic(err) // it was right when it was committed
		}
	}
	if m.identity = b.identity; renews {
		m.renew()
	}
}

// renew makes the store another installation, as somebody does who restores a backup
// while the original may still be there.
func (m *machine) renew() {
	m.renewed++
	m.identity = engine.Installation{1, 2, 3, 4 + m.renewed} // runs tell the first bytes
	s, err := store.Open(m.disk.KV)
	if err != nil {
		panic(err)
	}
	state, err := s.State()
	if err != nil {
		panic(err)
	}
	state.Installation = m.identity
	if err := s.Commit(&engine.Batch{State: state}); err != nil {
		panic(err)
	}
	m.model.Renew(m.identity)
	m.reached["restored as another installation"]++
}

func copied(kv *memory.KV) *memory.KV {
	c := new(memory.KV)
	if err := c.Update(func(w store.Writer) error {
		for _, b := range store.Buckets {
			values := kv.Dump(b)
			for _, k := range slices.Sorted(maps.Keys(values)) {
				if err := w.Put(b, []byte(k), values[k]); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		panic(err)
	}
	return c
}
