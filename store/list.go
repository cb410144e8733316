package store

import (
	"slices"

	"nudge/engine"
)

// Query says which runs a list shows. Empty fields mean any.
type Query struct {
	Flow    string
	Profile string
	Live    bool         // only runs that live
	Ended   bool         // only runs that have ended
	Outcome string       // of ended runs
	Before  engine.RunID // only runs that started before this one; zero for the newest
	Limit   int          // runs to return: 1 to MaxPage
}

const (
	// MaxPage is the most runs of one page of a list.
	MaxPage = 500
	// scanLimit is how many runs one page may look at in each bucket.
	scanLimit = 20_000
)

// Page is one page of a list, newest run first.
type Page struct {
	Runs []*engine.Run
	// Next is where the next page begins (Query.Before), zero when there is none. A
	// page may be empty and still have a next one: a page looks at a limited number
	// of runs.
	Next engine.RunID
}

// List returns a page of runs.
func (s *Store) List(q Query) (page Page, err error) {
	q.Limit = min(max(q.Limit, 1), MaxPage)
	err = s.kv.View(func(r Reader) error {
		var cut engine.RunID // below this one, a scan that stopped may have missed runs
		for _, b := range [...]Bucket{Runs, Ended} {
			if (b == Runs && (q.Ended || q.Outcome != "")) || (b == Ended && q.Live) {
				continue
			}
			found, stopped, err := scan(r, b, q)
			if err != nil {
				return err
			}
			page.Runs = append(page.Runs, found...)
			if stopped.Compare(cut) > 0 {
				cut = stopped
			}
		}
		page.settle(cut, q.Limit)
		return nil
	})
	return page, err
}

// scan returns the matching runs of a bucket, newest first, and the last run looked
// at when it stopped before the end.
func scan(r Reader, b Bucket, q Query) (found []*engine.Run, stopped engine.RunID, err error) {
	var before []byte
	if q.Before != (engine.RunID{}) {
		before = q.Before[:]
	}
	looked := 0
	r.Descend(b, before, func(key, value []byte) bool {
		var run *engine.Run
		if run, err = decodeRun(key, value); err != nil {
			err = damaged(b, key, err)
			return false
		}
		if q.matches(run) {
			found = append(found, run)
		}
		looked++
		if len(found) > q.Limit || looked == scanLimit {
			stopped = run.ID
			return false
		}
		return true
	})
	return found, stopped, err
}

func (q *Query) matches(r *engine.Run) bool {
	return (q.Flow == "" || q.Flow == r.Flow) && (q.Profile == "" || q.Profile == r.Profile) &&
		(q.Outcome == "" || q.Outcome == r.Outcome)
}

// settle merges what the scans found into one page and says where the next begins.
func (p *Page) settle(cut engine.RunID, limit int) {
	slices.SortFunc(p.Runs, func(a, b *engine.Run) int { return b.ID.Compare(a.ID) })
	sure, _ := slices.BinarySearchFunc(p.Runs, cut, func(r *engine.Run, id engine.RunID) int { return id.Compare(r.ID) })
	if sure < len(p.Runs) && p.Runs[sure].ID == cut {
		sure++
	}
	if cut == (engine.RunID{}) {
		sure = len(p.Runs)
	}
	p.Runs, p.Next = p.Runs[:sure], cut
	if len(p.Runs) > limit {
		p.Runs = p.Runs[:limit]
		p.Next = p.Runs[limit-1].ID
	}
}

// Entries calls visit with the journal from the given number on, in order, until it
// returns false.
func (s *Store) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	return s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Journal, be(from), func(key, value []byte) bool {
			var j *engine.Journaled
			if j, failed = decodeJournaled(value); failed != nil {
				failed = damaged(Journal, key, failed)
				return false
			}
			return visit(j)
		})
		return failed
	})
}
