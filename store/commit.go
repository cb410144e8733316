package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"nudge/engine"
)

// Commit makes a batch durable: all of it or nothing. After an error the outcome is
// unknown, so the caller must stop, acknowledge nothing and open the store again.
func (s *Store) Commit(b *engine.Batch) error {
	writes := make([]write, 0, 8+4*len(b.Changes)+len(b.Journal)) // as many as they usually are
	add := func(w write) {
		w.number = uint32(len(writes)) // a batch is bounded far below
		writes = append(writes, w)
	}
	addRuns(b, add)
	s.addNotices(b, add)
	addOthers(b, add)
	slices.SortFunc(writes, inOrder)
	return s.kv.Update(func(w Writer) error {
		for _, put := range [...]func() error{
			func() error { return putCounts(w, b.Changes) },
			func() error { return putFlowCounts(w, b.Changes) },
			func() error { return indexPeople(w, b) },
			func() error { return apply(w, writes) },
			func() error { return groupFailures(w, writes, b.Changes) },
			func() error { return indexCampaigns(w, b.Campaigns) },
			func() error { return sweep(w, b.Changes) },
			func() error { return noteTold(w, b.Journal) },
			func() error { return putTallies(w, b) },
			func() error { return noteDeploys(w, b.Audit) },
			func() error { return putArrivals(w, b.Arrivals) },
		} {
			if err := put(); err != nil {
				return err
			}
		}
		return nil
	})
}

// addRuns adds the writes for the inputs of a batch and for the runs that they changed.
func addRuns(b *engine.Batch, add func(write)) {
	add(write{bucket: Meta, key: keyState, value: encodeState(&b.State)})
	for i := range b.Journal {
		add(write{bucket: Journal, key: be(b.Journal[i].Seq), value: encodeJournaled(&b.Journal[i])})
	}
	addMarks(b, add)
	for _, e := range b.Audit {
		add(write{bucket: Audit, key: be(e.Seq), value: encodeAudit(e)})
	}
	met := make(map[engine.Timer]bool, len(b.Met))
	for _, t := range b.Met {
		add(write{bucket: Timers, key: timerKey(t), delete: true})
		met[t] = true
	}
	for _, r := range b.Answers {
		add(write{bucket: IDs, key: []byte(r.ID), value: encodeAnswer(r)})
		add(write{bucket: IDTimes, key: idTimeKey(r)})
	}
	for _, f := range b.Versions {
		v := engine.FlowVersion{Flow: f.Name, Version: f.Version}
		add(write{bucket: Versions, key: versionKey(v), value: encodeFlow(f)})
	}
	for _, c := range b.Changes {
		derive(c, add)
		// A fired timer stays if the run has another alarm at the same instant.
		if t := (engine.Timer{Due: c.After.Deadline, Run: c.After.ID}); met[t] && c.After.Live() {
			add(write{bucket: Timers, key: timerKey(t)})
		}
	}
}

// addOthers adds the writes for people, campaigns, messages that have no run yet, and
// inputs derived from the batch.
func addOthers(b *engine.Batch, add func(write)) {
	for _, p := range b.People {
		add(write{bucket: Profiles, key: personPrefix(p.ID), value: encodePerson(p), delete: p.IsZero()})
	}
	for _, f := range b.Campaigns {
		add(write{bucket: Campaigns, key: be(f.Number), value: encodeCampaign(f)})
	}
	for _, o := range b.Orphans {
		add(write{bucket: Orphans, key: providerPrefix(o.ProviderID), value: encodeOrphan(o), delete: o.Gone()})
	}
	for _, m := range b.Members {
		value := m.Run[:]
		if m.Run == (engine.RunID{}) {
			value = nil
		}
		add(write{bucket: Members, key: memberKey(m.MemberKey), value: value})
	}
	for _, e := range b.History {
		add(write{bucket: People, key: pastInputKey(e), value: encodeHistory(e)})
	}
	for _, profile := range b.Forgotten {
		e := &erasure{profile: profile, upTo: b.State.Seq, stamp: b.State.Stamp, allKeys: runsElsewhere(profile, b.State.Partition)}
		add(write{bucket: Erasures, key: personPrefix(profile), value: encode(erasureVersion, e.fields)})
	}
	for _, in := range b.Derived {
		add(write{bucket: Derived, key: be(in.Derived), value: encodeJournaled(&engine.Journaled{Seq: in.Derived, Input: in})})
	}
	for _, number := range b.Done {
		add(write{bucket: Derived, key: be(number), delete: true})
	}
	for _, o := range b.Owed {
		add(write{bucket: Owed, key: owedKey(o.To, o.Origin.Number), value: encodeJournaled(&engine.Journaled{Seq: o.Origin.Number, Input: o.Input})})
	}
	taken(b.Delivered, add)
}

