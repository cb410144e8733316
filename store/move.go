package store

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
)

// Moving says how a store is moved.
type Moving struct {
	To       string                   // where it goes, in words; its source says so from then on
	At       engine.Instant           // when
	Progress func(MoveProgress) error // is called between two transactions; an error of it ends the move, which may go on later
	Bytes    int                      // that one transaction writes, about; 0: 16 MiB
}

// MoveProgress says how far a move has come.
type MoveProgress struct {
	Part    string // the bucket that is being read
	Records int    // read so far, of all buckets
	Resumed bool   // an earlier move was cut short, and this one goes on
}

// NotReadyError says what a store still has to do before it can be moved.
type NotReadyError struct{ Missing []string }

func (e *NotReadyError) Error() string {
	return "the store cannot be moved yet:\n  " + strings.Join(e.Missing, "\n  ")
}

// ErrMoving is in the error of opening a store that a move has not filled yet.
var ErrMoving = errors.New("a move into this store is not finished: run the same nudge store move again, and it goes on")

// ErrOtherMove is returned by [Move] for a target that has records and is not that of the same move, cut short.
var ErrOtherMove = errors.New("the target has records already, and not those of this move cut short: move into an empty one")

// Move copies a stopped store into kvs, which become the store of an installation with a partition in each of them. The source may have
// another number of partitions; its parts are given in their order. Every record is dealt to its home among the new partitions: see
// moveRules. The new store is another installation, which has the runs of the old one and takes their receipts. If a move is cut short, the
// next one goes on where it was. At the end the source has a mark that it was moved away: see [Store.MovedAway]. Nothing else in it changes.
//
// It returns a [*NotReadyError] if the source has work under way that only a loop can end. Damaged records are an error.
func Move(from []*Store, to []KV, how Moving) (engine.Installation, error) {
	how.Bytes = cmp.Or(how.Bytes, moveBytes)
	mv := &mover{from: from, src: Join(from), to: to, how: how, out: make([][]write, len(to)), homes: map[engine.RunID]int{}}
	p := engine.Partition{Of: len(to)}
	if err := errors.Join(p.Check(), mv.begin()); err != nil {
		return engine.Installation{}, err
	}
	if mv.done {
		return mv.plan.installation.In(p), nil
	}
	for _, step := range [...]func() error{mv.numberAll, mv.prepareSums, mv.dealAll, mv.putSums, mv.markAway, mv.finish} {
		if err := step(); err != nil {
			return engine.Installation{}, err
		}
	}
	return mv.plan.installation.In(p), nil
}

// mover moves a store.
type mover struct {
	from []*Store
	src  *Store // all parts of the source as one
	to   []KV
	how  Moving
	done bool // an earlier move has come to its end

	plan  movePlan
	state engine.State // of all parts of the source
	ranks *ranks
	last  uint64 // number of the last input

	campaigns map[uint64]uint64 // their new numbers, by their old ones
	sums      moveSums
	refused   []uint64 // by partition: number of its last refusal

	out      [][]write // by partition: what is not written yet
	size     int       // of that, about
	progress MoveProgress
	homes    map[engine.RunID]int // of the runs that were looked up last
}

// movePlan is what a target says of a move while it is under way.
type movePlan struct {
	source       engine.Installation
	seq          uint64 // of the source, so that it is the same moment
	installation engine.Installation
	bucket       int    // place among moveOrder up to which all is written
	place        string // key of the last record that is, in that bucket
}

func (p *movePlan) fields(c *codec) {
	c.bytes(p.source[:])
	c.uint(&p.seq)
	c.bytes(p.installation[:])
	integer(c, &p.bucket)
	c.str(&p.place)
}

func (p *movePlan) encoded() []byte { return encode(movePlanVersion, p.fields) }

