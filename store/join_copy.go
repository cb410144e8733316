package store

import "nudge/engine"

// Undivide copies what a store has into an empty kv, as the store of an installation that is not divided; nothing of the journal, and
// nothing that is still on its way between the parts. A run keeps its ID, and a campaign its number.
func (s *Store) Undivide(kv KV) error {
	states := make([]engine.State, 0, len(s.parts))
	for _, p := range s.parts {
		state, err := p.State()
		if err != nil {
			return err
		}
		states = append(states, state)
	}
	return s.kv.View(func(r Reader) error {
		return kv.Update(func(w Writer) (failed error) {
			for _, b := range Buckets {
				if b == Journal {
					continue
				}
				r.Ascend(b, nil, func(key, value []byte) bool {
					failed = w.Put(b, key, value)
					return failed == nil
				})
				if failed != nil {
					return failed
				}
			}
			state, err := decodeState(r.Get(Meta, keyState))
			if err != nil {
				return damaged(Meta, keyState, err)
			}
			state.Partition = engine.Partition{}
			for part := range states { // no input may have a number that one had
				state.Seq = max(state.Seq, inTurn{}.shown(part, states[part].Seq, len(states)))
			}
			return w.Put(Meta, keyState, encodeState(&state))
		})
	})
}
