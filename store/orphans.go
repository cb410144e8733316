package store

import (
	"bytes"
	"strings"

	"nudge/engine"
)

// readOrphans reads the receipts that wait for the messages in the needs.
func readOrphans(r Reader, needs *engine.Needs, loaded *engine.Loaded) error {
	for _, id := range sorted(needs.ProviderIDs, strings.Compare) {
		key := providerPrefix(id)
		record := r.Get(Orphans, key)
		if record == nil {
			continue
		}
		o, err := decodeOrphan(record)
		if err != nil {
			return damaged(Orphans, key, err)
		}
		loaded.Orphans = append(loaded.Orphans, o)
	}
	return nil
}

// Orphans returns the IDs of at most limit messages whose receipts have waited since the
// given instant or longer.
func (s *Store) Orphans(since engine.Instant, limit int) (ids []string, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Orphans, nil, func(key, record []byte) bool {
			o, err := decodeOrphan(record)
			if failed = damaged(Orphans, key, err); failed != nil {
				return false
			}
			if o.Since <= since {
				ids = append(ids, o.ProviderID)
			}
			return len(ids) < limit
		})
		return failed
	})
	return ids, err
}

// Asking returns the live runs with an unanswered status check, in order.
func (s *Store) Asking() ([]engine.RunID, error) { return s.runIDs(Asks, engine.RunID{}, -1) }

// Live returns at most limit live runs after the given one, in order.
func (s *Store) Live(after engine.RunID, limit int) ([]engine.RunID, error) {
	return s.runIDs(Runs, after, limit)
}

// runIDs returns the run IDs after the given one that are keys of a bucket. A negative
// limit means no limit.
func (s *Store) runIDs(b Bucket, after engine.RunID, limit int) (ids []engine.RunID, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(b, append(bytes.Clone(after[:]), 0), func(key, record []byte) bool {
			if isSign(record) {
				return true
			}
			id, err := runAt(key)
			failed = damaged(b, key, err)
			ids = append(ids, id)
			return failed == nil && len(ids) != limit
		})
		return failed
	})
	return ids, err
}
