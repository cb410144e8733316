package store

import "nudge/engine"

// Tally counts, by standing, the people for whom a campaign has started runs. It changes
// in the same commit as the runs.
type Tally struct {
	Campaign  uint64            `json:"-"`
	Standings map[string]uint64 `json:"standings"` // runs by engine.Run.Standing
	Purged    map[string]uint64 `json:"-"`         // part of Standings whose records are gone
}

func newTally(campaign uint64) *Tally {
	return &Tally{Campaign: campaign, Standings: map[string]uint64{}, Purged: map[string]uint64{}}
}

func encodeTally(t *Tally) []byte {
	return encode(tallyVersion, func(c *codec) { tallyFields(c, t) })
}

func decodeTally(record []byte) (*Tally, error) {
	t := newTally(0)
	return t, decode(record, tallyVersion, func(c *codec) { tallyFields(c, t) })
}

func tallyFields(c *codec, t *Tally) {
	c.uint(&t.Campaign)
	table(c, t.Standings, (*codec).str)
	table(c, t.Purged, (*codec).str)
}

func readTally(r Reader, campaign uint64) (*Tally, error) {
	record := r.Get(Tallies, be(campaign))
	if record == nil {
		return newTally(campaign), nil
	}
	t, err := decodeTally(record)
	return t, damaged(Tallies, be(campaign), err)
}

// count applies a change of a run to the tally.
func (t *Tally) count(c engine.Change) {
	if before := c.Before; before != nil {
		was := before.Standing()
		if t.Standings[was]--; t.Standings[was] == 0 {
			delete(t.Standings, was)
		}
	}
	if c.After.Status != engine.LeftOut { // the campaign counts those
		t.Standings[c.After.Standing()]++
	}
}

// putTallies updates the tallies of the campaigns in the batch. It marks finished
// campaigns as settled.
func putTallies(w Writer, b *engine.Batch) error {
	touched := map[uint64]*Tally{}
	for _, c := range b.Changes {
		campaign := c.After.Campaign
		if campaign == 0 {
			continue
		}
		if touched[campaign] == nil {
			var err error
			if touched[campaign], err = readTally(w, campaign); err != nil {
				return err
			}
		}
		touched[campaign].count(c)
	}
	for number, t := range touched {
		if err := w.Put(Tallies, be(number), encodeTally(t)); err != nil {
			return err
		}
	}
	for _, f := range b.Campaigns {
		if err := markSettled(w, f); err != nil {
			return err
		}
	}
	return nil
}

// markSettled marks a campaign whose members are no longer needed. A run that is tried again makes it need them again.
func markSettled(w Writer, f *engine.Campaign) error {
	switch number := be(f.Number); {
	case !f.Finished() && has(w, Settled, number):
		return w.Delete(Settled, number)
	case f.Finished() && has(w, Members, number):
		return w.Put(Settled, number, nil)
	}
	return nil
}
