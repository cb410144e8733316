package store

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"nudge/engine"
)

// Load returns every run that the needs name, the profiles of their people, and the
// remembered answers to their ids. A run whose record cannot be read is not there; it is among
// the damaged ones. The caller owns the records.
func (s *Store) Load(needs *engine.Needs) (loaded *engine.Loaded, err error) {
	loaded = &engine.Loaded{}
	err = s.kv.View(func(r Reader) error {
		ahead(r, func(add func(Want)) { needsAhead(needs, add) })
		wanted, err := wantedRuns(r, needs, loaded)
		if err != nil {
			return err
		}
		var swept []engine.RunID
		if loaded.Members, swept, err = readMembers(r, needs); err != nil {
			return err
		}
		if len(swept) > 0 {
			wanted = sorted(append(wanted, swept...), engine.RunID.Compare)
		}
		runsAhead(r, wanted)
		readRuns(r, wanted, loaded)
		belongingsAhead(r, loaded.Runs)
		if err := addBeside(r, needs, loaded); err != nil {
			return err
		}
		return loadRecords(r, needs, loaded)
	})
	return loaded, err
}

// loadRecords adds what is not a run.
func loadRecords(r Reader, needs *engine.Needs, loaded *engine.Loaded) (err error) {
	people, campaigns := slices.Clone(needs.People), slices.Clone(needs.Campaigns)
	for _, run := range loaded.Runs {
		people = append(people, run.Profile)
		if run.Campaign != 0 {
			campaigns = append(campaigns, run.Campaign)
		}
	}
	if loaded.People, err = readEach(r, sorted(people, strings.Compare), readPerson); err != nil {
		return err
	}
	if loaded.Campaigns, err = readEach(r, sorted(campaigns, cmp.Compare), readCampaign); err != nil {
		return err
	}
	for _, v := range needs.Versions {
		if record := r.Get(Versions, versionKey(v)); record != nil {
			f, err := decodeFlow(record)
			if err != nil {
				return damaged(Versions, versionKey(v), err)
			}
			loaded.Versions = append(loaded.Versions, f)
		}
	}
	if err := readOrphans(r, needs, loaded); err != nil {
		return err
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
}

// addBeside adds the other live runs of the people of parked runs: when such a run begins,
// its flow's entry looks at them.
func addBeside(r Reader, needs *engine.Needs, loaded *engine.Loaded) error {
	for _, run := range loaded.Runs {
		if run.Status == engine.Parked && !slices.Contains(needs.People, run.Profile) {
			loaded.Beside = append(loaded.Beside, run.Profile)
		}
	}
	if len(loaded.Beside) == 0 {
		return nil
	}
	ids, err := wantedRuns(r, &engine.Needs{People: loaded.Beside}, loaded)
	if err != nil {
		return err
	}
	have := make(map[engine.RunID]bool, len(loaded.Runs))
	for _, run := range loaded.Runs {
		have[run.ID] = true
	}
	ids = slices.DeleteFunc(ids, func(id engine.RunID) bool { return have[id] })
	readRuns(r, ids, loaded)
	return nil
}

// readRuns loads the runs that exist, in the order of the IDs.
func readRuns(r Reader, ids []engine.RunID, loaded *engine.Loaded) {
	for _, id := range ids {
		run, err := readRun(r, id)
		if err != nil {
			loaded.Damaged = append(loaded.Damaged, id)
		} else if run != nil {
			loaded.Runs = append(loaded.Runs, run)
		}
	}
}

// readEach returns the records that exist, in the order of their keys.
func readEach[K, V any](r Reader, keys []K, read func(Reader, K) (*V, error)) (records []*V, err error) {
	for _, key := range keys {
		record, err := read(r, key)
		if err != nil {
			return nil, err
		}
		if record != nil {
			records = append(records, record)
		}
	}
	return records, nil
}

// readPerson returns the stored profile of a person, or nil.
func readPerson(r Reader, id string) (*engine.Person, error) {
	record := r.Get(Profiles, personPrefix(id))
	if record == nil {
		return nil, nil
	}
	p, err := decodePerson(record)
	return p, damaged(Profiles, personPrefix(id), err)
}

// Person returns the stored profile of a person, or nil.
func (s *Store) Person(id string) (p *engine.Person, err error) {
	err = s.kv.View(func(r Reader) error {
		p, err = readPerson(r, id)
		return err
	})
	return p, err
}

// People calls visit with every stored profile until visit returns false. Shorter ids come
// first, and ids of the same length are in byte order. All profiles are as they were at
// one instant.
func (s *Store) People(visit func(*engine.Person) bool) error {
	return s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Profiles, nil, func(key, record []byte) bool {
			p, err := decodePerson(record)
			if failed = damaged(Profiles, key, err); failed != nil {
				return false
			}
			return visit(p)
		})
		return failed
	})
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

// wantedRuns returns the ids of the runs that the needs name, in order. It marks keys with
// more runs than wanted as cut.
func wantedRuns(r Reader, needs *engine.Needs, loaded *engine.Loaded) ([]engine.RunID, error) {
	wanted := slices.Clone(needs.Runs)
	var failed error
	collect := func(b Bucket, prefix, from []byte, limit int) (cut bool) {
		within(r, b, prefix, from, func(key, _ []byte) bool {
			if !bytes.HasPrefix(key, prefix) || b == People && len(key) != liveRunBytes {
				return false // behind them is what is over
			}
			if limit == 0 {
				cut = true
				return false
			}
			id, err := runAt(key)
			failed = errors.Join(failed, damaged(b, key, err))
			if b.lazy() && liveRecord(r, id[:]) == nil {
				return err == nil // stale
			}
			limit--
			wanted = append(wanted, id)
			return err == nil
		})
		return cut
	}
	for _, p := range sorted(needs.People, strings.Compare) {
		collect(People, personHash(p), personHash(p), -1)
	}
	for _, id := range sorted(needs.ProviderIDs, strings.Compare) {
		collect(Sent, providerPrefix(id), providerPrefix(id), -1)
	}
	for _, k := range sorted(needs.Keys, engine.KeyNeed.Compare) {
		prefix, from := keySpan(&k)
		if collect(Keys, prefix, from, engine.MaxRunsPerInput+1) {
			if loaded.Truncated == nil {
				loaded.Truncated = map[engine.FlowKey]bool{}
			}
			loaded.Truncated[k.FlowKey] = true
		}
	}
	return sorted(wanted, engine.RunID.Compare), failed
}

// keySpan is where the runs with a key are that are looked for.
func keySpan(k *engine.KeyNeed) (prefix, from []byte) {
	prefix = keyPrefix(k.FlowKey)
	from = prefix
	if k.After != (engine.RunID{}) {
		from = append(append(bytes.Clone(prefix), k.After[:]...), 0)
	}
	return prefix, from
}

// sorted returns the values in order, without duplicates.
func sorted[T comparable](values []T, compare func(a, b T) int) []T {
	values = slices.Clone(values)
	slices.SortFunc(values, compare)
	return slices.Compact(values)
}
