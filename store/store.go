package store

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// Format is the layout of the whole store. A store of another format is not opened.
const Format = 1

// Store keeps the engine's records in a KV. Its methods are safe for concurrent use,
// except that Commit has one caller at a time.
type Store struct{ kv KV }

// Open returns the store in kv. An empty kv becomes a new store with an installation
// of its own. The store owns kv from here on, also when Open fails.
func Open(kv KV) (*Store, error) {
	s := &Store{kv: kv}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, kv.Close())
	}
	return s, nil
}

func (s *Store) prepare() error {
	var format []byte
	if err := s.kv.View(func(r Reader) error {
		format = bytes.Clone(r.Get(Meta, keyFormat))
		return nil
	}); err != nil {
		return err
	}
	switch {
	case format == nil:
		var installation engine.Installation
		rand.Read(installation[:])
		return Create(s.kv, installation)
	case !bytes.Equal(format, []byte{Format}):
		return fmt.Errorf("the store has format %v, this program reads %d", format, Format)
	}
	_, err := s.State()
	return err
}

// Create makes an empty kv a new store with a given installation. No two stores may
// have the same one: Open gives a random one to a kv that is empty.
func Create(kv KV, installation engine.Installation) error {
	state := engine.State{Installation: installation, Outbound: engine.OutboundLive}
	return kv.Update(func(w Writer) error {
		return errors.Join(w.Put(Meta, keyFormat, []byte{Format}), w.Put(Meta, keyState, encodeState(&state)))
	})
}

// Close closes the store.
func (s *Store) Close() error { return s.kv.Close() }

// State returns what the engine knew after the last commit.
func (s *Store) State() (state engine.State, err error) {
	err = s.kv.View(func(r Reader) error {
		state, err = decodeState(r.Get(Meta, keyState))
		return damaged(Meta, keyState, err)
	})
	return state, err
}

// Load returns every run that the needs name, what is known of the people concerned,
// and the answers to ids that are remembered. The records are the caller's.
func (s *Store) Load(needs *engine.Needs) (loaded *engine.Loaded, err error) {
	loaded = &engine.Loaded{}
	err = s.kv.View(func(r Reader) error {
		wanted, err := wantedRuns(r, needs, loaded)
		if err != nil {
			return err
		}
		people := slices.Clone(needs.People)
		for _, id := range wanted {
			run, err := readRun(r, id)
			if err != nil {
				return err
			}
			if run != nil {
				loaded.Runs = append(loaded.Runs, run)
				people = append(people, run.Profile)
			}
		}
		for _, id := range sorted(people, strings.Compare) {
			p, err := readPerson(r, id)
			if err != nil {
				return err
			}
			if p != nil {
				loaded.People = append(loaded.People, p)
			}
		}
		for _, id := range needs.IDs {
			if record := r.Get(IDs, []byte(id)); record != nil {
				answer, err := decodeAnswer(record)
				if err != nil {
					return damaged(IDs, []byte(id), err)
				}
				loaded.IDs = append(loaded.IDs, answer)
			}
		}
		return nil
	})
	return loaded, err
}

// readPerson returns what is known of a person, or nil.
func readPerson(r Reader, id string) (*engine.Person, error) {
	record := r.Get(Profiles, personPrefix(id))
	if record == nil {
		return nil, nil
	}
	p, err := decodePerson(record)
	return p, damaged(Profiles, personPrefix(id), err)
}

// Person returns what is known of a person, or nil.
func (s *Store) Person(id string) (p *engine.Person, err error) {
	err = s.kv.View(func(r Reader) error {
		p, err = readPerson(r, id)
		return err
	})
	return p, err
}

// Derived returns the derived inputs that are not yet applied, in order.
func (s *Store) Derived() (inputs []*engine.Input, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Derived, nil, func(key, record []byte) bool {
			var j *engine.Journaled
			if j, failed = decodeJournaled(record); failed != nil {
				failed = damaged(Derived, key, failed)
				return false
			}
			inputs = append(inputs, j.Input)
			return true
		})
		return failed
	})
	return inputs, err
}

// wantedRuns are the ids of the runs that the needs name, in order. Keys that have more
// than are wanted are noted as cut.
func wantedRuns(r Reader, needs *engine.Needs, loaded *engine.Loaded) ([]engine.RunID, error) {
	wanted := slices.Clone(needs.Runs)
	var failed error
	collect := func(b Bucket, prefix, from []byte, limit int) (cut bool) {
		r.Ascend(b, from, func(key, _ []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				return false
			}
			if limit == 0 {
				cut = true
				return false
			}
			limit--
			id, err := runAt(key)
			failed = errors.Join(failed, damaged(b, key, err))
			wanted = append(wanted, id)
			return err == nil
		})
		return cut
	}
	for _, p := range sorted(needs.People, strings.Compare) {
		collect(People, personPrefix(p), personPrefix(p), -1)
	}
	for _, k := range sorted(needs.Keys, engine.KeyNeed.Compare) {
		prefix := keyPrefix(k.FlowKey)
		from := prefix
		if k.After != (engine.RunID{}) {
			from = append(append(bytes.Clone(prefix), k.After[:]...), 0)
		}
		if collect(Keys, prefix, from, engine.MaxRunsPerInput+1) {
			if loaded.Cut == nil {
				loaded.Cut = map[engine.FlowKey]bool{}
			}
			loaded.Cut[k.FlowKey] = true
		}
	}
	return sorted(wanted, engine.RunID.Compare), failed
}

