package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"nudge/engine"
)

const (
	purgeLook    = 1024    // records that one slice of a purge reads
	purgeBytes   = 1 << 20 // bytes of these records, about
	purgeHistory = 4096    // entries of people that one slice reads
	purgeDrop    = 64      // runs that one slice drops; small, so that a commit never waits long
)

// Purged describes the data that the store has dropped.
type Purged struct {
	// Runs is an instant: ended runs from before it may be gone. 0 means that all are
	// there.
	Runs engine.Instant
	// Journal is the number of the last input that was dropped from the journal, or that a
	// repair could not read; earlier ones may still be there. Stamp is when that input was
	// applied. Both are 0 while the journal is complete.
	Journal uint64
	Stamp   engine.Instant
	// Moved is the number of the last input that was applied before the store was moved; 0: it never was. Inputs up to it are there
	// to be read, with gaps, and cannot be replayed: that of another partition may have led to them. MovedAt is when it was moved.
	Moved   uint64
	MovedAt engine.Instant
}

func (p *Purged) fields(c *codec) {
	integer(c, &p.Runs)
	c.uint(&p.Journal)
	integer(c, &p.Stamp)
	c.uint(&p.Moved)
	integer(c, &p.MovedAt)
}

// begins is the number of the input before the first one of the part of the journal that has no gaps.
func (p *Purged) begins() uint64 { return max(p.Journal, p.Moved) }

// Whole reports whether the journal can be replayed: it has all inputs from the first one on, and the store was not moved.
func (p *Purged) Whole() bool { return p.begins() == 0 }

// Purged returns which data the store has dropped.
func (s *Store) Purged() (p Purged, err error) {
	err = s.kv.View(func(r Reader) error {
		p, err = readPurged(r)
		return err
	})
	return p, err
}

func readPurged(r Reader) (p Purged, err error) {
	if record := r.Get(Meta, keyPurged); record != nil {
		p, err = decodePurged(record)
		err = damaged(Meta, keyPurged, err)
	}
	return p, err
}

func encodePurged(p *Purged) []byte { return encode(purgedVersion, p.fields) }

func decodePurged(record []byte) (p Purged, err error) {
	err = decode(record, purgedVersion, p.fields)
	return p, err
}

func putPurged(w Writer, change func(*Purged)) error {
	p, err := readPurged(w)
	if err != nil {
		return err
	}
	change(&p)
	return w.Put(Meta, keyPurged, encodePurged(&p))
}

// PurgeRuns drops the next runs that ended before an instant, with all their entries. It
// begins after the given place (nil at first) and returns the new place, or nil when there
// are no more.
//
// It keeps two kinds of runs, because a later input may need them: a run with a message
// whose outcome is still open, and a run of a campaign that is not settled. The counts of
// versions and campaigns do not change; they record which part of them belongs to dropped
// runs.
func (s *Store) PurgeRuns(before engine.Instant, after []byte) (last []byte, err error) {
	p := &purge{unsettled: map[uint64]bool{}, versions: map[engine.FlowVersion]map[string]uint64{}, campaigns: map[uint64]map[string]uint64{}}
	if err := s.kv.View(func(r Reader) error {
		last, err = p.collect(r, before, after)
		return err
	}); err != nil || p.runs == 0 {
		return last, err
	}
	return last, s.kv.Update(func(w Writer) error { return p.drop(w, before) })
}

// purge is one slice of runs that are dropped together.
type purge struct {
	runs      int
	writes    []write
	unsettled map[uint64]bool // whether a campaign still has members, for the campaigns looked up so far
	versions  map[engine.FlowVersion]map[string]uint64
	campaigns map[uint64]map[string]uint64
}

// collect gathers the next runs to drop, in the order in which they ended.
func (p *purge) collect(r Reader, before engine.Instant, after []byte) (last []byte, err error) {
	looked, size := 0, 0
	r.Ascend(Ended, append(bytes.Clone(after), 0), func(key, record []byte) bool {
		if last = nil; bytes.Compare(key, be(uint64(before))) >= 0 {
			return false
		}
		var run *engine.Run
		if run, err = decodeEnded(key, record); err != nil {
			return false
		}
		if !p.needed(r, run) {
			p.add(run)
		}
		last = bytes.Clone(key)
		looked, size = looked+1, size+len(record)
		return looked < purgeLook && size < purgeBytes && p.runs < purgeDrop
	})
	return last, err
}

