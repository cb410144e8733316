package store

import "nudge/engine"

// Retry returns the input that lets a run go on that has failed, and the run; nil if there is none. All that it
// says is of one instant. If the run's person is being erased, the input names no person, so that the engine refuses it.
func (s *Store) Retry(id engine.RunID, reason string) (in *engine.Retry, run *engine.Run, err error) {
	part, err := s.PartOfRun(id) // numbers of inputs mean something only to the part that has the run
	if err != nil {
		return nil, nil, err
	}
	err = part.kv.View(func(r Reader) error {
		if run, err = readRun(r, id); err != nil || run == nil {
			return err
		}
		state, err := decodeState(r.Get(Meta, keyState))
		if err != nil {
			return damaged(Meta, keyState, err)
		}
		in = &engine.Retry{Run: id, Flow: run.Flow, Version: run.Version, Profile: run.Profile, Reason: reason, AsOf: state.Seq}
		if r.Get(Erasures, personPrefix(run.Profile)) != nil {
			in.Profile = ""
		}
		return nil
	})
	return in, run, err
}
