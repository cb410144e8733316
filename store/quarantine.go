package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nudge/engine"
)

// DamagedRun is the error of reading a run whose record differs from what was written.
type DamagedRun struct {
	Run  engine.RunID
	What error
}

// Error names the run.
func (d *DamagedRun) Error() string { return fmt.Sprintf("run %s: %v", d.Run, d.What) }

// Unwrap returns what is wrong with the record.
func (d *DamagedRun) Unwrap() error { return d.What }

// Quarantined is a run whose record was damaged. Nothing leads to it any more: for the engine
// it has ended. Its flow's counts have it as engine.OutcomeQuarantined, unless it had ended
// before; its campaign's tally counts it where it last stood.
type Quarantined struct {
	engine.Quarantine
	At     engine.Instant // when it was set apart
	Ended  bool           // it had ended before
	Flow   string         // empty if it cannot be told
	Person string         // empty if they cannot be told, or were forgotten
	Reason string         // what was wrong with its record
	Record []byte         // as it was found; empty once its person was forgotten

	person []byte // hash of its person; empty where no entry says it
	told   bool   // the engine knows
}

func (q *Quarantined) fields(c *codec) {
	quarantineFields(c, &q.Quarantine)
	integer(c, &q.At)
	c.bool(&q.Ended)
	c.str(&q.Flow)
	c.str(&q.Person)
	c.str(&q.Reason)
	rawField(c, &q.Record)
	rawField(c, &q.person)
	c.bool(&q.told)
}

// rawField writes bytes that need not be JSON.
func rawField(c *codec, b *[]byte) {
	raw := json.RawMessage(*b)
	c.raw(&raw)
	*b = raw
}

func putQuarantined(w Writer, q *Quarantined) error {
	return w.Put(Quarantine, q.Run[:], encode(lostVersion, q.fields))
}

func readQuarantined(r Reader, id engine.RunID) (*Quarantined, error) {
	record := r.Get(Quarantine, id[:])
	if record == nil {
		return nil, nil
	}
	q := new(Quarantined)
	return q, damaged(Quarantine, id[:], decode(record, lostVersion, q.fields))
}

// QuarantinedRun returns a run that was set apart, or nil.
func (s *Store) QuarantinedRun(id engine.RunID) (q *Quarantined, err error) {
	err = s.kv.View(func(r Reader) error {
		q, err = readQuarantined(r, id)
		return err
	})
	return q, err
}

// ListQuarantined returns at most limit runs that were set apart, newest first, of those that
// started before the given one; zero for the newest. The ID is that of the last one if there
// may be more.
func (s *Store) ListQuarantined(before engine.RunID, limit int) (all []*Quarantined, next engine.RunID, err error) {
	var from []byte
	if before != (engine.RunID{}) {
		from = before[:]
	}
	err = s.kv.View(func(r Reader) error {
		all, err = quarantined(r, from, limit+1)
		return err
	})
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].Run
	}
	return all, next, err
}

// quarantined returns at most limit runs that were set apart, newest first. A negative limit
// means no limit.
func quarantined(r Reader, before []byte, limit int) (all []*Quarantined, err error) {
	r.Descend(Quarantine, before, func(key, record []byte) bool {
		q := new(Quarantined)
		if err = damaged(Quarantine, key, decode(record, lostVersion, q.fields)); err == nil {
			all = append(all, q)
		}
		return err == nil && len(all) != limit
	})
	return all, err
}

// Quarantine sets apart every run among the given ones whose record is damaged, and if one of
// them was live, every other such live run. It returns those that it has set apart. It reads
// all live runs and all index entries, so that what stays agrees.
//
// The engine does not know of it yet: see [Store.Untold].
func (s *Store) Quarantine(ids []engine.RunID, at engine.Instant) (lost []*Quarantined, err error) {
	err = s.kv.Update(func(w Writer) error {
		x := &quarantine{w: w, at: at, lost: map[engine.RunID]*Quarantined{}}
		lost, err = x.setApart(ids)
		return err
	})
	return lost, err
}

// Untold returns the input for each run that was set apart while it was live and that the
// engine has not yet ended. A commit that journals the input settles it.
func (s *Store) Untold() (inputs []*engine.Input, err error) {
	err = s.kv.View(func(r Reader) error {
		inputs, err = untoldOf(r)
		return err
	})
	return inputs, err
}

func untoldOf(r Reader) (inputs []*engine.Input, err error) {
	all, err := quarantined(r, nil, -1)
	for _, q := range all {
		if !q.told && !q.Ended {
			inputs = append(inputs, &engine.Input{Payload: &q.Quarantine})
		}
	}
	return inputs, err
}

