package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"nudge/engine"
)

// ranks are the new numbers of inputs. Those of a store that is not divided stay. Else the journals of all parts become one by time, and an
// input has the number of its place there. What is kept of an input takes about two bytes.
type ranks struct {
	dropped uint64 // all inputs that are gone have this number or a smaller one
	next    uint64 // the last number given
	parts   []rankList
}

// rankList has the numbers of one part: old and new ones, both rising.
type rankList struct {
	heads     []rankHead
	rest      []byte // of the numbers behind each head, the differences from the ones before
	count     int
	seq, rank uint64 // the last ones
}

type rankHead struct {
	seq, rank uint64
	at        int // in rest
}

// rankStep is how many numbers have one head.
const rankStep = 128

func (l *rankList) add(seq, rank uint64) {
	if l.count%rankStep == 0 {
		l.heads = append(l.heads, rankHead{seq, rank, len(l.rest)})
	} else {
		l.rest = binary.AppendUvarint(binary.AppendUvarint(l.rest, seq-l.seq), rank-l.rank)
	}
	l.count, l.seq, l.rank = l.count+1, seq, rank
}

// of returns the new number of an input, or of the last one before it. One before all of them keeps its number.
func (l *rankList) of(seq uint64) uint64 {
	n, found := slices.BinarySearchFunc(l.heads, seq, func(h rankHead, seq uint64) int { return cmp.Compare(h.seq, seq) })
	if !found {
		n--
	}
	if n < 0 {
		return seq
	}
	end := len(l.rest)
	if n+1 < len(l.heads) {
		end = l.heads[n+1].at
	}
	h := l.heads[n]
	for rest := l.rest[h.at:end]; len(rest) > 0; {
		s, used := binary.Uvarint(rest)
		r, more := binary.Uvarint(rest[used:])
		if h.seq+s > seq {
			break
		}
		h.seq, h.rank, rest = h.seq+s, h.rank+r, rest[used+more:]
	}
	return h.rank
}

// of returns the new number of an input that has a number in the journal of all parts.
func (x *ranks) of(shown uint64) uint64 {
	if len(x.parts) == 1 {
		return shown
	}
	part, seq := inTurn{}.part(shown, len(x.parts))
	return x.parts[part].of(seq)
}

// numberAll gives inputs and campaigns their new numbers.
func (mv *mover) numberAll() error {
	mv.ranks = &ranks{parts: make([]rankList, len(mv.from))}
	mv.last = mv.state.Seq
	if len(mv.from) > 1 {
		if err := mv.rankAll(); err != nil {
			return err
		}
	}
	if !engine.HasRunIDs(mv.last) {
		return fmt.Errorf("the journals have %d inputs together, which are too many for one store", mv.last)
	}
	mv.campaigns = map[uint64]uint64{}
	last := map[int]uint64{}
	return mv.walk(Campaigns, "", func(_ Reader, key, record []byte) error {
		f, err := decodeCampaign(record)
		if err != nil {
			return damaged(Campaigns, key, err)
		}
		home := engine.PartitionOf(f.Flow, len(mv.to))
		number := engine.FirstCampaign(home) | f.NumberAt(mv.ranks.of(mv.shown(f)))
		number = max(number, last[home]+1)
		mv.campaigns[f.Number], last[home] = number, number
		return nil
	})
}

// shown is the number in the journal of all parts of the input that began a campaign.
func (mv *mover) shown(f *engine.Campaign) uint64 {
	if n := len(mv.from); n > 1 {
		return inTurn{}.shown(engine.CampaignHome(f.Number), f.Seq(), n)
	}
	return f.Seq()
}

// rankAll reads the journals of all parts by time.
func (mv *mover) rankAll() error {
	for _, part := range mv.from {
		purged, err := part.Purged()
		if err != nil {
			return err
		}
		mv.ranks.dropped = max(mv.ranks.dropped, purged.Journal)
	}
	mv.ranks.next = mv.ranks.dropped
	if err := mv.walk(Journal, "", func(_ Reader, key, _ []byte) error {
		part, seq := inTurn{}.part(lastNumber(key), len(mv.from))
		mv.ranks.next++
		mv.ranks.parts[part].add(seq, mv.ranks.next)
		return nil
	}); err != nil {
		return err
	}
	mv.last = mv.ranks.next
	for _, part := range mv.from {
		state, err := part.State()
		if err != nil {
			return err
		}
		mv.last = max(mv.last, state.Seq)
	}
	return nil
}
