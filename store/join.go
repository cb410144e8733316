package store

import (
	"errors"
	"slices"

	"nudge/engine"
)

// Join returns a store that reads the partitions of an installation as one; they are given in the order of their numbers.
// Each bucket has a rule that says how the entries of all parts become one list: see joinRules. Every list has the order
// that it has in an installation that is not divided: lists of what happened are by time, across all parts.
//
// The first partition also keeps what belongs to none: jobs, proposals and their reviews. What is written through the joined
// store goes there, so everything else must be written through the part that has it. A transaction reads each part as it is
// at about the same instant, and not at exactly the same one. One part alone is returned as it is.
func Join(parts []*Store) *Store {
	if len(parts) == 1 {
		return parts[0]
	}
	parts = slices.Clone(parts)
	return &Store{kv: &joined{parts}, opened: parts[0].opened, parts: parts}
}

// Parts returns the parts of a joined store in the order of their numbers; of any other store, itself.
func (s *Store) Parts() []*Store {
	if s.parts == nil {
		return []*Store{s}
	}
	return s.parts
}

// PartOf returns the part of a joined store that has the records of a person, or of a flow's campaigns; of any other
// store, itself.
func (s *Store) PartOf(name string) *Store { return s.part(engine.PartitionOf(name, len(s.parts))) }

// PartOfRun returns the part of a joined store that has a run; of any other store, itself. A run that no part has would be in the
// one that is returned.
func (s *Store) PartOfRun(id engine.RunID) (*Store, error) {
	born := s.part(id.Partition())
	for _, part := range append([]*Store{born}, s.parts...) {
		if has, err := part.HasRun(id); has || err != nil {
			return part, err
		}
	}
	return born, nil
}

// PartOfCampaign returns the part of a joined store that fired a campaign; of any other store, itself.
func (s *Store) PartOfCampaign(number uint64) *Store { return s.part(engine.CampaignHome(number)) }

// part returns the part with a number, or the first one if no part has the number, as a run ID that somebody made up may say.
func (s *Store) part(number int) *Store {
	switch {
	case s.parts == nil:
		return s
	case number >= len(s.parts):
		return s.parts[0]
	}
	return s.parts[number]
}

// joined is a KV of all partitions of an installation.
type joined struct{ parts []*Store }

// View calls f with a reader of all parts.
func (k *joined) View(f func(Reader) error) error {
	return together(k.parts, func(readers []Reader) error { return f(joinReaders(readers)) })
}

// together calls f with readers of all parts, of one instant if the parts can do that.
func together(parts []*Store, f func([]Reader) error) error {
	if first, ok := parts[0].kv.(Together); ok {
		kvs := make([]KV, len(parts))
		for i, p := range parts {
			kvs[i] = p.kv
		}
		if possible, err := first.ViewTogether(kvs, f); possible {
			return err
		}
	}
	return nested(parts, make([]Reader, 0, len(parts)), f)
}

// nested opens the parts one within the other.
func nested(left []*Store, readers []Reader, f func([]Reader) error) error {
	if len(left) == 0 {
		return f(readers)
	}
	return left[0].kv.View(func(r Reader) error { return nested(left[1:], append(readers, r), f) })
}

// Update changes the first part.
func (k *joined) Update(f func(Writer) error) error { return k.parts[0].kv.Update(f) }

// Close closes all parts.
func (k *joined) Close() (err error) {
	for _, p := range k.parts {
		err = errors.Join(err, p.Close())
	}
	return err
}

// joinedReader reads all parts within a transaction of each, in the order of their numbers.
type joinedReader []Reader

// Get returns what the parts have under a key.
func (j joinedReader) Get(b Bucket, key []byte) []byte { return joinRules[b].get(j, b, key) }

// Ascend visits the entries of all parts.
func (j joinedReader) Ascend(b Bucket, from []byte, visit func(key, value []byte) bool) {
	joinRules[b].walk(j, b, from, false, visit)
}

// Descend visits the entries of all parts.
func (j joinedReader) Descend(b Bucket, before []byte, visit func(key, value []byte) bool) {
	joinRules[b].walk(j, b, before, true, visit)
}

// joinRule says how the entries that all parts have in a bucket become those of the joined store.
type joinRule interface {
	// get returns the value of a key, or nil.
	get(j joinedReader, b Bucket, key []byte) []byte
	// walk visits the entries from a place on, or those before it, last first, until visit returns false; nil stands for
	// the first or last one.
	walk(j joinedReader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool)
}

// walk visits the entries of a reader in a direction.
func walk(r Reader, b Bucket, place []byte, down bool, visit func(key, value []byte) bool) {
	if down {
		r.Descend(b, place, visit)
	} else {
		r.Ascend(b, place, visit)
	}
}
