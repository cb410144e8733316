package store

import "bytes"

// Comparison is how many there are of something before and after a move.
type Comparison struct {
	What   string `json:"what"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// compared are buckets of which a move changes no number, and what they have.
var compared = [...]struct {
	bucket Bucket
	what   string
}{{Profiles, "profiles"}, {Campaigns, "campaigns"}, {Keys, "keys of live runs"}, {Sent, "messages known by the provider's ID"}, {IDs, "remembered ids"}, {Orphans, "receipts that wait for their message"},
	{Versions, "versions of flows"}, {Deploys, "deploys"}, {Proposals, "proposals"}, {Audit, "entries of the audit trail"}, {Notices, "notices to be delivered"},
	{FailedNotices, "notices that were given up"}, {Jobs, "jobs"}, {EventTypes, "types of events"}, {Refusals, "refused events"}, {Quarantine, "damaged runs"}}

// Compare counts what is in a store before and after a move. The reports are those of their checks.
func Compare(before, after *Store, was, is *Report) (all []Comparison, err error) {
	all = []Comparison{{"live runs", was.Live, is.Live}, {"ended runs", was.Ended, is.Ended}, {"timers", was.Timers, is.Timers}, {"messages to go out", was.Outbox, is.Outbox}}
	for _, c := range compared {
		one := Comparison{What: c.what}
		for s, n := range map[*Store]*int{before: &one.Before, after: &one.After} {
			if *n, err = s.count(c.bucket); err != nil {
				return nil, err
			}
		}
		all = append(all, one)
	}
	for _, b := range [...]Bucket{Counts, FlowSpans} {
		differ, n, err := differing(before, after, b)
		if err != nil {
			return nil, err
		}
		all = append(all, Comparison{"counts of flows, in " + b.String(), n, n - differ})
	}
	return all, nil
}

// pages visits the entries of a bucket, page by page.
func (s *Store) pages(b Bucket, visit func(key, value []byte)) error {
	from, more := []byte(nil), true
	for more {
		read := 0
		more = false
		if err := s.kv.View(func(r Reader) error {
			r.Ascend(b, from, func(key, value []byte) bool {
				if more = read == movePage; more {
					return false
				}
				read++
				from = append(bytes.Clone(key), 0)
				visit(key, value)
				return true
			})
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) count(b Bucket) (n int, err error) {
	err = s.pages(b, func(_, _ []byte) { n++ })
	return n, err
}

// differing returns how many records of the first store the second one has not, or has otherwise.
func differing(before, after *Store, b Bucket) (differ, n int, err error) {
	var failed error
	err = before.pages(b, func(key, value []byte) {
		n++
		if err := after.kv.View(func(r Reader) error {
			if !bytes.Equal(r.Get(b, key), value) {
				differ++
			}
			return nil
		}); err != nil {
			failed = err
		}
	})
	if err == nil {
		err = failed
	}
	return differ, n, err
}
