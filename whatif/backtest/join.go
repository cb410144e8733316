package backtest

import (
	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
	"nudge/whatif/replay"
)

// beginning is how things stood when the window began. A divided installation stands as one that is not divided: what one person
// gets is the same in both.
type beginning struct {
	kv      *memory.KV
	changes []engine.Change // by what the partitions owed each other; in reality, they came in the window
	emitted []*engine.Input // events that followed from it
}

// beginningOf returns what the replays of all partitions have led to. They themselves go on as they are.
func beginningOf(parts []*part) (*beginning, error) {
	if len(parts) == 1 {
		return &beginning{kv: parts[0].replay.KV.Clone()}, nil
	}
	h := &handover{given: map[way]uint64{}, beginning: &beginning{kv: new(memory.KV)}}
	var stores []*store.Store
	for _, p := range parts {
		c, err := p.replay.Clone()
		if err != nil {
			return nil, err
		}
		h.parts, stores, h.at = append(h.parts, c), append(stores, c.Store), max(h.at, c.Core.State.Stamp)
	}
	if err := h.all(); err != nil {
		return nil, err
	}
	return h.beginning, store.Join(stores).Undivide(h.kv)
}

// handover gives partitions what they owe each other.
type handover struct {
	*beginning
	parts []*replay.Replay
	given map[way]uint64 // numbers of the last inputs
	at    engine.Instant // of the last input of all
}

// way leads from a partition to another one.
type way struct{ from, to int }

// all gives them everything, also what they owe after that.
func (h *handover) all() error {
	for busy := true; busy; {
		busy = false
		for from := range h.parts {
			for to := range h.parts {
				more, err := h.some(way{from, to})
				if err != nil {
					return err
				}
				busy = busy || more
			}
		}
	}
	return nil
}

// some gives a partition some of what another one owes it.
func (h *handover) some(on way) (more bool, err error) {
	to := h.parts[on.to]
	owed, err := h.parts[on.from].Store.OwedTo(on.to, max(to.Core.State.SeenOf(on.from), h.given[on]), maxBatch)
	if err != nil {
		return false, err
	}
	for _, in := range owed {
		h.given[on] = in.Origin.Number
		if err := h.give(to, in); err != nil {
			return false, err
		}
	}
	return len(owed) > 0, nil
}

// give applies an input and what follows from it. An event that a run emits may concern all partitions, so the worlds take it.
func (h *handover) give(to *replay.Replay, in *engine.Input) error {
	for all := []*engine.Input{in}; len(all) > 0; all = all[1:] {
		out, changes, err := to.Take(all[0], h.at)
		if err != nil {
			return err
		}
		h.changes = append(h.changes, changes...)
		for _, next := range out.Derived {
			if ev, ok := next.Payload.(*engine.Event); ok && ev.FanOut == nil {
				own := *next
				own.Derived = 0
				h.emitted = append(h.emitted, &own)
			} else {
				all = append(all, next)
			}
		}
	}
	return nil
}
