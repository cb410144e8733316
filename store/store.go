package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"nudge/engine"
)

// Store keeps the engine's records in a KV. Its methods are safe for concurrent use,
// except that only one caller at a time may call Commit.
type Store struct {
	kv     KV
	opened string   // random, so that no two stores, and no copies of one, give two notices one ID
	parts  []*Store // of a joined store; see Join
}

// openedChars is how many characters of a notice's ID tell the opening of its store: 60 bits.
const openedChars = 12

// Open returns the store in kv. An empty kv becomes a new store with a random
// installation. From then on the store owns kv, even if Open fails.
func Open(kv KV) (*Store, error) {
	s := &Store{kv: kv, opened: strings.ToLower(rand.Text()[:openedChars])}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, kv.Close())
	}
	return s, nil
}

// View returns a store over records that others write; only methods that read may be called. The store owns kv.
func View(kv KV) *Store { return &Store{kv: kv, opened: strings.ToLower(rand.Text()[:openedChars])} }

// Exists reports whether there is a store in kv.
func Exists(kv KV) (there bool, err error) {
	err = kv.View(func(r Reader) error {
		if r.Get(Meta, keyMoving) != nil {
			return ErrMoving
		}
		there = r.Get(Meta, keyFormat) != nil
		return nil
	})
	return there, err
}

func (s *Store) prepare() error {
	var format, by []byte
	if err := s.kv.View(func(r Reader) error {
		if r.Get(Meta, keyMoving) != nil {
			return ErrMoving
		}
		format, by = bytes.Clone(r.Get(Meta, keyFormat)), bytes.Clone(r.Get(Meta, keyBy))
		return nil
	}); err != nil {
		return err
	}
	switch {
	case format == nil:
		var installation engine.Installation
		rand.Read(installation[:])
		if err := createPartition(s.kv, installation, engine.Partition{}, newAuditKey()); err != nil {
			return fmt.Errorf("the store has no records yet, and cannot get its first ones: %w", err)
		}
		return nil
	case !bytes.Equal(format, []byte{Format}):
		return refused(format, by)
	}
	_, err := s.State()
	return err
}

// Create makes a new store with the given installation in an empty kv. No two stores may
// have the same installation; Open gives an empty kv a random one.
func Create(kv KV, installation engine.Installation) error {
	return CreatePartition(kv, installation, engine.Partition{})
}

// CreateDivided makes the stores of an installation that has a partition in each of the empty kvs. They have one
// key for the hashes of forgotten people, so that a forgotten person is found in the audit trails of all.
func CreateDivided(kvs []KV, installation engine.Installation) error {
	if len(kvs) == 1 {
		return createPartition(kvs[0], installation, engine.Partition{}, newAuditKey())
	}
	key := newAuditKey()
	for i := len(kvs) - 1; i >= 0; i-- { // the first one comes last: it tells that all are there
		if err := createPartition(kvs[i], installation, engine.Partition{Number: i, Of: len(kvs)}, key); err != nil {
			return err
		}
	}
	return nil
}

// OpenAll returns the stores of all partitions of an installation, which are in the kvs in their order; see [Join]. Empty
// kvs become a new installation. From then on the stores own the kvs, even if OpenAll fails.
func OpenAll(kvs []KV) (all []*Store, err error) {
	if len(kvs) > 1 {
		if err := createAll(kvs); err != nil {
			return nil, errors.Join(err, closeAll(kvs))
		}
	}
	for n, kv := range kvs {
		s, err := Open(kv)
		if err != nil {
			return nil, errors.Join(err, closeAll(kvs[n+1:]), closeAll(all))
		}
		all = append(all, s)
	}
	if err := checkTogether(all); err != nil {
		return nil, errors.Join(err, closeAll(all))
	}
	return all, nil
}

// createAll makes the records of an installation that has none.
func createAll(kvs []KV) error {
	made := false
	if err := kvs[0].View(func(r Reader) error {
		made = r.Get(Meta, keyFormat) != nil || r.Get(Meta, keyMoving) != nil
		return nil
	}); made || err != nil {
		return err
	}
	var installation engine.Installation
	rand.Read(installation[:])
	return CreateDivided(kvs, installation)
}