// begin finds out whether the source may be moved and where an earlier move stopped, and marks the targets.
func (mv *mover) begin() (err error) {
	if mv.state, err = mv.src.State(); err != nil {
		return err
	}
	for _, part := range mv.from {
		state, err := part.State()
		if err != nil {
			return err
		}
		mv.state.Derived = max(mv.state.Derived, state.Derived)
	}
	began, err := mv.earlier()
	if err != nil || mv.done {
		return err
	}
	moved, err := mv.src.MovedAway()
	if err != nil {
		return err
	}
	if moved != nil && (!began || moved.installation != mv.plan.installation) {
		return &NotReadyError{[]string{moved.Error() + ". If nothing ever ran there: nudge store move --undo"}}
	}
	if missing, err := MoveReady(mv.from); err != nil || len(missing) > 0 {
		return cmp.Or(err, error(&NotReadyError{missing}))
	}
	if mv.progress.Resumed = began; !began {
		mv.plan = movePlan{source: mv.state.Installation, seq: mv.state.Seq, installation: mv.newInstallation()}
	}
	for p := range mv.to { // the first one first: it tells that a move has begun
		if err := mv.to[p].Update(func(w Writer) error { return w.Put(Meta, keyMoving, mv.plan.encoded()) }); err != nil {
			return err
		}
	}
	return nil
}

// newInstallation is one whose runs cannot be taken for those of the stores before it.
func (mv *mover) newInstallation() (made engine.Installation) {
	taken := append(slices.Clone(mv.state.Former), mv.state.Installation)
	for {
		rand.Read(made[:])
		if !slices.ContainsFunc(taken, func(i engine.Installation) bool { return [3]byte(i[:3]) == [3]byte(made[:3]) }) {
			return made
		}
	}
}

// earlier reads what an earlier move has left in the targets, and reports whether it began there.
func (mv *mover) earlier() (began bool, err error) {
	empty := true
	for p, kv := range mv.to {
		if err := kv.View(func(r Reader) error {
			record, format := r.Get(Meta, keyMoving), r.Get(Meta, keyFormat)
			empty = empty && record == nil && format == nil
			if p > 0 {
				return nil
			}
			if record != nil {
				began = true
				return damaged(Meta, keyMoving, decode(record, movePlanVersion, mv.plan.fields))
			}
			if format != nil {
				state, err := decodeState(r.Get(Meta, keyState))
				mv.done = err == nil && slices.Contains(state.Former, mv.state.Installation) && max(state.Partition.Of, 1) == len(mv.to)
				mv.plan.installation = state.Installation
			}
			return nil
		}); err != nil {
			return false, err
		}
	}
	if mv.done {
		away, err := mv.src.MovedAway()
		mv.done = away != nil && away.installation.SameStore(mv.plan.installation)
		if mv.done || err != nil {
			return false, err
		}
	}
	switch {
	case !began && !empty, began && (mv.plan.source != mv.state.Installation || mv.plan.seq != mv.state.Seq):
		return false, ErrOtherMove
	}
	return began, nil
}

// put keeps a record for a partition until the next flush.
func (mv *mover) put(p int, b Bucket, key, value []byte) {
	mv.out[p] = append(mv.out[p], write{bucket: b, key: key, value: value})
	mv.size += len(key) + len(value)
}

func (mv *mover) putAll(b Bucket, key, value []byte) {
	for p := range mv.to {
		mv.put(p, b, key, value)
	}
}

// Limits of one transaction of a move, unless it says otherwise.
const (
	movePage  = 1000     // records that are read
	pageBytes = 4 << 20  // that are read, about
	moveBytes = 16 << 20 // that are written, about
)

// flush writes what was put, in the order of the keys, which is fast in bbolt. The first partition is the last: it says how far the move is.
func (mv *mover) flush() error {
	for p := len(mv.to) - 1; p >= 0; p-- {
		if p > 0 && len(mv.out[p]) == 0 {
			continue
		}
		slices.SortStableFunc(mv.out[p], func(x, y write) int { return cmp.Or(cmp.Compare(x.bucket, y.bucket), bytes.Compare(x.key, y.key)) })
		if err := mv.to[p].Update(func(w Writer) error {
			if err := apply(w, mv.out[p]); err != nil || p > 0 {
				return err
			}
			return w.Put(Meta, keyMoving, mv.plan.encoded())
		}); err != nil {
			return err
		}
		mv.out[p] = mv.out[p][:0]
	}
	mv.size = 0
	return nil
}