// inOrder compares writes by their places in the store; those of one place by when they were added. A stable sort would
// need no numbers, and takes half as long again.
func inOrder(x, y write) int {
	if x.bucket != y.bucket {
		return cmp.Compare(x.bucket, y.bucket)
	}
	if c := bytes.Compare(x.key, y.key); c != 0 {
		return c
	}
	return cmp.Compare(x.number, y.number)
}

// apply carries out writes in their order. If several writes have the same key, the last
// one counts: a timer that fired and was set again stays.
func apply(w Writer, writes []write) error {
	for i, x := range writes {
		if i+1 < len(writes) && writes[i+1].bucket == x.bucket && bytes.Equal(writes[i+1].key, x.key) {
			continue
		}
		var err error
		if x.delete {
			err = w.Delete(x.bucket, x.key)
		} else {
			err = w.Put(x.bucket, x.key, x.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putCounts updates the counts of the versions in the changes.
func putCounts(w Writer, changes []engine.Change) error {
	ahead(w, func(add func(Want)) {
		for _, c := range changes {
			add(Want{Bucket: Counts, From: versionKey(engine.FlowVersion{Flow: c.After.Flow, Version: c.After.Version})})
		}
	})
	touched := map[engine.FlowVersion]*VersionCounts{}
	of := func(r *engine.Run) (*VersionCounts, error) {
		v := engine.FlowVersion{Flow: r.Flow, Version: r.Version}
		if touched[v] != nil {
			return touched[v], nil
		}
		counts, err := readCounts(w, v)
		touched[v] = counts
		return counts, err
	}
	for _, c := range changes {
		if c.Before != nil {
			counts, err := of(c.Before)
			if err != nil {
				return err
			}
			counts.take(c.Before)
		}
		if c.After.Status == engine.LeftOut {
			continue
		}
		counts, err := of(c.After)
		if err != nil {
			return err
		}
		counts.add(c.After)
	}
	for v, counts := range touched {
		if err := w.Put(Counts, versionKey(v), encodeCounts(counts)); err != nil {
			return err
		}
	}
	return nil
}

// Forget drops at most limit remembered ids that are older than the given instant. It
// returns how many it dropped.
func (s *Store) Forget(before engine.Instant, limit int) (dropped int, err error) {
	var keys [][]byte
	if err := s.kv.View(func(r Reader) error {
		r.Ascend(IDTimes, nil, func(key, _ []byte) bool {
			if bytes.Compare(key, be(uint64(before))) >= 0 || len(keys) == limit {
				return false
			}
			keys = append(keys, bytes.Clone(key))
			return true
		})
		return nil
	}); err != nil || len(keys) == 0 {
		return 0, err
	}
	return len(keys), s.kv.Update(func(w Writer) error {
		ahead(w, func(add func(Want)) {
			for _, key := range keys {
				add(Want{Bucket: IDs, From: key[8:]})
			}
		})
		for _, key := range keys {
			if err := forget(w, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget drops an entry of idtimes. It also drops the answer, unless the id was used again
// since.
func forget(w Writer, key []byte) error {
	if err := w.Delete(IDTimes, key); err != nil {
		return err
	}
	id := key[8:]
	answer, err := decodeAnswer(w.Get(IDs, id))
	if err != nil {
		return damaged(IDs, id, err)
	}
	if answer.Stamp != engine.Instant(binary.BigEndian.Uint64(key)) {
		return nil
	}
	return w.Delete(IDs, id)
}
