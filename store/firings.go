package store

import (
	"encoding/binary"

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
	integer(c, &f.Live)
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

// firingOf reads the number of a firing from a key.
func firingOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[:8]) }