// walk visits the records of a bucket of the source behind a key, page by page.
func (mv *mover) walk(b Bucket, after string, visit func(r Reader, key, value []byte) error) error {
	from, more := []byte(nil), true
	if after != "" {
		from = append([]byte(after), 0)
	}
	for more {
		read, size := 0, 0
		more = false
		if err := mv.src.kv.View(func(r Reader) (failed error) {
			r.Ascend(b, from, func(key, value []byte) bool {
				if more = read == movePage || size >= pageBytes; more {
					return false
				}
				read, size = read+1, size+len(key)+len(value)
				from = append(bytes.Clone(key), 0)
				failed = visit(r, key, value)
				return failed == nil
			})
			return failed
		}); err != nil {
			return err
		}
		mv.progress.Part, mv.progress.Records = b.String(), mv.progress.Records+read
		if mv.how.Progress != nil {
			if err := mv.how.Progress(mv.progress); err != nil {
				return err
			}
		}
	}
	return nil
}

// dealAll deals all records. What an earlier move has written is not written again.
func (mv *mover) dealAll() error {
	began := mv.plan
	for n, b := range moveOrder {
		if n < began.bucket && !moveRules[b].counts {
			continue
		}
		after, written := "", n < began.bucket
		if n == began.bucket {
			if after = began.place; moveRules[b].counts { // also what is written has to be counted
				after, written = "", began.place != ""
			}
		}
		if err := mv.walk(b, after, func(r Reader, key, value []byte) error {
			if err := moveRules[b].deal(mv, r, key, value); err != nil {
				return err
			}
			if written {
				mv.forget()
				written = n < began.bucket || string(key) != began.place
				return nil
			}
			mv.plan.bucket, mv.plan.place = n, string(key)
			if mv.size >= mv.how.Bytes {
				return mv.flush()
			}
			return nil
		}); err != nil {
			return err
		}
		if n >= began.bucket {
			mv.plan.bucket, mv.plan.place = n+1, ""
			if err := mv.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget lets go of what was put since the last flush: it is written already.
func (mv *mover) forget() {
	for p := range mv.out {
		mv.out[p] = mv.out[p][:0]
	}
	mv.size = 0
}

// MovedAway says that a store was moved, and where to. It is an error for all who would go on with the store.
type MovedAway struct {
	To           string
	At           engine.Instant
	installation engine.Installation // that it is now
}

func (a *MovedAway) fields(c *codec) {
	c.str(&a.To)
	integer(c, &a.At)
	c.bytes(a.installation[:])
}

func (a *MovedAway) Error() string {
	return fmt.Sprintf("the store was moved to %s at %s, and goes on there", a.To, a.At)
}

// MovedAway returns where a store was moved, or nil. It may be read, and must not go on.
func (s *Store) MovedAway() (moved *MovedAway, err error) {
	err = s.Parts()[0].kv.View(func(r Reader) error {
		record := r.Get(Meta, keyMovedAway)
		if record == nil {
			return nil
		}
		moved = new(MovedAway)
		return damaged(Meta, keyMovedAway, decode(record, awayVersion, moved.fields))
	})
	return moved, err
}

// StayHere takes away the mark that a store was moved. It is for a store whose successor is gone, or never ran.
func (s *Store) StayHere() error {
	for _, part := range s.Parts() {
		if err := part.kv.Update(func(w Writer) error { return w.Delete(Meta, keyMovedAway) }); err != nil {
			return err
		}
	}
	return nil
}

// markAway makes the source say that it was moved, before the target can be used.
func (mv *mover) markAway() error {
	mark := &MovedAway{mv.how.To, mv.how.At, mv.plan.installation}
	record := encode(awayVersion, mark.fields)
	for _, part := range slices.Backward(mv.from) {
		if err := part.kv.Update(func(w Writer) error { return w.Put(Meta, keyMovedAway, record) }); err != nil {
			return fmt.Errorf("mark the source as moved: %w", err)
		}
	}
	return nil
}
