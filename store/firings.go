package store

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"nudge/engine"
)

func encodeFiring(f *engine.Firing) []byte {
	return encode(firingVersion, func(c *codec) { firingFields(c, f) })
}

func decodeFiring(record []byte) (*engine.Firing, error) {
	f := new(engine.Firing)
	return f, decode(record, firingVersion, func(c *codec) { firingFields(c, f) })
}

func firingFields(c *codec, f *engine.Firing) {
	var clock instants
	c.uint(&f.Number)
	c.str(&f.ID)
	c.str(&f.Flow)
	c.str(&f.Version)
	integer(c, &f.Trigger)
	clock.write(c, &f.Due)
	clock.write(c, &f.Begun)
	c.bool(&f.Local)
	clock.write(c, &f.Since)
	integer(c, &f.Status)
	c.bool(&f.Paused)
	c.str(&f.Reason)
	c.bytes(f.Installation[:])
	c.str(&f.Audience)
	integer(c, &f.Rows)
	integer(c, &f.Bad)
	list(c, &f.BadRows, badRowFields)
	integer(c, &f.Walked)
	integer(c, &f.Offset)
	clock.write(c, &f.Next)
	list(c, &f.Left, func(c *codec, l *engine.Left) { c.str(&l.Reason); integer(c, &l.Rows) })
	list(c, &f.Lanes, func(c *codec, l *engine.Lane) { clock.write(c, &l.At); integer(c, &l.People) })
	c.bool(&f.EndRuns)
	integer(c, &f.Missed)
	clock.write(c, &f.Until)
}

func badRowFields(c *codec, b *engine.BadRow) {
	integer(c, &b.Line)
	c.str(&b.What)
}

// Firing returns a firing, or nil when there is none of that number.
func (s *Store) Firing(number uint64) (f *engine.Firing, err error) {
	err = s.kv.View(func(r Reader) error {
		f, err = readFiring(r, number)
		return err
	})
	return f, err
}

func readFiring(r Reader, number uint64) (*engine.Firing, error) {
	record := r.Get(Firings, be(number))
	if record == nil {
		return nil, nil
	}
	f, err := decodeFiring(record)
	return f, damaged(Firings, be(number), err)
}

// Campaign is a firing and where its people stand.
type Campaign struct {
	*engine.Firing
	Tally *Tally
}

// Campaigns returns at most limit firings that began before the one with a number,
// newest first; those of a flow alone where it is named. A number of 0 is the end.
func (s *Store) Campaigns(flow string, before uint64, limit int) (all []Campaign, err error) {
	err = s.kv.View(func(r Reader) error {
		var from []byte
		if before > 0 {
			from = be(before)
		}
		var failed error
		r.Descend(Firings, from, func(key, record []byte) bool {
			f, err := decodeFiring(record)
			if failed = damaged(Firings, key, err); failed != nil {
				return false
			}
			if flow != "" && f.Flow != flow {
				return true
			}
			var tally *Tally
			tally, failed = readTally(r, f.Number)
			all = append(all, Campaign{f, tally})
			return failed == nil && len(all) < limit
		})
		return failed
	})
	return all, err
}

// CampaignOf returns a firing by its ID with where its people stand, or nil.
func (s *Store) CampaignOf(id string) (found *Campaign, err error) {
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Descend(Firings, nil, func(key, record []byte) bool {
			f, err := decodeFiring(record)
			if failed = damaged(Firings, key, err); failed != nil || f.ID != id {
				return failed == nil
			}
			found = &Campaign{Firing: f}
			found.Tally, failed = readTally(r, f.Number)
			return false
		})
		return failed
	})
	return found, err
}

// Tally is where the people stand for whom a firing has started runs. It changes in
// the commit that changes the runs.
type Tally struct {
	Firing    uint64            `json:"-"`
	Live      uint64            `json:"live"`      // runs
	Standings map[string]uint64 `json:"standings"` // runs by engine.Run.Standing
}

