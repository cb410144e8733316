package store

import "nudge/engine"

// Query selects the runs of a list. An empty field matches every run.
type Query struct {
	Flow    string
	Profile string
	Live    bool         // only live runs
	Ended   bool         // only ended runs
	Outcome string       // of ended runs
	Before  engine.RunID // only runs that started before this one; zero for the newest
	Limit   int          // runs to return: 1 to MaxPage
}

const (
	// MaxPage is how many runs or campaigns one page of a list may have, by `limit`; a larger
	// `limit` is refused with 400.
	MaxPage = 500
	// scanLimit is how many runs are looked at for one page; the page ends there, and its `next`
	// continues.
	scanLimit = 20_000
)

// Page is one page of a list, newest run first.
type Page struct {
	Runs []*engine.Run
	// Next is where the next page begins (Query.Before), zero when there is none. A page
	// may be empty and still have a next one, because a page reads a limited number of
	// runs.
	Next engine.RunID
	// Damaged are runs of the page whose records cannot be read.
	Damaged []engine.RunID
}

// List returns a page of runs.
func (s *Store) List(q Query) (page Page, err error) {
	q.Limit = min(max(q.Limit, 1), MaxPage)
	var before []byte
	if q.Before != (engine.RunID{}) {
		before = q.Before[:]
	}
	err = s.kv.View(func(r Reader) error {
		var last engine.RunID
		looked := 0
		r.Descend(Runs, before, func(key, record []byte) bool {
			if len(page.Runs) == q.Limit || looked == scanLimit {
				page.Next = last
				return false
			}
			looked++
			copy(last[:], key)
			if ended := isSign(record); ended && q.Live || !ended && (q.Ended || q.Outcome != "") {
				return true
			}
			run, err := runOf(r, key, record)
			if err != nil {
				page.Damaged = append(page.Damaged, last)
			} else if q.matches(run) {
				page.Runs = append(page.Runs, run)
			}
			return true
		})
		return nil
	})
	return page, err
}

func (q *Query) matches(r *engine.Run) bool {
	return (q.Flow == "" || q.Flow == r.Flow) && (q.Profile == "" || q.Profile == r.Profile) &&
		(q.Outcome == "" || q.Outcome == r.Outcome)
}

// Entries calls visit with the journal from the given number on, in order, until visit
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
