package store

import (
	"bytes"
	"errors"
	"slices"

	"nudge/engine"
)

// write is one key that a commit puts or deletes.
type write struct {
	bucket Bucket
	key    []byte
	value  []byte
	delete bool
	number uint32 // of the write in its commit
}

// derive returns the writes of a commit for one changed run: the record in its bucket and
// every index entry that follows from it. Nothing is kept of a run that was left out. Only this file knows the index entries of a run,
// so no other code can forget one.
func derive(c engine.Change, add func(write)) {
	after := c.After
	switch {
	case after.Live():
		add(write{bucket: Runs, key: after.ID[:], value: encodeRun(after)})
	case after.Status == engine.LeftOut:
		add(write{bucket: Runs, key: after.ID[:], delete: true})
	default:
		add(write{bucket: Ended, key: endedKey(after.ID, after.Ended), value: encodeRun(after)})
		if c.Before == nil || c.Before.Live() || c.Before.Ended != after.Ended {
			add(write{bucket: Runs, key: after.ID[:], value: encodeSign(after)})
		}
		if c.Before == nil {
			add(write{bucket: People, key: pastRunKey(after)})
		}
	}
	if c.Before != nil && !c.Before.Live() && c.Before.Ended != after.Ended {
		triedAgain(c, add)
	}
	var old []write
	if c.Before != nil {
		entries(c.Before, after, func(w write) { old = append(old, w) })
	}
	entries(after, c.Before, func(w write) {
		i := slices.IndexFunc(old, func(o write) bool { return o.bucket == w.bucket && bytes.Equal(o.key, w.key) })
		if i < 0 || !bytes.Equal(old[i].value, w.value) {
			add(w)
		}
		if i >= 0 {
			old = slices.Delete(old, i, i+1)
		}
	})
	for _, w := range old {
		if !w.bucket.lazy() || after.Status == engine.LeftOut && w.bucket == People { // no run is left that it could lead to
			add(write{bucket: w.bucket, key: w.key, delete: true})
		}
	}
}

// indexes are the buckets of such entries.
var indexes = [...]Bucket{People, Keys, Timers, Outbox, Sent, Asks, Failures, FailedRuns, CampaignRuns}

// runOfEntry returns the run that an index entry leads to.
func runOfEntry(b Bucket, key []byte) (engine.RunID, error) {
	switch b {
	case Timers:
		t, err := parseTimerKey(key)
		return t.Run, err
	case Outbox:
		ref, err := parseOutboxKey(key)
		return ref.Run, err
	}
	return runAt(key)
}

// lazy reports whether a commit leaves stale entries of the bucket in place. Finding the
// page of such an entry would cost more than keeping the key. Readers recognise a stale
// entry: a cancelled timer when it would be due, and an entry from a person to an ended
// run when their next run starts (see sweep).
func (b Bucket) lazy() bool { return b == Timers || b == People }

// sweep moves the stale entries of every person for whom a run has started to the person's history. The commit
// writes their page anyway.
func sweep(w Writer, changes []engine.Change) (err error) {
	ahead(w, func(add func(Want)) {
		for _, c := range changes {
			if c.Before == nil {
				add(liveRuns(c.After.Profile))
			}
		}
	})
	for _, c := range changes {
		if c.Before != nil {
			continue
		}
		prefix := personHash(c.After.Profile)
		var stale [][]byte
		within(w, People, prefix, prefix, func(key, _ []byte) bool {
			if !bytes.HasPrefix(key, prefix) || len(key) != liveRunBytes {
				return false
			}
			if liveRecord(w, key[personHashBytes:]) == nil {
				stale = append(stale, bytes.Clone(key))
			}
			return true
		})
		for _, key := range stale {
			id := key[personHashBytes:]
			if sign := w.Get(Runs, id); isSign(sign) {
				if _, to, failed := follow(id, sign); failed == nil {
					err = errors.Join(err, w.Put(People, append(append(bytes.Clone(prefix), pastMark), to...), nil))
				}
			}
			err = errors.Join(err, w.Delete(People, key))
		}
	}
	return err
}

// triedAgain adds the writes for a run that had ended, and has gone on since.
func triedAgain(c engine.Change, add func(write)) {
	add(write{bucket: Ended, key: endedKey(c.Before.ID, c.Before.Ended), delete: true})
	add(write{bucket: People, key: pastRunKey(c.Before), delete: true})
	if !c.After.Live() { // as of any run that ends: the next sweep moves it
		add(write{bucket: People, key: peopleKey(c.After)})
	}
}

// entries adds the index entries of a run. The other is the same run before or after a change, or nil: an entry that both
// have for sure, as nearly always those of their person and timer, is left out, since its key may cost a hash.
func entries(r, other *engine.Run, add func(write)) {
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Status.Outbox() {
			key := outboxKey(engine.OutboxRef{Order: m.Order, Run: r.ID, Message: m.Number})
			add(write{bucket: Outbox, key: key, value: append([]byte{byte(m.Status)}, m.Account...)})
		}
	}
	for i := range r.Messages {
		if m := &r.Messages[i]; m.ByID && m.ProviderID != "" {
			add(write{bucket: Sent, key: append(providerPrefix(m.ProviderID), r.ID[:]...)})
		}
	}
	if r.Campaign != 0 && r.Status != engine.LeftOut {
		add(write{bucket: CampaignRuns, key: numbered(r.Campaign, r.ID[:])})
	}
	failureEntries(r, add)
	if !r.Live() {
		return
	}
	if r.StatusCheck.Until != 0 {
		add(write{bucket: Asks, key: r.ID[:]})
	}
	both := other != nil && other.Live()
	if !both || r.Profile != other.Profile {
		add(write{bucket: People, key: peopleKey(r)})
	}
	if r.Key != "" && (!both || r.Flow != other.Flow || r.Key != other.Key) {
		add(write{bucket: Keys, key: append(keyPrefix(engine.FlowKey{Flow: r.Flow, Key: r.Key}), r.ID[:]...)})
	}
	if r.Deadline != 0 && (!both || r.Deadline != other.Deadline) {
		add(write{bucket: Timers, key: timerKey(engine.Timer{Due: r.Deadline, Run: r.ID})})
	}
}
