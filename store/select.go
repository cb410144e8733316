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
	Next    []byte         // where the next selection begins; nil: there are no more
	Looked  int            // how many runs were looked at
}

// SelectFailed returns runs of the filter of which something has failed, each once, in no order that means anything. It looks
// at a limited number of failures after a place; nil for the first ones.
func (s *Store) SelectFailed(f RunFilter, after []byte, look int) (sel Selection, err error) {
	return s.selectRuns(f, look, func(l *listing, visit func(place, run, record []byte) bool) {
		from, prefix := after, []byte(nil)
		if id, ok := ParseFailureID(f.Failure); ok {
			prefix = id[:]
			if from == nil {
				from = prefix
			}
		}
		if after != nil {
			from = append(bytes.Clone(after), 0)
		}
		l.r.Ascend(Failures, from, func(key, _ []byte) bool {
			if len(key) != failureKeyBytes || !bytes.HasPrefix(key, prefix) {
				return false
			}
			run := key[len(FailureID{}):]
			record := l.r.Get(Runs, run)
			return record == nil || visit(key, run, record)
		})
	}, func(run *engine.Run, place []byte) bool { return f.Failure != "" || isFirstFailure(run, place) })
}

// isFirstFailure reports whether an entry is the first of its run, so that a run with several failures is selected once.
func isFirstFailure(run *engine.Run, key []byte) bool {
	for _, f := range FailuresOf(run) {
		if id := f.ID(); bytes.Compare(id[:], key[:len(id)]) < 0 {
			return false
		}
	}
	return true
}

// SelectLive returns live runs of the filter, those that started first in front. It looks at a limited number of runs after a
// place; nil for the first ones.
func (s *Store) SelectLive(f RunFilter, after []byte, look int) (sel Selection, err error) {
	f.Status = "live"
	return s.selectRuns(f, look, func(l *listing, visit func(place, run, record []byte) bool) {
		from := after
		if after != nil {
			from = append(bytes.Clone(after), 0)
		}
		l.r.Ascend(Runs, from, func(key, record []byte) bool { return visit(key, key, record) })
	}, func(*engine.Run, []byte) bool { return true })
}

// selectRuns looks at the runs that walk visits.
func (s *Store) selectRuns(f RunFilter, look int, walk func(*listing, func(place, run, record []byte) bool), wanted func(*engine.Run, []byte) bool) (sel Selection, err error) {
	l := &listing{Query: Query{RunFilter: f}, flows: map[engine.FlowVersion]*flows.Flow{}}
	err = s.kv.View(func(r Reader) error {
		l.r = r
		var last []byte
		walk(l, func(place, key, record []byte) bool {
			if sel.Looked == look {
				sel.Next = last
				return false
			}
			sel.Looked++
			last = bytes.Clone(place)
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
			if matches && wanted(run, place) {
				sel.Runs = append(sel.Runs, run)
			}
			return true
		})
		return l.failed
	})
	return sel, err
}
