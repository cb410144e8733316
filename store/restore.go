package store

import (
	"crypto/rand"
	"errors"
	"fmt"

	"nudge/engine"
)

// Restoring says how a store goes on that was made of a backup.
type Restoring struct {
	// Gone says that the original is gone for good. The store then is the same installation: it takes receipts of what was sent
	// before, and its campaigns go on. Else it is another one.
	Gone bool
	// Forgotten are the people who were forgotten since the backup.
	Forgotten []Erased
}

// Erased is what stays of the ID of a forgotten person in a store and in every backup of it: who knows the ID can compute it, and nobody can tell the
// ID from it without the store.
type Erased struct {
	Person string // 32 hex digits
	Nobody string // the same of the empty ID, which tells the stores apart
}

// ErrOtherStore is returned by [Restore] when the list of people who were forgotten is that of another store.
var ErrOtherStore = errors.New("the list of people who were forgotten is of another store")

// Restore makes a store that goes on of the records of a backup, which are in the kvs. The kill switch is set, so that nothing goes out until
// somebody has looked. People who were forgotten since are noted: see [Store.Reforget]. It returns the state of the first partition, and how
// many those people are.
func Restore(kvs []KV, how Restoring) (state engine.State, forgotten int, err error) {
	var installation engine.Installation
	rand.Read(installation[:])
	for n := len(kvs) - 1; n >= 0; n-- {
		var people []string
		if err := kvs[n].Update(func(w Writer) (err error) {
			if state, err = StateIn(w); err != nil {
				return err
			}
			if !how.Gone {
				state.Installation, state.Former = installation.In(state.Partition), nil
			}
			state.Killed = true
			if people, err = forgottenIn(w, how.Forgotten); err != nil {
				return err
			}
			if len(people) > 0 {
				if err := w.Put(Meta, keyReforget, encode(reforgetVersion, func(c *codec) { list(c, &people, (*codec).str) })); err != nil {
					return err
				}
			}
			return errors.Join(w.Put(Meta, keyHeld, []byte{}), w.Put(Meta, keyState, encodeState(&state)))
		}); err != nil {
			return state, forgotten, err
		}
		forgotten += len(people)
	}
	return state, forgotten, nil
}

// Held reports whether the store was restored, and nobody has let anything out of it since.
func (s *Store) Held() (held bool, err error) {
	err = s.Parts()[0].kv.View(func(r Reader) error {
		held = r.Get(Meta, keyHeld) != nil
		return nil
	})
	return held, err
}

// LetGo notes that somebody has let things out of a restored store.
func (s *Store) LetGo() error {
	for _, part := range s.Parts() {
		if err := part.kv.Update(func(w Writer) error { return w.Delete(Meta, keyHeld) }); err != nil {
			return err
		}
	}
	return nil
}

// forgottenIn returns the IDs in a partition that stand for people who were forgotten.
func forgottenIn(r Reader, forgotten []Erased) (people []string, err error) {
	if len(forgotten) == 0 {
		return nil, nil
	}
	key := r.Get(Meta, keyAudit)
	if key == nil {
		return nil, fmt.Errorf("%w: the key of the hashes of forgotten people is not there", ErrDamaged)
	}
	hashes := map[string]bool{}
	for _, e := range forgotten {
		if e.Nobody == erasedAs(key, "") {
			hashes[e.Person] = true
		}
	}
	if len(hashes) == 0 {
		return nil, ErrOtherStore
	}
	seen := map[string]bool{"": true}
	err = everybody(r, func(profile string) {
		if !seen[profile] {
			seen[profile] = true
			if hashes[erasedAs(key, profile)] {
				people = append(people, profile)
			}
		}
	})
	return people, err
}

// everybody calls visit with every ID of a person that stands in a partition: in profiles, runs, the journal. One may come several times.
func everybody(r Reader, visit func(profile string)) (err error) {
	for _, b := range [...]Bucket{Profiles, Runs, Ended, Journal} {
		r.Ascend(b, nil, func(key, record []byte) bool {
			switch b {
			case Profiles:
				id, _, ok := unsized(key)
				if !ok {
					err = damaged(b, key, errDamaged)
				}
				visit(id)
			case Journal:
				j, failed := decodeJournaled(record)
				if err = damaged(b, key, failed); err == nil {
					for _, id := range namedIn(j.Input) {
						visit(id)
					}
				}
			default:
				visitRun(b, key, record, visit)
			}
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// visitRun visits the person of a run. A damaged record names nobody who can be read, and that of a run which has ended comes in the
// other bucket.
func visitRun(b Bucket, key, record []byte, visit func(profile string)) {
	decoded := decodeRun
	if b == Ended {
		decoded = decodeEnded
	}
	if run, err := decoded(key, record); err == nil {
		visit(run.Profile)
	}
}

// namedIn returns the people whom an input names.
func namedIn(in *engine.Input) []string {
	switch p := in.Payload.(type) {
	case *engine.Event:
		return []string{p.Profile}
	case *engine.Call:
		return []string{p.Profile}
	case *engine.Reply:
		return []string{p.Profile}
	case *engine.ProfileChange:
		return []string{p.Profile}
	case *engine.Receipt:
		return []string{p.Profile}
	case *engine.Rows:
		var all []string
		for _, row := range p.Rows {
			all = append(all, row.Profile)
		}
		return all
	}
	return nil
}

// Reforget returns the people who were forgotten after the backup that the store was made of, and have to be forgotten again.
func (s *Store) Reforget() (people []string, err error) {
	for _, part := range s.Parts() {
		if err := part.kv.View(func(r Reader) error {
			record := r.Get(Meta, keyReforget)
			if record == nil {
				return nil
			}
			var own []string
			if err := decode(record, reforgetVersion, func(c *codec) { list(c, &own, (*codec).str) }); err != nil {
				return damaged(Meta, keyReforget, err)
			}
			people = append(people, own...)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// Reforgotten notes that those people are forgotten.
func (s *Store) Reforgotten() error {
	for _, part := range s.Parts() {
		if err := part.kv.Update(func(w Writer) error { return w.Delete(Meta, keyReforget) }); err != nil {
			return err
		}
	}
	return nil
}

// ErasedAs is what stays of the ID of a person when they are forgotten.
func (s *Store) ErasedAs(profile string) (e Erased, err error) {
	err = s.Parts()[0].kv.View(func(r Reader) error {
		key := r.Get(Meta, keyAudit)
		if key == nil {
			return fmt.Errorf("%w: the key of the hashes of forgotten people is not there", ErrDamaged)
		}
		e = Erased{Person: erasedAs(key, profile), Nobody: erasedAs(key, "")}
		return nil
	})
	return e, err
}
