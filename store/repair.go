package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nudge/engine"
)

// Salvage reads what it can of a damaged store. What it says of where a record belongs may be
// wrong. The slices belong to the store's reader.
type Salvage interface {
	// Bucket calls visit with what can be reached of a bucket.
	Bucket(b Bucket, visit func(key, value []byte) error) error
	// Before is Bucket for what the store was before its last commit.
	Before(b Bucket, visit func(key, value []byte) error) error
	// Rest calls visit with what no bucket leads to. Stale says that it may be from an earlier
	// time.
	Rest(visit func(key, value []byte, stale bool) error) error
}

// Repaired is the result of a repair.
type Repaired struct {
	Kept    map[string]int `json:"kept"`           // records by kind
	Lost    map[string]int `json:"lost"`           // records by kind that could not be read, as far as they are known
	Losses  []Loss         `json:"losses"`         // of those, at most MaxLosses
	Journal uint64         `json:"journal_begins"` // the first input that has all later ones behind it
	Gaps    []Gap          `json:"journal_gaps"`   // inputs that are missing, at most MaxLosses
}

// Loss is a record that could not be read.
type Loss struct {
	Kind string `json:"kind"` // a word of [Repaired].Lost
	ID   string `json:"id"`   // empty if it is not known
	What string `json:"what"`
}

// Gap is a part of the journal that is missing.
type Gap struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// MaxLosses is how many losses a repair lists; further ones are only counted.
const MaxLosses = 1000

const (
	repairTx   = 8 << 20 // bytes of records that one transaction of a repair writes, about
	repairPage = 4096    // records that a repair reads at a time
)