// checkTogether returns what is wrong if the stores are not all partitions of one installation, in their order.
func checkTogether(all []*Store) error {
	var first engine.State
	for n, s := range all {
		state, err := s.State()
		if err != nil {
			return err
		}
		if n == 0 {
			first = state
		}
		want := engine.Partition{Number: n, Of: len(all)}
		if len(all) == 1 {
			want = engine.Partition{}
		}
		switch {
		case state.Partition.Of != want.Of && n == 0:
			return fmt.Errorf("the store has %d partitions, and there are the files of %d", max(state.Partition.Of, 1), len(all))
		case state.Partition != want:
			return fmt.Errorf("where partition %d should be is partition %d of %d", n, state.Partition.Number, max(state.Partition.Of, 1))
		case !state.Installation.SameStore(first.Installation):
			return fmt.Errorf("partition %d is of the store %s, and the first one of %s", n, state.Installation, first.Installation)
		}
	}
	return nil
}

func closeAll[T io.Closer](all []T) (err error) {
	for _, x := range all {
		err = errors.Join(err, x.Close())
	}
	return err
}

// CreatePartition makes a new store that is one part of a divided installation. See [CreateDivided] for all of them.
func CreatePartition(kv KV, installation engine.Installation, p engine.Partition) error {
	return createPartition(kv, installation, p, nil)
}

// CreateSeeded makes a new store that is one part of a divided installation, with what all parts have in common: 8 bytes or more of the
// seed for the installation, and a key for the hashes of forgotten people.
func CreateSeeded(kv KV, installation engine.Installation, p engine.Partition, auditKey []byte) error {
	return createPartition(kv, installation, p, auditKey)
}

// createPartition makes a new store with a key for the hashes of forgotten people; nil for none yet, so that a store in virtual time has nothing random.
func createPartition(kv KV, installation engine.Installation, p engine.Partition, auditKey []byte) error {
	if err := p.Check(); err != nil {
		return err
	}
	state := engine.State{Installation: installation.In(p), Outbound: engine.OutboundLive, Partition: p}
	return kv.Update(func(w Writer) error {
		if w.Get(Meta, keyMoving) != nil {
			return ErrMoving
		}
		err := errors.Join(w.Put(Meta, keyFormat, []byte{Format}), w.Put(Meta, keyState, encodeState(&state)))
		if auditKey != nil {
			err = errors.Join(err, w.Put(Meta, keyAudit, auditKey))
		}
		return err
	})
}

// Close closes the store.
func (s *Store) Close() error { return s.kv.Close() }

// Snapshot calls f with a reader for each partition. It calls opened once all of them are open: if nothing is committed between the
// call of Snapshot and that, the readers show the partitions at one instant, whatever is committed during f.
func (s *Store) Snapshot(opened func(), f func([]Reader) error) error {
	all := s.parts
	if len(all) == 0 {
		all = []*Store{s}
	}
	return together(all, func(readers []Reader) error {
		opened()
		return f(readers)
	})
}

// State returns the engine's state after the last commit.
func (s *Store) State() (state engine.State, err error) {
	err = s.kv.View(func(r Reader) error {
		state, err = StateIn(r)
		return err
	})
	return state, err
}

// StateIn returns the engine's state in a partition that is read.
func StateIn(r Reader) (engine.State, error) {
	state, err := decodeState(r.Get(Meta, keyState))
	return state, damaged(Meta, keyState, err)
}

// damaged says which record an error is about, unless the error is about a run and says so.
func damaged(b Bucket, key []byte, err error) error {
	if run := (*DamagedRun)(nil); err == nil || errors.As(err, &run) {
		return err
	}
	return fmt.Errorf("%w: %s %x: %w", ErrDamaged, b, key, err)
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
// first. It also returns the deadline of the first timer after those, or 0 when there is
// none.
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
			if err != nil || len(value) < 1 {
				failed = damaged(Outbox, key, errDamaged)
				return false
			}
			claimed := engine.MessageStatus(value[0]) == engine.Claimed
			found = append(found, engine.OutboxEntry{OutboxRef: ref, Account: string(value[1:]), Claimed: claimed})
			return len(found) < limit
		})
		return failed
	})
	return found, err
}

// Engine returns an engine that continues from the last commit.
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

// CountsOf returns the counts of a version; empty ones, if it never had a run.
func (s *Store) CountsOf(v engine.FlowVersion) (counts *VersionCounts, err error) {
	err = s.kv.View(func(r Reader) error {
		counts, err = readCounts(r, v)
		return err
	})
	return counts, err
}

// Counts returns the counts of every version, by flow and version.
func (s *Store) Counts() ([]*VersionCounts, error) { return s.countsUnder(nil) }

// CountsOfFlow returns the counts of every version of a flow, by version.
func (s *Store) CountsOfFlow(flow string) ([]*VersionCounts, error) {
	return s.countsUnder(sized(nil, flow))
}

func (s *Store) countsUnder(prefix []byte) (all []*VersionCounts, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Counts, prefix, func(key, value []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				return false
			}
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
