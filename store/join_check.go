package store

import "fmt"

// checkParts checks each part of a joined store, and adds up what there is.
func (s *Store) checkParts(check func(*Store) (*Report, error)) (*Report, error) {
	sum := &Report{Problems: []string{}}
	for i, p := range s.parts {
		r, err := check(p)
		if r != nil {
			sum.add(i, r)
		}
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// add adds the report of a part.
func (r *Report) add(part int, more *Report) {
	r.Live += more.Live
	r.Ended += more.Ended
	r.Timers += more.Timers
	r.Stale += more.Stale
	r.Outbox += more.Outbox
	r.Journal += more.Journal
	r.Quarantined += more.Quarantined
	for _, problem := range more.Problems {
		if len(r.Problems) <= maxProblems {
			r.Problems = append(r.Problems, fmt.Sprintf("partition %d: %s", part, problem))
		}
	}
}

// checkPartsInUse is checkParts while others write. Its progress is that of all parts.
func (s *Store) checkPartsInUse(rest func(CheckProgress) error) (*Report, error) {
	before, last := CheckProgress{}, CheckProgress{}
	return s.checkParts(func(p *Store) (*Report, error) {
		before.Records, before.Problems = last.Records, last.Problems
		return p.CheckInUse(func(progress CheckProgress) error {
			last = progress
			last.Records += before.Records
			last.Problems += before.Problems
			return rest(last)
		})
	})
}