// sorted returns the values in order, each once.
func sorted[T comparable](values []T, compare func(a, b T) int) []T {
	values = slices.Clone(values)
	slices.SortFunc(values, compare)
	return slices.Compact(values)
}

// readRun returns a run, live or ended, or nil when there is none.
func readRun(r Reader, id engine.RunID) (*engine.Run, error) {
	for _, b := range [...]Bucket{Runs, Ended} {
		if record := r.Get(b, id[:]); record != nil {
			run, err := decodeRun(record)
			return run, damaged(b, id[:], err)
		}
	}
	return nil, nil
}

func damaged(b Bucket, key []byte, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s %x: %w", b, key, err)
}

// Run returns one run, live or ended, or nil when there is none.
func (s *Store) Run(id engine.RunID) (run *engine.Run, err error) {
	err = s.kv.View(func(r Reader) error {
		run, err = readRun(r, id)
		return err
	})
	return run, err
}

// Due returns at most limit timers with a deadline until the given instant, earliest
// first, and the deadline of the first timer after those; 0 when there is none.
func (s *Store) Due(until engine.Instant, limit int) (due []engine.Timer, next engine.Instant, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Timers, nil, func(key, _ []byte) bool {
			t, err := parseTimerKey(key)
			if err != nil {
				failed = damaged(Timers, key, err)
				return false
			}
			if t.Due > until || len(due) == limit {
				next = t.Due
				return false
			}
			due = append(due, t)
			return true
		})
		return failed
	})
	return due, next, err
}

// Outbox returns at most limit messages of the outbox after the given one, in order.
func (s *Store) Outbox(after engine.OutboxRef, limit int) (found []engine.OutboxEntry, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		from := append(outboxKey(after), 0)
		if after == (engine.OutboxRef{}) {
			from = nil
		}
		r.Ascend(Outbox, from, func(key, value []byte) bool {
			ref, err := parseOutboxKey(key)
			if err != nil || len(value) != 1 {
				failed = damaged(Outbox, key, errDamaged)
				return false
			}
			claimed := engine.MessageStatus(value[0]) == engine.Claimed
			found = append(found, engine.OutboxEntry{OutboxRef: ref, Claimed: claimed})
			return len(found) < limit
		})
		return failed
	})
	return found, err
}

// Version returns a stored version of a flow, or nil when it is not there.
func (s *Store) Version(v engine.FlowVersion) (f *flows.Flow, err error) {
	err = s.kv.View(func(r Reader) error {
		if record := r.Get(Versions, versionKey(v)); record != nil {
			f, err = decodeFlow(record)
			return damaged(Versions, versionKey(v), err)
		}
		return nil
	})
	return f, err
}

// InUse returns every version that is active or has live runs.
func (s *Store) InUse() (inUse []*flows.Flow, err error) {
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	counts, err := s.Counts()
	if err != nil {
		return nil, err
	}
	wanted := slices.Clone(state.Active)
	for _, c := range counts {
		if v := (engine.FlowVersion{Flow: c.Flow, Version: c.Version}); c.Live > 0 && !slices.Contains(wanted, v) {
			wanted = append(wanted, v)
		}
	}
	for _, v := range wanted {
		f, err := s.Version(v)
		if err != nil {
			return nil, err
		}
		if f == nil {
			return nil, fmt.Errorf("store: version %s of flow %s is in use but not there", v.Version, v.Flow)
		}
		inUse = append(inUse, f)
	}
	return inUse, nil
}

// Engine returns an engine that goes on from the last commit.
func (s *Store) Engine() (*engine.Engine, error) {
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	inUse, err := s.InUse()
	if err != nil {
		return nil, err
	}
	return engine.New(state, inUse)
}

// Counts returns the numbers of every version, by flow and version.
func (s *Store) Counts() (all []*VersionCounts, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Counts, nil, func(key, value []byte) bool {
			var c *VersionCounts
			c, failed = decodeCounts(value)
			failed = damaged(Counts, key, failed)
			all = append(all, c)
			return failed == nil
		})
		return failed
	})
	return all, err
}

func encodeFlow(f *flows.Flow) []byte {
	raw := marshalBundle(f.Bundle)
	return encode(flowVersion, func(c *codec) { c.raw(&raw) })
}

func decodeFlow(record []byte) (*flows.Flow, error) {
	var raw json.RawMessage
	if err := decode(record, flowVersion, func(c *codec) { c.raw(&raw) }); err != nil {
		return nil, err
	}
	var b flows.Bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	return flows.Compile(b)
}
