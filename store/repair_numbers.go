package store

import (
	"errors"
	"maps"
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// journal finds the gaps of the journal. It begins behind the last one; what is before that
// stays, for people.
func (r *repair) journal() error {
	last := r.purged.begins()
	gap := func(to uint64, stamp engine.Instant) {
		if len(r.out.Gaps) < MaxLosses {
			r.out.Gaps = append(r.out.Gaps, Gap{last + 1, to})
		}
		r.out.Lost[kinds[Journal]] += int(to - last)
		r.purged.Journal, r.purged.Stamp = to, stamp
	}
	stamp := engine.Instant(0)
	if err := r.each(Journal, func(_, record []byte) error {
		j, err := decodeJournaled(record)
		if err != nil {
			return err
		}
		if j.Seq > last+1 {
			gap(j.Seq-1, max(stamp, r.purged.Stamp))
		}
		last, stamp = max(last, j.Seq), max(stamp, j.Stamp)
		return nil
	}); err != nil {
		return err
	}
	if last < r.state.Seq {
		gap(r.state.Seq, r.state.Stamp)
	}
	r.state.Seq, r.state.Stamp = max(r.state.Seq, last), max(r.state.Stamp, stamp)
	r.out.Journal = r.purged.begins() + 1
	return nil
}

// numbers writes everything that counts or names other records.
func (r *repair) numbers() error {
	for name := range r.stored {
		if r.counts[name] == nil {
			r.counts[name] = newCounts(engine.FlowVersion{Flow: r.stored[name].Flow, Version: r.stored[name].Version})
		}
	}
	for name, counted := range r.counts {
		r.purgedOf(counted, r.stored[name])
		if err := r.put(Counts, []byte(name), encodeCounts(counted)); err != nil {
			return err
		}
	}
	if err := r.settle(); err != nil {
		return err
	}
	has, err := r.members()
	if err != nil {
		return err
	}
	var untold []*engine.Input
	if err := r.kv.View(func(reader Reader) error {
		untold, err = untoldOf(reader)
		return err
	}); err != nil {
		return err
	}
	for _, in := range untold {
		r.live[in.Payload.(*engine.Quarantine).Campaign]++
	}
	r.state.Open, r.state.Firings = nil, nil
	for _, number := range slices.Sorted(maps.Keys(r.campaigns)) {
		if err := r.campaign(r.campaigns[number], has[number]); err != nil {
			return err
		}
	}
	return r.putState()
}

// settle makes the counts that were kept agree with the live runs that are there.
func (r *repair) settle() error {
	if err := r.flush(); err != nil {
		return err
	}
	return r.kv.Update(func(w Writer) error {
		settled, err := settleFlowCounts(w, r.here)
		for _, f := range settled {
			err = errors.Join(err, addFlowCounts(w, f))
		}
		if err != nil {
			return err
		}
		if err := errors.Join(resumFlowCounts(w), regroupFailures(w)); err != nil {
			return err
		}
		stored, err := flowCountsOf(w)
		for _, counted := range r.counts {
			v := engine.FlowVersion{Flow: counted.Flow, Version: counted.Version}
			f := &FlowCounts{FlowVersion: v, Span: SpanBefore}
			if len(r.results.differ(v, stored[v], true)) > 0 && w.Get(FlowSpans, f.key()) == nil {
				err = errors.Join(err, w.Put(FlowSpans, f.key(), encodeFlowCounts(f))) // it says to the check that counts were lost
			}
		}
		return err
	})
}

// purgedOf adds to counts what the stored ones have beyond the runs that are there.
func (r *repair) purgedOf(counted, stored *VersionCounts) {
	if stored == nil {
		return
	}
	gone := beyond(stored.Outcomes, stored.Purged, counted.Outcomes)
	if stored.Live > counted.Live {
		gone[engine.OutcomeQuarantined] += stored.Live - counted.Live
	}
	counted.addPurged(gone)
	counted.Purged = gone
}

// beyond returns the runs by word whose records are gone: those that were, and those that are
// stored and not counted.
func beyond(stored, purged, counted map[string]uint64) map[string]uint64 {
	gone := maps.Clone(purged)
	for word, n := range stored {
		if have := gone[word] + counted[word]; n > have {
			gone[word] += n - have
		}
	}
	return gone
}

// campaign writes a campaign with the people who are there. A standing of its own accounts for
// people of whom nothing is known.
func (r *repair) campaign(f *engine.Campaign, members bool) error {
	t := r.tally[f.Number]
	if t == nil {
		t = newTally(f.Number)
	}
	if stored := r.storedTally[f.Number]; stored != nil {
		t.Purged = beyond(stored.Standings, stored.Purged, t.Standings)
	}
	merge(t.Standings, t.Purged)
	if !r.versions[string(versionKey(engine.FlowVersion{Flow: f.Flow, Version: f.Version}))] && f.Open() {
		f.Status, f.Reason = engine.CampaignFailed, "its flow was lost when the store was damaged"
	}
	taken := 0
	for _, l := range f.Excluded {
		taken += l.Rows
	}
	for _, n := range t.Standings {
		taken += int(n)
	}
	if missing := f.Walked - taken; missing > 0 {
		t.Standings["lost"] += uint64(missing)
		t.Purged["lost"] += uint64(missing)
	} else {
		f.Walked, f.Rows = taken, max(f.Rows, taken)
	}
	f.Live = r.live[f.Number]
	if f.Open() {
		r.state.Open = append(r.state.Open, f.Number)
		if f.Event.Event != "" {
			r.state.Firings = append(r.state.Firings, engine.Firing{Campaign: f.Number, Flow: f.Flow, Version: f.Version, Key: f.Key})
		}
	}
	for _, w := range [...]write{{bucket: Campaigns, key: be(f.Number), value: encodeCampaign(f)},
		{bucket: CampaignFlows, key: campaignFlowKey(f.Flow, f.Number)}, {bucket: CampaignIDs, key: campaignIDKey(f.ID, f.Number)}} {
		if err := r.put(w.bucket, w.key, w.value); err != nil {
			return err
		}
	}
	if f.Finished() && members {
		if err := r.put(Settled, be(f.Number), nil); err != nil {
			return err
		}
	}
	return r.put(Tallies, be(f.Number), encodeTally(t))
}

// members drops the people of campaigns that are lost, and lets go of runs that are not there.
// It returns the campaigns with people.
func (r *repair) members() (has map[uint64]bool, err error) {
	has = map[uint64]bool{}
	return has, r.each(Members, func(key, value []byte) error {
		number := campaignOf(key)
		if r.campaigns[number] == nil {
			return r.write(write{bucket: Members, key: key, delete: true})
		}
		has[number] = true
		if len(value) == 0 {
			return nil
		}
		for _, b := range [...]Bucket{Runs, Quarantine} {
			if record, err := r.get(b, value); err != nil || record != nil {
				return err
			}
		}
		return r.put(Members, key, nil)
	})
}

// putState writes what the engine knows apart from its runs. A flow whose version is lost starts
// no run until it is deployed again.
func (r *repair) putState() error {
	r.state.Active = slices.DeleteFunc(r.state.Active, func(v engine.FlowVersion) bool {
		lost := !r.versions[string(versionKey(v))]
		if lost {
			r.lose(kinds[Versions], v.Flow+" "+v.Version, "the active version of a flow; deploy it again")
		}
		return lost
	})
	r.state.Schedules = slices.DeleteFunc(r.state.Schedules, func(s engine.Scheduled) bool {
		return !slices.ContainsFunc(r.state.Active, func(v engine.FlowVersion) bool { return v.Flow == s.Flow })
	})
	r.state.Derived, r.state.Orphans = max(r.state.Derived, r.derived), r.orphans
	if r.purged != (Purged{}) {
		if err := r.put(Meta, keyPurged, encode(purgedVersion, r.purged.fields)); err != nil {
			return err
		}
	}
	if r.audit == nil { // it is lost, or the store is of a format that had none at first
		r.audit = newAuditKey()
	}
	if err := r.put(Meta, keyAudit, r.audit); err != nil {
		return err
	}
	if r.reforget != nil {
		if err := r.put(Meta, keyReforget, r.reforget); err != nil {
			return err
		}
	}
	if r.held {
		if err := r.put(Meta, keyHeld, []byte{}); err != nil {
			return err
		}
	}
	if r.movedAway != nil {
		if err := r.put(Meta, keyMovedAway, r.movedAway); err != nil {
			return err
		}
	}
	if r.marks != "" {
		if err := r.putMarks(); err != nil {
			return err
		}
	}
	if err := r.put(Meta, keyFormat, []byte{Format}); err != nil {
		return err
	}
	return r.put(Meta, keyState, encodeState(&r.state))
}

// searchable returns the fields by which people are found.
func (r *repair) searchable() []string {
	marks, err := flows.ParseMarks(r.marks)
	if err != nil || marks == nil {
		return nil
	}
	return flows.Searchable(marks.Profile)
}

// indexPerson writes the entries by which a person is found.
func (r *repair) indexPerson(record []byte) error {
	p, err := decodePerson(record)
	if err != nil {
		return err
	}
	if r.fields == nil {
		r.fields = append([]string{}, r.searchable()...)
	}
	for _, key := range foundBy(p, r.fields) {
		if err := r.put(Fields, key, nil); err != nil {
			return err
		}
	}
	return nil
}

// putMarks writes the marks of the deployed project.
func (r *repair) putMarks() error {
	if err := r.put(Meta, keyMarks, encodeMarks(r.marks)); err != nil {
		return err
	}
	search := searchState{fields: r.searchable(), ready: true}
	if len(search.fields) == 0 {
		return nil
	}
	return r.put(Meta, keySearch, encode(searchVersion, search.codec))
}