func newTally(firing uint64) *Tally { return &Tally{Firing: firing, Standings: map[string]uint64{}} }

func encodeTally(t *Tally) []byte {
	return encode(tallyVersion, func(c *codec) { tallyFields(c, t) })
}

func decodeTally(record []byte) (*Tally, error) {
	t := newTally(0)
	return t, decode(record, tallyVersion, func(c *codec) { tallyFields(c, t) })
}

func tallyFields(c *codec, t *Tally) {
	c.uint(&t.Firing)
	c.uint(&t.Live)
	table(c, t.Standings, (*codec).str)
}

func readTally(r Reader, firing uint64) (*Tally, error) {
	record := r.Get(Tallies, be(firing))
	if record == nil {
		return newTally(firing), nil
	}
	t, err := decodeTally(record)
	return t, damaged(Tallies, be(firing), err)
}

// count applies what a change of a run does to the tally.
func (t *Tally) count(c engine.Change) {
	if before := c.Before; before != nil {
		if before.Live() {
			t.Live--
		}
		was := before.Standing()
		if t.Standings[was]--; t.Standings[was] == 0 {
			delete(t.Standings, was)
		}
	}
	if c.After.Live() {
		t.Live++
	}
	t.Standings[c.After.Standing()]++
}

// putTallies brings the tallies of the firings concerned up to date, and notes which of
// them are settled: those whose rows are all taken and whose runs have all ended.
func putTallies(w Writer, b *engine.Batch) error {
	touched := map[uint64]*Tally{}
	tallyOf := func(firing uint64) (*Tally, error) {
		if touched[firing] == nil {
			t, err := readTally(w, firing)
			if err != nil {
				return nil, err
			}
			touched[firing] = t
		}
		return touched[firing], nil
	}
	for _, c := range b.Changes {
		if c.After.Firing == 0 {
			continue
		}
		t, err := tallyOf(c.After.Firing)
		if err != nil {
			return err
		}
		t.count(c)
	}
	for number, t := range touched {
		if err := w.Put(Tallies, be(number), encodeTally(t)); err != nil {
			return err
		}
	}
	for _, f := range b.Firings {
		if _, err := tallyOf(f.Number); err != nil {
			return err
		}
	}
	for _, number := range slices.Sorted(maps.Keys(touched)) {
		if err := settle(w, number, touched[number]); err != nil {
			return err
		}
	}
	return nil
}

// settle notes a firing whose members are not needed any more.
func settle(w Writer, number uint64, t *Tally) error {
	if t.Live > 0 {
		return nil
	}
	f, err := readFiring(w, number)
	if err != nil || f == nil || f.Open() {
		return err
	}
	if has(w, Members, be(number)) {
		return w.Put(Settled, be(number), nil)
	}
	return nil
}

// has reports whether a bucket has a key that begins so.
func has(r Reader, b Bucket, prefix []byte) (found bool) {
	r.Ascend(b, prefix, func(key, _ []byte) bool {
		found = bytes.HasPrefix(key, prefix)
		return false
	})
	return found
}

// dropSlice is how many members one slice drops.
const dropSlice = 2000

// Drop drops the next slice of the people of firings that are settled. It reports
// whether there is more to do.
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

// readMembers returns the people of firings that the needs name, and the runs of those
// who are swept.
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

// readSweep returns the next people of a firing.
func readSweep(r Reader, s *engine.Sweep) (members []*engine.Member, err error) {
	from := memberKey(engine.MemberKey{Firing: s.Firing, Person: s.After})
	r.Ascend(Members, from, func(key, value []byte) bool {
		var m engine.Member
		if m.MemberKey, err = parseMemberKey(key); err != nil {
			err = damaged(Members, key, err)
			return false
		}
		if m.Firing != s.Firing || len(members) == engine.MaxSweep {
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

// firingOf reads the number of a firing from a key.
func firingOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[:8]) }