// Repair writes into an empty kv what it can read of a damaged store: every record that is
// whole, and the indexes and numbers that follow from those. A live run that cannot be read, and
// one without its flow, is in quarantine afterwards. The journal keeps its gaps; it counts as
// beginning behind the last of them. Progress is told how many records are indexed, and may be
// nil. The kv is of no use after an error.
func Repair(ctx context.Context, from Salvage, kv KV, progress func(done int)) (*Repaired, error) {
	r := &repair{ctx: ctx, from: from, kv: kv, told: progress, out: &Repaired{Kept: map[string]int{}, Lost: map[string]int{}},
		pending: map[string]int{}, versions: map[string]bool{}, stored: map[string]*VersionCounts{}, counts: map[string]*VersionCounts{}, here: standing{}, results: results{},
		campaigns: map[uint64]*engine.Campaign{}, storedTally: map[uint64]*Tally{}, tally: map[uint64]*Tally{}, live: map[uint64]int{}, apart: map[engine.RunID]apart{}}
	for _, phase := range []func() error{r.meta, r.records, r.rest, r.runs, r.ended, r.lost, r.journal, r.numbers} {
		if err := errors.Join(phase(), r.flush()); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

// repair is a repair under way.
type repair struct {
	ctx  context.Context
	from Salvage
	kv   KV
	told func(done int)
	done int
	out  *Repaired

	writes  []write
	size    int
	pending map[string]int // of the writes, by bucket and key

	state       engine.State
	purged      Purged
	audit       []byte                      // key of the hashes of forgotten people
	held        bool                        // nothing goes out of it yet
	movedAway   []byte                      // the mark of a store that was moved
	reforget    []byte                      // people to be forgotten again; nil: none
	fields      []string                    // by which people are found; nil: not read yet
	marks       string                      // of the deployed project
	derived     uint64                      // the highest number of a derived input
	orphans     int                         // receipts that wait
	versions    map[string]bool             // that can be read
	stored      map[string]*VersionCounts   // as they were found
	counts      map[string]*VersionCounts   // of the runs that are there
	here        standing                    // the live ones of them
	results     results                     // what all of them are
	campaigns   map[uint64]*engine.Campaign // by number
	storedTally map[uint64]*Tally
	tally       map[uint64]*Tally
	live        map[uint64]int         // runs by campaign
	apart       map[engine.RunID]apart // runs to be set apart
}

// apart is a run that is to be set apart.
type apart struct {
	record []byte
	why    error
	ended  bool
}

// put writes a record, soon.
func (r *repair) put(b Bucket, key, value []byte) error {
	return r.write(write{bucket: b, key: bytes.Clone(key), value: bytes.Clone(value)})
}

func (r *repair) write(w write) error {
	r.pending[w.bucket.String()+string(w.key)] = len(r.writes)
	r.writes = append(r.writes, w)
	if r.size += len(w.key) + len(w.value); r.size < repairTx {
		return nil
	}
	return r.flush()
}

func (r *repair) flush() error {
	if err := r.ctx.Err(); err != nil || len(r.writes) == 0 {
		return err
	}
	slices.SortStableFunc(r.writes, func(x, y write) int {
		return cmp.Or(cmp.Compare(x.bucket, y.bucket), bytes.Compare(x.key, y.key))
	})
	err := r.kv.Update(func(w Writer) error { return apply(w, r.writes) })
	clear(r.pending)
	r.writes, r.size = r.writes[:0], 0
	return err
}

// get returns a record that was written, or nil.
func (r *repair) get(b Bucket, key []byte) (value []byte, err error) {
	if i, ok := r.pending[b.String()+string(key)]; ok {
		return r.writes[i].value, nil // nil for one that is deleted
	}
	err = r.kv.View(func(reader Reader) error {
		value = bytes.Clone(reader.Get(b, key))
		return nil
	})
	return value, err
}

// each calls visit with the records of a bucket that were written, in order. It may write.
func (r *repair) each(b Bucket, visit func(key, value []byte) error) error {
	if err := r.flush(); err != nil {
		return err
	}
	for from := []byte(nil); ; {
		var page []write
		if err := r.kv.View(func(reader Reader) error {
			reader.Ascend(b, from, func(key, value []byte) bool {
				page = append(page, write{key: bytes.Clone(key), value: bytes.Clone(value)})
				return len(page) < repairPage
			})
			return nil
		}); err != nil || len(page) == 0 {
			return err
		}
		for _, record := range page {
			if err := visit(record.key, record.value); err != nil {
				return err
			}
		}
		from = append(page[len(page)-1].key, 0)
		if r.done += len(page); r.told != nil {
			r.told(r.done)
		}
		if err := r.flush(); err != nil {
			return err
		}
	}
}

// lose notes a record that cannot be read.
func (r *repair) lose(kind, id, what string) {
	if r.out.Lost[kind]++; len(r.out.Losses) < MaxLosses {
		r.out.Losses = append(r.out.Losses, Loss{kind, id, what})
	}
}

// meta reads the state, from before the last commit if need be.
func (r *repair) meta() error {
	state := errors.New("the engine's state is not there")
	read := func(key, value []byte) error {
		switch {
		case bytes.Equal(key, keyFormat) && (len(value) != 1 || value[0] < OldestFormat || value[0] > Format):
			return refused(value, nil)
		case bytes.Equal(key, keyState):
			r.state, state = decodeState(value)
		case bytes.Equal(key, keyAudit):
			r.audit = bytes.Clone(value)
		case bytes.Equal(key, keyReforget):
			r.reforget = bytes.Clone(value)
		case bytes.Equal(key, keyHeld):
			r.held = true
		case bytes.Equal(key, keyMovedAway):
			r.movedAway = bytes.Clone(value)
		case bytes.Equal(key, keyMarks):
			if decode(value, marksVersion, func(c *codec) { c.str(&r.marks) }) != nil {
				r.marks = ""
				r.lose("note", "", "which fields are private; deploy the project again before anybody reads")
			}
		case bytes.Equal(key, keyPurged):
			if decode(value, purgedVersion, r.purged.fields) != nil {
				r.purged = Purged{}
				r.lose("note", "", "what retention has dropped")
			}
		}
		return nil
	}
	if err := r.from.Bucket(Meta, read); err != nil || state == nil {
		return err
	}
	r.lose("state", "", "the engine's state; what it was before the last commit is taken")
	if err := r.from.Before(Meta, read); err != nil {
		return err
	}
	if state != nil {
		return fmt.Errorf("%w: the engine's state cannot be read (%w), so nothing else is of use; put back a copy of the file", ErrDamaged, state)
	}
	return nil
}

// runs indexes the live runs. One whose flow or campaign is lost cannot go on.
func (r *repair) runs() error {
	return r.each(Runs, func(key, record []byte) error {
		run, err := decodeRun(key, record)
		if err != nil {
			return err // it could be read a moment ago
		}
		switch v := versionKey(engine.FlowVersion{Flow: run.Flow, Version: run.Version}); {
		case !r.versions[string(v)]:
			return r.setApart(run.ID, apart{record, fmt.Errorf("version %s of its flow %s is lost", run.Version, run.Flow), false})
		case run.Campaign != 0 && r.campaigns[run.Campaign] == nil && run.Status == engine.Parked:
			return r.setApart(run.ID, apart{record, errors.New("its campaign is lost, and it had not begun"), false})
		}
		if r.leaveCampaign(run) {
			if err := r.put(Runs, key, encodeRun(run)); err != nil {
				return err
			}
		}
		return r.index(run)
	})
}

// setApart takes a run out, to be set apart.
func (r *repair) setApart(id engine.RunID, a apart) error {
	a.record = bytes.Clone(a.record)
	r.apart[id] = a
	return r.write(write{bucket: Runs, key: id[:], delete: true})
}

// leaveCampaign takes a run out of its campaign if that is lost.
func (r *repair) leaveCampaign(run *engine.Run) bool {
	lost := run.Campaign != 0 && r.campaigns[run.Campaign] == nil
	if lost {
		run.Campaign = 0
	}
	return lost
}

// ended indexes the ended runs, and leaves a sign for each.
func (r *repair) ended() error {
	return r.each(Ended, func(key, record []byte) error {
		run, err := decodeEnded(key, record)
		if err != nil {
			return err
		}
		if r.leaveCampaign(run) {
			if err := r.put(Ended, key, encodeRun(run)); err != nil {
				return err
			}
		}
		delete(r.apart, run.ID)
		if err := r.put(Runs, run.ID[:], encodeSign(run)); err != nil {
			return err
		}
		if run.Profile != "" {
			if err := r.put(People, pastRunKey(run), nil); err != nil {
				return err
			}
		}
		return r.index(run)
	})
}

// index writes the entries of a run, and counts it.
func (r *repair) index(run *engine.Run) (err error) {
	entries(run, nil, func(w write) { err = errors.Join(err, r.put(w.bucket, w.key, w.value)) })
	v := engine.FlowVersion{Flow: run.Flow, Version: run.Version}
	name := string(versionKey(v))
	if r.counts[name] == nil {
		r.counts[name] = newCounts(v)
	}
	r.counts[name].add(run)
	r.here.add(run)
	r.results.add(v, run)
	f := r.campaigns[run.Campaign]
	if f == nil {
		return err
	}
	if r.tally[f.Number] == nil {
		r.tally[f.Number] = newTally(f.Number)
	}
	r.tally[f.Number].count(engine.Change{After: run})
	if run.Live() {
		r.live[f.Number]++
	}
	if run.Live() || f.Open() {
		err = errors.Join(err, r.put(Members, memberKey(engine.MemberOf(f.Number, run.Profile)), run.ID[:]))
	}
	return err
}

// lost finds the live runs that only index entries tell of, and sets them apart with those that
// cannot be read.
func (r *repair) lost() error {
	if err := r.from.Bucket(People, r.missing); err != nil {
		return err
	}
	if err := r.flush(); err != nil {
		return err
	}
	return r.kv.Update(func(w Writer) error {
		x := &quarantine{w: w, at: r.state.Stamp, lost: map[engine.RunID]*Quarantined{}}
		for _, id := range slices.SortedFunc(maps.Keys(r.apart), engine.RunID.Compare) {
			a, kind := r.apart[id], kinds[Runs]
			if a.ended {
				kind = kinds[Ended]
			}
			r.lose(kind, id.String(), a.why.Error())
			x.take(id, a.record, a.why, a.ended)
		}
		if len(x.lost) == 0 {
			return nil
		}
		_, err := x.finish()
		return err
	})
}

// missing looks at an entry of a person. If its run is lost, the entry stays for a moment: it
// says whose run it was.
func (r *repair) missing(key, record []byte) error {
	if _, ok := pastSeq(key); ok {
		if e, err := decodeHistory(record); err != nil || e.Seq > r.state.Seq || !bytes.Equal(pastInputKey(e), key) {
			return nil // what it says is in the journal, too
		}
		return r.put(People, key, record)
	}
	id, err := runAt(key)
	if err != nil || len(key) != personHashBytes+runIDBytes {
		return nil
	}
	for _, b := range [...]Bucket{Runs, Quarantine} {
		if record, err := r.get(b, id[:]); err != nil || record != nil {
			return err
		}
	}
	if a, known := r.apart[id]; !known {
		if id.Seq() > r.state.Seq {
			return nil // no run can have this ID
		}
		r.apart[id] = apart{why: errLost}
	} else if a.ended {
		return nil
	}
	return r.put(People, key, nil)
}
