package store

import (
	"bytes"

	"nudge/engine"
	"nudge/flows"
)

// Selection is the next runs that a change of many is about.
type Selection struct {
	Runs    []*engine.Run
	Damaged []engine.RunID // whose records cannot be read
	Next    []byte         // the place after which the next selection begins; nil: there are no more
	Looked  int            // how many runs were looked at
}

// SelectFailed returns runs of the filter of which something has failed, those that started first in front. It looks at a limited
// number of runs after a place; nil for the first ones. The place is a run, also within a group of failures: a run stays where it
// is, whatever fails of it between two selections, so each is selected once and none is left out.
func (s *Store) SelectFailed(f RunFilter, after []byte, look int) (sel Selection, err error) {
	return s.selectRuns(f, look, func(l *listing, visit func(run, record []byte) bool) {
		bucket, prefix := FailedRuns, []byte(nil)
		if id, ok := ParseFailureID(f.Failure); ok {
			bucket, prefix = Failures, id[:]
		}
		l.r.Ascend(bucket, behind(prefix, after), func(key, _ []byte) bool {
			if len(key) != len(prefix)+runIDBytes || !bytes.HasPrefix(key, prefix) {
				return false
			}
			run := key[len(prefix):]
			record := l.r.Get(Runs, run)
			return record == nil || visit(run, record)
		})
	})
}

// behind returns the first key with a prefix that comes after a run; all of them if there is none.
func behind(prefix, run []byte) []byte {
	key := append(bytes.Clone(prefix), run...)
	if run != nil {
		key = append(key, 0)
	}
	return key
}

// SelectLive returns live runs of the filter, those that started first in front. It looks at a limited number of runs after a
// place; nil for the first ones.
func (s *Store) SelectLive(f RunFilter, after []byte, look int) (sel Selection, err error) {
	f.Status = "live"
	return s.selectRuns(f, look, func(l *listing, visit func(run, record []byte) bool) { l.r.Ascend(Runs, behind(nil, after), visit) })
}

// selectRuns looks at the runs that walk visits.
func (s *Store) selectRuns(f RunFilter, look int, walk func(*listing, func(run, record []byte) bool)) (sel Selection, err error) {
	l := &listing{Query: Query{RunFilter: f}, flows: map[engine.FlowVersion]*flows.Flow{}}
	err = s.kv.View(func(r Reader) error {
		l.r = r
		var last []byte
		walk(l, func(key, record []byte) bool {
			if sel.Looked == look {
				sel.Next = last
				return false
			}
			sel.Looked++
			last = bytes.Clone(key)
			if ended := isSign(record); ended && f.Status == "live" || !ended && f.ended() {
				return true
			}
			run, err := runOf(r, key, record)
			if err != nil {
				sel.Damaged = append(sel.Damaged, engine.RunID(key))
				return true
			}
			matches, err := l.matches(run)
			if err != nil {
				l.failed = err
				return false
			}
			if matches {
				sel.Runs = append(sel.Runs, run)
			}
			return true
		})
		return l.failed
	})
	return sel, err
}