// needed reports whether a later input may still need an ended run.
func (p *purge) needed(r Reader, run *engine.Run) bool {
	if slices.ContainsFunc(run.Messages, func(m engine.Message) bool { return m.Status.Outbox() }) {
		return true
	}
	if run.Campaign == 0 {
		return false
	}
	unsettled, known := p.unsettled[run.Campaign]
	if !known {
		unsettled = has(r, Members, be(run.Campaign))
		p.unsettled[run.Campaign] = unsettled
	}
	return unsettled
}

// add takes a run into the slice.
func (p *purge) add(run *engine.Run) {
	p.runs++
	p.writes = append(p.writes,
		write{bucket: Ended, key: endedKey(run.ID, run.Ended), delete: true},
		write{bucket: Runs, key: run.ID[:], delete: true},
		write{bucket: People, key: peopleKey(run), delete: true},
		write{bucket: People, key: pastRunKey(run), delete: true})
	entries(run, nil, func(w write) { p.writes = append(p.writes, write{bucket: w.bucket, key: w.key, delete: true}) })
	v := engine.FlowVersion{Flow: run.Flow, Version: run.Version}
	if p.versions[v] == nil {
		p.versions[v] = map[string]uint64{}
	}
	p.versions[v][run.Outcome]++
	if run.Campaign == 0 {
		return
	}
	if p.campaigns[run.Campaign] == nil {
		p.campaigns[run.Campaign] = map[string]uint64{}
	}
	p.campaigns[run.Campaign][run.Standing()]++
}

// drop drops the gathered runs in the order of the keys, which is fast in bbolt.
func (p *purge) drop(w Writer, before engine.Instant) error {
	slices.SortFunc(p.writes, func(x, y write) int {
		return cmp.Or(cmp.Compare(x.bucket, y.bucket), bytes.Compare(x.key, y.key))
	})
	if err := errors.Join(apply(w, p.writes), groupFailures(w, p.writes, nil)); err != nil {
		return err
	}
	for v, outcomes := range p.versions {
		counts, err := readCounts(w, v)
		if err != nil {
			return err
		}
		merge(counts.Purged, outcomes)
		if err := w.Put(Counts, versionKey(v), encodeCounts(counts)); err != nil {
			return err
		}
	}
	for number, standings := range p.campaigns {
		tally, err := readTally(w, number)
		if err != nil {
			return err
		}
		merge(tally.Purged, standings)
		if err := w.Put(Tallies, be(number), encodeTally(tally)); err != nil {
			return err
		}
	}
	return putPurged(w, func(p *Purged) { p.Runs = max(p.Runs, before) })
}

// merge adds the counts of one table to another.
func merge(to, from map[string]uint64) {
	for k, n := range from {
		to[k] += n
	}
}

// PurgeJournal drops the next inputs that were applied before an instant, and reports
// whether there are more. It always keeps the last input.
func (s *Store) PurgeJournal(before engine.Instant) (more bool, err error) {
	var last *engine.Journaled
	var keys [][]byte
	size := 0
	if err := s.kv.View(func(r Reader) error {
		state, err := decodeState(r.Get(Meta, keyState))
		if err != nil {
			return damaged(Meta, keyState, err)
		}
		r.Ascend(Journal, nil, func(key, record []byte) bool {
			j, failed := decodeJournaled(record)
			if err = damaged(Journal, key, failed); err != nil || j.Stamp >= before || j.Seq >= state.Seq {
				return false
			}
			if more = len(keys) == purgeLook || size >= purgeBytes; more {
				return false
			}
			size += len(record)
			last, keys = j, append(keys, binary.BigEndian.AppendUint64(nil, j.Seq))
			return true
		})
		return err
	}); err != nil || last == nil {
		return false, err
	}
	return more, s.kv.Update(func(w Writer) error {
		for _, key := range keys {
			if err := w.Delete(Journal, key); err != nil {
				return err
			}
		}
		if err := purgeAudit(w, last.Seq); err != nil {
			return err
		}
		return putPurged(w, func(p *Purged) { p.Journal, p.Stamp = max(p.Journal, last.Seq), max(p.Stamp, last.Stamp) })
	})
}

