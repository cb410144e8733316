package store

import (
	"bytes"

	"nudge/engine"
)

// has reports whether a bucket has a key with the prefix.
func has(r Reader, b Bucket, prefix []byte) (found bool) {
	within(r, b, prefix, prefix, func(key, _ []byte) bool {
		found = bytes.HasPrefix(key, prefix)
		return false
	})
	return found
}

// dropSlice is how many members one slice drops.
const dropSlice = 2000

// Drop drops the next slice of the people of settled campaigns. It reports whether there
// is more to do.
func (s *Store) Drop() (more bool, err error) {
	var number []byte
	var keys [][]byte
	if err := s.kv.View(func(r Reader) error {
		r.Ascend(Settled, nil, func(key, _ []byte) bool {
			number = bytes.Clone(key)
			return false
		})
		if number == nil {
			return nil
		}
		r.Ascend(Members, number, func(key, _ []byte) bool {
			if !bytes.HasPrefix(key, number) || len(keys) == dropSlice {
				return false
			}
			keys = append(keys, bytes.Clone(key))
			return true
		})
		return nil
	}); err != nil || number == nil {
		return false, err
	}
	return true, s.kv.Update(func(w Writer) error {
		for _, key := range keys {
			if err := w.Delete(Members, key); err != nil {
				return err
			}
		}
		if len(keys) < dropSlice {
			return w.Delete(Settled, number)
		}
		return nil
	})
}

// readMembers returns the people of campaigns that the needs name, and the runs of the
// people that a sweep covers.
func readMembers(r Reader, needs *engine.Needs) (members []*engine.Member, runs []engine.RunID, err error) {
	for _, key := range sorted(needs.Members, engine.MemberKey.Compare) {
		if value := r.Get(Members, memberKey(key)); value != nil {
			m := &engine.Member{MemberKey: key}
			copy(m.Run[:], value)
			members = append(members, m)
		}
	}
	for i := range needs.Sweeps {
		swept, err := readSweep(r, &needs.Sweeps[i])
		if err != nil {
			return nil, nil, err
		}
		for _, m := range swept {
			members, runs = append(members, m), append(runs, m.Run)
		}
	}
	return members, runs, nil
}

// readSweep returns the next people of a campaign.
func readSweep(r Reader, s *engine.Sweep) (members []*engine.Member, err error) {
	from := memberKey(engine.MemberKey{Campaign: s.Campaign, Person: s.After})
	within(r, Members, be(s.Campaign), from, func(key, value []byte) bool {
		var m engine.Member
		if m.MemberKey, err = parseMemberKey(key); err != nil {
			err = damaged(Members, key, err)
			return false
		}
		if m.Campaign != s.Campaign || len(members) == engine.MaxSweep {
			return false
		}
		if m.Person != s.After {
			copy(m.Run[:], value)
			members = append(members, &m)
		}
		return true
	})
	return members, err
}
