package simtest

import (
	"bytes"
	"math/rand/v2"
	"time"

	"nudge/engine"
	"nudge/store"
)

// damageKey is the least key with which the older seeds of the corpus have no damage.
const damageKey = 47

// damageDice is a dice for one seed in eight, of whose runs the disk damages records; else nil.
func damageDice(seed uint64) *rand.Rand {
	if dice := rand.New(rand.NewPCG(seed, damageKey)); dice.IntN(8) == 0 {
		return dice
	}
	return nil
}

// broke is the record of a run that was damaged, as it was and as it is.
type broke struct{ before, after []byte }

// damage flips a bit of the record of a live run.
func (m *machine) damage(id engine.RunID, bit int) {
	m.moves = append(m.moves, move{kind: moveDamage, run: m.names[id], bit: bit})
	m.atRecord(id, func(record []byte) []byte {
		if bytes.Equal(record, m.broken[id].after) {
			return record
		}
		broken := bytes.Clone(record)
		bit %= 8 * len(record)
		broken[bit/8] ^= 1 << (bit % 8)
		m.broken[id] = broke{record, broken}
		return broken
	})
}

// mend puts back the damaged records that nobody has read yet.
func (m *machine) mend() {
	if len(m.broken) == 0 {
		return
	}
	m.moves = append(m.moves, move{kind: moveMend})
	for id, was := range m.broken {
		m.atRecord(id, func(record []byte) []byte {
			if bytes.Equal(record, was.after) {
				return was.before
			}
			return record
		})
	}
	clear(m.broken)
}

// atRecord changes the record of a run, if the run is live. The disk does it behind the back of
// the process.
func (m *machine) atRecord(id engine.RunID, change func([]byte) []byte) {
	const aSign = 16 // bytes, which that of an ended run has not
	if err := m.disk.KV.Update(func(w store.Writer) error {
		record := bytes.Clone(w.Get(store.Runs, id[:]))
		if len(record) <= aSign {
			return nil
		}
		return w.Put(store.Runs, id[:], change(record))
	}); err != nil {
		panic(err)
	}
}

// decay damages the record of some run now and then.
func (w *world) decay() {
	if w.damages == nil || w.calm {
		return
	}
	w.later(time.Duration(w.damages.Int64N(int64(4*time.Hour))), w.decay)
	w.process = w.some(w.damages)
	if live := w.model.LiveRuns(); len(live) > 0 {
		w.damage(live[w.damages.IntN(len(live))], w.damages.IntN(1<<16))
	}
}