// VersionsNeeded returns the versions of flows that something needs: those in use, those of ended runs that are kept, and
// those that were active at an instant or later, or when the first input was applied that the journal still has.
func (s *Store) VersionsNeeded(since engine.Instant) (needed []engine.FlowVersion, err error) {
	if needed, err = s.VersionsInUse(); err != nil {
		return nil, err
	}
	err = s.kv.View(func(r Reader) (err error) {
		r.Ascend(Counts, nil, func(key, record []byte) bool {
			c, failed := decodeCounts(record)
			if err = damaged(Counts, key, failed); err == nil && c.kept() > 0 {
				needed = append(needed, engine.FlowVersion{Flow: c.Flow, Version: c.Version})
			}
			return err == nil
		})
		if err != nil {
			return err
		}
		_, recent, err := replacedVersions(r, since)
		needed = append(needed, recent...)
		return err
	})
	return needed, err
}

// kept is how many ended runs of a version the store still has.
func (v *VersionCounts) kept() (n uint64) {
	for outcome, ended := range v.Outcomes {
		n += ended - v.Purged[outcome]
	}
	return n
}

// replacedVersions returns the versions that deploys have replaced before an instant, and those of later deploys and of
// deploys that the journal still has.
func replacedVersions(r Reader, before engine.Instant) (replaced, recent []engine.FlowVersion, err error) {
	gone, err := readPurged(r)
	if err != nil {
		return nil, nil, err
	}
	r.Ascend(Deploys, nil, func(key, record []byte) bool {
		d, failed := decodeDeploy(record)
		if err = damaged(Deploys, key, failed); err != nil {
			return false
		}
		if d.At < before && d.Seq <= gone.Journal {
			replaced = append(replaced, flowVersionsOf(d.Before)...)
		} else {
			recent = append(append(recent, flowVersionsOf(d.Before)...), flowVersionsOf(d.After)...)
		}
		return true
	})
	return replaced, recent, err
}

// PurgeVersions drops the next versions of flows that were replaced before an instant, with all that was counted of them,
// and reports whether there are more. It keeps those that are needed.
func (s *Store) PurgeVersions(before engine.Instant, needed []engine.FlowVersion) (more bool, err error) {
	var gone []write
	var hours []*FlowCounts
	if err := s.kv.View(func(r Reader) error {
		replaced, _, err := replacedVersions(r, before)
		for _, v := range replaced {
			if slices.Contains(needed, v) || r.Get(Versions, versionKey(v)) == nil {
				continue
			}
			if more = len(gone) >= purgeLook; more {
				break
			}
			keys, own := spansOf(r, v)
			for _, key := range keys {
				gone = append(gone, write{bucket: FlowSpans, key: key, delete: true})
			}
			gone, hours = append(gone,
				write{bucket: Versions, key: versionKey(v), delete: true},
				write{bucket: Counts, key: versionKey(v), delete: true}), append(hours, own...)
		}
		return err
	}); err != nil || len(gone) == 0 {
		return false, err
	}
	return more, s.kv.Update(func(w Writer) error {
		for _, h := range hours {
			if err := setHour(w, h); err != nil {
				return err
			}
		}
		return apply(w, gone)
	})
}

// spansOf returns the keys of all that was counted of a version by time, and the hours of that without their counts.
func spansOf(r Reader, v engine.FlowVersion) (keys [][]byte, hours []*FlowCounts) {
	prefix := versionKey(v)
	r.Ascend(FlowSpans, prefix, func(key, _ []byte) bool {
		rest, mine := bytes.CutPrefix(key, prefix)
		if !mine || len(rest) != 1+8 {
			return mine
		}
		keys = append(keys, bytes.Clone(key))
		if Span(rest[0]) == SpanHour {
			hours = append(hours, &FlowCounts{FlowVersion: v, Start: engine.Instant(binary.BigEndian.Uint64(rest[1:]))})
		}
		return true
	})
	return keys, hours
}