// noteTold notes which runs that were set apart the engine has ended. A replay has set none
// apart.
func noteTold(w Writer, journal []engine.Journaled) error {
	for i := range journal {
		p, ok := journal[i].Input.Payload.(*engine.Quarantine)
		if !ok {
			continue
		}
		q, err := readQuarantined(w, p.Run)
		if err != nil {
			return err
		}
		if q == nil {
			continue
		}
		q.told = true
		if err := putQuarantined(w, q); err != nil {
			return err
		}
	}
	return nil
}

// forgetQuarantined drops what may be known of a person from the runs that were set apart.
func forgetQuarantined(w Writer, profile string) error {
	all, err := quarantined(w, nil, -1)
	if err != nil {
		return err
	}
	for _, q := range all {
		if len(q.person) > 0 && !bytes.Equal(q.person, personHash(profile)) {
			continue
		}
		q.Profile, q.Person, q.Record = "", "", nil
		if err := putQuarantined(w, q); err != nil {
			return err
		}
	}
	return nil
}

// quarantine is one pass that sets damaged runs apart.
type quarantine struct {
	w      Writer
	at     engine.Instant
	lost   map[engine.RunID]*Quarantined
	live   bool // one of them was live
	writes []write

	settled []*FlowCounts // what is added to counts
}

func (x *quarantine) setApart(ids []engine.RunID) (lost []*Quarantined, err error) {
	for _, id := range ids {
		x.look(id)
	}
	if x.live {
		if err := x.count(); err != nil {
			return nil, err
		}
	}
	if len(x.lost) == 0 {
		return nil, nil
	}
	return x.finish()
}

// finish moves the runs that were taken, and everything that leads to them.
func (x *quarantine) finish() (lost []*Quarantined, err error) {
	x.entries()
	for _, q := range x.lost {
		x.salvage(q)
	}
	if x.live {
		x.outside()
	}
	slices.SortFunc(x.writes, inOrder)
	if err := errors.Join(apply(x.w, x.writes), groupFailures(x.w, x.writes, nil)); err != nil {
		return nil, err
	}
	for _, f := range x.settled {
		if err := addFlowCounts(x.w, f); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(x.lost), engine.RunID.Compare) {
		lost = append(lost, x.lost[id])
		if err := putQuarantined(x.w, x.lost[id]); err != nil {
			return nil, err
		}
	}
	return lost, nil
}

// look sets a run apart if its record is damaged.
func (x *quarantine) look(id engine.RunID) {
	record := x.w.Get(Runs, id[:])
	_, err := runOf(x.w, id[:], record)
	switch {
	case record == nil:
		x.lookAtEnded(id)
	case err == nil:
	case !isSign(record) && len(record) > signBytes:
		x.take(id, record, err, false)
	default:
		x.writes = append(x.writes, write{bucket: Runs, key: id[:], delete: true})
		if _, to, bad := follow(id[:], record); bad == nil && x.w.Get(Ended, to) != nil {
			x.writes = append(x.writes, write{bucket: Ended, key: to, delete: true})
			record = x.w.Get(Ended, to)
		}
		x.take(id, record, err, true)
	}
}

// lookAtEnded sets apart the damaged records of ended runs that no sign leads to.
func (x *quarantine) lookAtEnded(id engine.RunID) {
	x.w.Ascend(Ended, nil, func(key, record []byte) bool {
		if !bytes.HasSuffix(key, id[:]) {
			return true
		}
		if _, err := decodeEnded(key, record); err != nil {
			x.writes = append(x.writes, write{bucket: Ended, key: bytes.Clone(key), delete: true})
			x.take(id, record, err, true)
		}
		return true
	})
}

func (x *quarantine) take(id engine.RunID, record []byte, why error, ended bool) {
	if x.lost[id] != nil {
		return
	}
	x.live = x.live || !ended
	x.lost[id] = &Quarantined{Quarantine: engine.Quarantine{Run: id}, At: x.at, Ended: ended, Reason: why.Error(), Record: bytes.Clone(record)}
	if !ended {
		x.writes = append(x.writes, write{bucket: Runs, key: id[:], delete: true})
	}
}

