package store

import (
	"bytes"
	"encoding/binary"
	"slices"

	"nudge/engine"
)

// OwedTo returns at most limit inputs that are owed to a partition after a number, in order.
func (s *Store) OwedTo(to int, after uint64, limit int) (inputs []*engine.Input, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Owed, owedKey(to, after+1), func(key, record []byte) bool {
			if len(inputs) == limit || len(key) != owedKeyBytes || int(binary.BigEndian.Uint16(key)) != to {
				return false
			}
			j, err := decodeJournaled(record)
			if failed = damaged(Owed, key, err); failed != nil {
				return false
			}
			inputs = append(inputs, j.Input)
			return true
		})
		return failed
	})
	return inputs, err
}

// taken adds the deletion of what other partitions have taken.
func taken(all []engine.Delivery, add func(write)) {
	for _, d := range all {
		for number := d.After + 1; number <= d.UpTo; number++ {
			add(write{bucket: Owed, key: owedKey(d.To, number), delete: true})
		}
	}
}

// DropOwed deletes what other partitions have taken, where no commit comes that does so.
func (s *Store) DropOwed(all []engine.Delivery) error {
	var gone []write
	taken(all, func(w write) { gone = append(gone, w) })
	return s.kv.Update(func(w Writer) error { return apply(w, gone) })
}

// fitsOwed returns what is wrong with a record of what is owed; nil if it is whole and under its own number.
func fitsOwed(key, record []byte) error {
	j, err := decodeJournaled(record)
	switch {
	case err != nil:
		return err
	case len(key) != owedKeyBytes || j.Input.Origin == nil || j.Input.Origin.Number != binary.BigEndian.Uint64(key[2:]):
		return errElsewhere
	}
	return nil
}

// HasKey reports whether a live run of a flow has a key.
func (s *Store) HasKey(k engine.FlowKey) (bool, error) { return s.hasPrefix(Keys, keyPrefix(k)) }

// HasRun reports whether a run is here, live or ended.
func (s *Store) HasRun(id engine.RunID) (has bool, err error) {
	err = s.kv.View(func(r Reader) error {
		has = r.Get(Runs, id[:]) != nil || r.Get(Quarantine, id[:]) != nil
		return nil
	})
	return has, err
}

// HasFiring reports whether a campaign of a flow with a key, which an event fired here, has rows to take.
func (s *Store) HasFiring(k engine.FlowKey) (bool, error) {
	state, err := s.State()
	return slices.ContainsFunc(state.Firings, func(x engine.Firing) bool {
		return x.Flow == k.Flow && x.Key == k.Key && engine.CampaignHome(x.Campaign) == state.Partition.Number
	}), err
}

// HasMessage reports whether a run has sent the message that the provider calls by an ID, through an account whose
// receipts name it by that alone.
func (s *Store) HasMessage(providerID string) (bool, error) {
	return s.hasPrefix(Sent, providerPrefix(providerID))
}

func (s *Store) hasPrefix(b Bucket, prefix []byte) (found bool, err error) {
	err = s.kv.View(func(r Reader) error {
		r.Ascend(b, prefix, func(key, _ []byte) bool {
			found = bytes.HasPrefix(key, prefix)
			return false
		})
		return nil
	})
	return found, err
}

// Commands returns the common commands after a number, in order. The first partition of an installation keeps them.
func (s *Store) Commands(after uint64) (all []*engine.Input, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(Commands, be(after+1), func(key, record []byte) bool {
			var j *engine.Journaled
			if j, failed = decodeJournaled(record); failed != nil {
				failed = damaged(Commands, key, failed)
				return false
			}
			all = append(all, j.Input)
			return true
		})
		return failed
	})
	return all, err
}

// AddCommand keeps a common command under its number. It may be called while a Commit runs.
func (s *Store) AddCommand(in *engine.Input) error {
	return s.kv.Update(func(w Writer) error {
		return w.Put(Commands, be(in.Origin.Number), encodeJournaled(&engine.Journaled{Seq: in.Origin.Number, Input: in}))
	})
}

// DropCommands drops the common commands up to a number. It may be called while a Commit runs.
func (s *Store) DropCommands(upTo uint64) error {
	return s.kv.Update(func(w Writer) error {
		var old []write
		w.Ascend(Commands, nil, func(key, _ []byte) bool {
			if len(key) != 8 || binary.BigEndian.Uint64(key) > upTo {
				return false
			}
			old = append(old, write{bucket: Commands, key: bytes.Clone(key), delete: true})
			return true
		})
		return apply(w, old)
	})
}

// fitsCommand returns what is wrong with a record of a common command; nil if it is whole and under its own number.
func fitsCommand(key, record []byte) error {
	j, err := decodeJournaled(record)
	switch {
	case err != nil:
		return err
	case len(key) != 8 || j.Input.Origin == nil || j.Input.Origin.Number != binary.BigEndian.Uint64(key):
		return errElsewhere
	}
	return nil
}
