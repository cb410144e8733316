package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"nudge/engine"
)

func encodeCampaign(f *engine.Campaign) []byte {
	return encode(campaignVersion, func(c *codec) { campaignFields(c, f) })
}

func decodeCampaign(record []byte) (*engine.Campaign, error) {
	f := new(engine.Campaign)
	return f, decode(record, campaignVersion, func(c *codec) { campaignFields(c, f) })
}

func campaignFields(c *codec, f *engine.Campaign) {
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
	list(c, &f.Excluded, func(c *codec, l *engine.Excluded) { c.str(&l.Reason); integer(c, &l.Rows) })
	list(c, &f.Lanes, func(c *codec, l *engine.LocalSlot) { clock.write(c, &l.At); integer(c, &l.People) })
	c.bool(&f.EndRuns)
	signalFields(c, &f.Event, &clock)
	c.str(&f.Key)
	list(c, &f.Kept, func(c *codec, h *engine.Signal) { signalFields(c, h, &clock) })
	c.bool(&f.Exited)
	integer(c, &f.Missed)
	clock.write(c, &f.Until)
	list(c, &f.Wave, func(c *codec, l *engine.LocalSlot) { clock.write(c, &l.At); integer(c, &l.People) })
	list(c, &f.Named, func(c *codec, l *engine.LeftOutOf) { c.str(&l.Reason); c.str(&l.Profile); c.uint(&l.Seq) })
	integer(c, &f.Total) // this and what follows are left out of an installation that is not divided
	list(c, &f.Dealt, integer[int])
	list(c, &f.Await, integer[int])
	list(c, &f.Busy, integer[int])
	c.bool(&f.Over)
}

func badRowFields(c *codec, b *engine.BadRow) {
	integer(c, &b.Line)
	c.str(&b.What)
}

// Campaign returns a campaign by its number, or nil when there is none.
func (s *Store) Campaign(number uint64) (f *engine.Campaign, err error) {
	err = s.kv.View(func(r Reader) error {
		f, err = readCampaign(r, number)
		return err
	})
	return f, err
}

func readCampaign(r Reader, number uint64) (*engine.Campaign, error) {
	record := r.Get(Campaigns, be(number))
	if record == nil {
		return nil, nil
	}
	f, err := decodeCampaign(record)
	return f, damaged(Campaigns, be(number), err)
}

// CampaignProgress is a campaign and the counts of its people.
type CampaignProgress struct {
	*engine.Campaign
	Tally *Tally
}

// indexCampaigns writes the entries of campaigns that are new.
func indexCampaigns(w Writer, all []*engine.Campaign) error {
	for _, f := range all {
		if key := campaignFlowKey(f.Flow, f.Number); w.Get(CampaignFlows, key) == nil {
			if err := errors.Join(w.Put(CampaignFlows, key, nil), w.Put(CampaignIDs, campaignIDKey(f.ID, f.Number), nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

func campaignFlowKey(flow string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(sized(nil, flow), number)
}

func campaignIDKey(id string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(sized(nil, id), number)
}

// lastNumber is the number at the end of a key.
func lastNumber(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// ListCampaigns returns at most limit campaigns with a number below before, newest first; 0 for the newest.
// If flow is not empty, it returns only the campaigns of that flow.
func (s *Store) ListCampaigns(flow string, before uint64, limit int) (all []CampaignProgress, err error) {
	bucket, prefix := Campaigns, []byte(nil)
	if flow != "" {
		bucket, prefix = CampaignFlows, sized(nil, flow)
	}
	if before == 0 {
		before = math.MaxUint64 // no campaign has it
	}
	err = s.kv.View(func(r Reader) error {
		var failed error
		r.Descend(bucket, binary.BigEndian.AppendUint64(bytes.Clone(prefix), before), func(key, record []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				return false
			}
			if flow != "" {
				record = r.Get(Campaigns, be(lastNumber(key)))
			}
			var c *CampaignProgress
			if c, failed = progressOf(r, lastNumber(key), record); c != nil {
				all = append(all, *c)
			}
			return failed == nil && len(all) < limit
		})
		return failed
	})
	return all, err
}

// NewestCampaigns returns at most limit campaigns, newest first.
func (s *Store) NewestCampaigns(limit int) (all []*engine.Campaign, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		r.Descend(Campaigns, nil, func(key, record []byte) bool {
			f, err := decodeCampaign(record)
			all, failed = append(all, f), damaged(Campaigns, key, err)
			return failed == nil && len(all) < limit
		})
		return failed
	})
	return all, err
}

// progressOf reads a campaign from its record, and its tally; nil if there is none.
func progressOf(r Reader, number uint64, record []byte) (*CampaignProgress, error) {
	if record == nil {
		return nil, nil
	}
	f, err := decodeCampaign(record)
	if err != nil {
		return nil, damaged(Campaigns, be(number), err)
	}
	tally, err := readTally(r, number)
	return &CampaignProgress{f, tally}, err
}

// CampaignOf returns a campaign by its ID with the counts of its people, or nil.
func (s *Store) CampaignOf(id string) (found *CampaignProgress, err error) {
	prefix := sized(nil, id)
	err = s.kv.View(func(r Reader) (failed error) {
		r.Descend(CampaignIDs, campaignIDKey(id, math.MaxUint64), func(key, _ []byte) bool {
			if bytes.HasPrefix(key, prefix) {
				found, failed = progressOf(r, lastNumber(key), r.Get(Campaigns, be(lastNumber(key))))
			}
			return false
		})
		return failed
	})
	return found, err
}

// campaignOf reads the number of a campaign from a key.
func campaignOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[:8]) }
