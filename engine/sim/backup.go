package sim

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
	kv      *memory.KV
	batches []*engine.Batch
}

// backUp copies the disk.
func (m *machine) backUp() {
	m.moves = append(m.moves, move{kind: moveBackUp})
	m.backups = append(m.backups, &backup{copied(m.disk.KV), slices.Clone(m.batches)})
}

// putBack puts a copy of the disk back, while no process is there. What came after it
// is lost, and everybody who was told of that knows.
func (m *machine) putBack(n int) {
	m.moves = append(m.moves, move{kind: movePutBack, backup: n})
	b := m.backups[n]
	m.disk.KV = copied(b.kv)
	learned := m.model
	m.newLife()
	m.model.Learn(learned)
	for _, batch := range b.batches {
		m.batches, m.seq = append(m.batches, batch), batch.State.Seq
		for _, f := range batch.Firings {
			m.firings[f.ID] = f.Number
		}
		for _, c := range batch.Changes {
			m.name(c.After)
		}
		if err := m.model.Take(batch, func(v engine.FlowVersion) *flows.Flow { return m.versions[v] }); err != nil {
			panic(err) // it was right when it was committed
		}
	}
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