// count counts the live runs, finds those that are damaged, and corrects the counts of their
// versions. What the counts have too much tells of which versions they were.
func (x *quarantine) count() (err error) {
	counted, here := map[string]*VersionCounts{}, standing{}
	x.w.Ascend(Runs, nil, func(key, record []byte) bool {
		if isSign(record) || len(record) <= signBytes || len(key) != runIDBytes {
			return true
		}
		run, err := decodeRun(key, record)
		if err != nil {
			x.take(engine.RunID(key), record, err, false)
			return true
		}
		v := engine.FlowVersion{Flow: run.Flow, Version: run.Version}
		name := string(versionKey(v))
		if counted[name] == nil {
			counted[name] = newCounts(v)
		}
		counted[name].add(run)
		here.add(run)
		return true
	})
	settled, err := settleFlowCounts(x.w, here)
	if err != nil {
		return err
	}
	x.settled = settled
	x.w.Ascend(Counts, nil, func(key, record []byte) bool {
		var stored *VersionCounts
		if stored, err = decodeCounts(record); err != nil {
			err = damaged(Counts, key, err)
			return false
		}
		live := counted[string(key)]
		if live == nil {
			live = newCounts(engine.FlowVersion{})
		}
		if missing := int64(stored.Live) - int64(live.Live); missing > 0 {
			stored.Live, stored.Parked = live.Live, live.Parked
			change(stored.Outcomes, engine.OutcomeQuarantined, missing)
			x.writes = append(x.writes, write{bucket: Counts, key: bytes.Clone(key), value: encodeCounts(stored)})
		}
		return true
	})
	return err
}

// entries drops the index entries that lead to the runs, and learns their people from them.
func (x *quarantine) entries() {
	for _, b := range indexes {
		x.w.Ascend(b, nil, func(key, _ []byte) bool {
			id, err := runOfEntry(b, key)
			q := x.lost[id]
			if err != nil || q == nil {
				return true
			}
			x.writes = append(x.writes, write{bucket: b, key: bytes.Clone(key), delete: true})
			if b == People {
				q.person = bytes.Clone(key[:personHashBytes])
			}
			return true
		})
	}
}

// salvage learns what it can of a run: who called it from the input that started it, or, where
// that is gone, from the damaged record, which is believed as far as something else confirms it.
func (x *quarantine) salvage(q *Quarantined) {
	run := salvaged(q.Run, q.Record)
	known := x.w.Get(Counts, versionKey(engine.FlowVersion{Flow: run.Flow, Version: run.Version})) != nil
	if known {
		q.Flow = run.Flow
	}
	switch person := personHash(run.Profile); {
	case q.person == nil && known:
		q.Person, q.person = run.Profile, person
	case bytes.Equal(q.person, person):
		q.Person = run.Profile
	}
	if q.Ended {
		return
	}
	if j := x.startedBy(q.Run); j != nil {
		if call, ok := j.Input.Payload.(*engine.Call); ok {
			q.Parent, q.Call = call.Parent, call.Number
		}
	} else if liveRecord(x.w, run.Parent[:]) != nil {
		q.Parent, q.Call = run.Parent, run.ParentCall
	}
}

// startedBy returns the input that started a run, or nil. That of a run from before a move may have another number now.
func (x *quarantine) startedBy(id engine.RunID) *engine.Journaled {
	if purged, err := readPurged(x.w); err != nil || id.Time() <= purged.MovedAt {
		return nil
	}
	j, err := decodeJournaled(x.w.Get(Journal, be(id.Seq())))
	if err != nil {
		return nil
	}
	return j
}

// salvaged reads what it can of a damaged record. Any of it may be wrong.
func salvaged(id engine.RunID, record []byte) *engine.Run {
	run := &engine.Run{ID: id}
	if n := len(record) - checksumBytes; n > 1 {
		runFields(&codec{b: record[1:n], reading: true}, run)
	}
	return run
}

// outside finds what the ends of the live runs concern: their campaigns, and their people, if
// something is stored about them. None of it is read from the damaged records.
func (x *quarantine) outside() {
	x.w.Ascend(Members, nil, func(key, value []byte) bool {
		if len(value) == runIDBytes && len(key) == memberKeyBytes {
			if q := x.lost[engine.RunID(value)]; q != nil {
				q.Campaign = campaignOf(key)
			}
		}
		return true
	})
	people := map[string][]*Quarantined{}
	for _, q := range x.lost {
		if !q.Ended && q.person != nil {
			people[string(q.person)] = append(people[string(q.person)], q)
		}
	}
	x.w.Ascend(Profiles, nil, func(_, record []byte) bool {
		if p, err := decodePerson(record); err == nil {
			for _, q := range people[string(personHash(p.ID))] {
				q.Profile = p.ID
			}
		}
		return true
	})
}
