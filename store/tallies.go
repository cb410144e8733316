package store

import "nudge/engine"

// Tally is where the people stand for whom a firing has started runs. It changes in
// the commit that changes the runs.
type Tally struct {
	Firing    uint64            `json:"-"`
	Standings map[string]uint64 `json:"standings"` // runs by engine.Run.Standing
	Purged    map[string]uint64 `json:"-"`         // those of Standings whose records are gone
}

func newTally(firing uint64) *Tally {
	return &Tally{Firing: firing, Standings: map[string]uint64{}, Purged: map[string]uint64{}}
}

func encodeTally(t *Tally) []byte {
	return encode(tallyVersion, func(c *codec) { tallyFields(c, t) })
}

func decodeTally(record []byte) (*Tally, error) {
	t := newTally(0)
	return t, decode(record, tallyVersion, func(c *codec) { tallyFields(c, t) })
}

func tallyFields(c *codec, t *Tally) {
	c.uint(&t.Firing)
	table(c, t.Standings, (*codec).str)
	table(c, t.Purged, (*codec).str)
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
		was := before.Standing()
		if t.Standings[was]--; t.Standings[was] == 0 {
			delete(t.Standings, was)
		}
	}
	t.Standings[c.After.Standing()]++
}

// putTallies brings the tallies of the firings concerned up to date, and notes which of
// them are finished: their members are not needed any more.
func putTallies(w Writer, b *engine.Batch) error {
	touched := map[uint64]*Tally{}
	for _, c := range b.Changes {
		firing := c.After.Firing
		if firing == 0 {
			continue
		}
		if touched[firing] == nil {
			var err error
			if touched[firing], err = readTally(w, firing); err != nil {
				return err
			}
		}
		touched[firing].count(c)
	}
	for number, t := range touched {
		if err := w.Put(Tallies, be(number), encodeTally(t)); err != nil {
			return err
		}
	}
	for _, f := range b.Firings {
		if f.Finished() && has(w, Members, be(f.Number)) {
			if err := w.Put(Settled, be(f.Number), nil); err != nil {
				return err
			}
		}
	}
	return nil
}
