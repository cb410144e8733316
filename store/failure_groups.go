package store

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"nudge/engine"
)

// FailureGroup is the runs with the same failure.
type FailureGroup struct {
	ID      FailureID
	Failure Failure
	Runs    uint64      // that have it, of those that are kept
	Newest  *engine.Run // the one that started last
	At      engine.Instant
}

// failureGroup is the record of a group. Everything in it follows from the entries of its runs. The text of the reason is left
// out, because it may name a person.
type failureGroup struct {
	of     Failure
	runs   uint64
	newest engine.RunID // of them: the one that started last
}

func (g *failureGroup) fields(c *codec) {
	c.str(&g.of.Flow)
	c.str(&g.of.Version)
	signed(c, &g.of.Step)
	c.bool(&g.of.Message)
	c.str(&g.of.Status)
	c.uint(&g.runs)
	c.bytes(g.newest[:])
}

func encodeFailureGroup(g *failureGroup) []byte { return encode(failureGroupVersion, g.fields) }

func decodeFailureGroup(record []byte) (*failureGroup, error) {
	g := new(failureGroup)
	return g, decode(record, failureGroupVersion, g.fields)
}

// The marks of the keys of groups.
const (
	groupMark   byte = 'g' // by their IDs
	newestMark  byte = 'n' // by their newest runs
	newestBytes      = 1 + runIDBytes + len(FailureID{})
)

func groupKey(id FailureID) []byte { return append([]byte{groupMark}, id[:]...) }

func newestKey(newest engine.RunID, id FailureID) []byte {
	return append(append([]byte{newestMark}, newest[:]...), id[:]...)
}

// groupFailures counts entries of failures that were written. The writes are in the order of their keys, and each changes
// something. Changes has the runs of new entries.
func groupFailures(w Writer, writes []write, changes []engine.Change) error {
	var known map[FailureID]Failure
	failure := func(id FailureID) (Failure, bool) {
		if known == nil {
			known = failuresIn(changes)
		}
		f, ok := known[id]
		return f, ok
	}
	at, _ := slices.BinarySearchFunc(writes, Failures, func(x write, b Bucket) int { return cmp.Compare(x.bucket, b) })
	for at < len(writes) && writes[at].bucket == Failures {
		id, by := FailureID(writes[at].key), 0
		for ; at < len(writes) && writes[at].bucket == Failures && bytes.HasPrefix(writes[at].key, id[:]); at++ {
			if writes[at].delete {
				by--
			} else {
				by++
			}
		}
		if err := changeGroup(w, id, by, failure); err != nil {
			return err
		}
	}
	return nil
}

// changeGroup changes how many runs a group has, after its entries have changed.
func changeGroup(w Writer, id FailureID, by int, failure func(FailureID) (Failure, bool)) error {
	g, err := readFailureGroup(w, id)
	if err != nil {
		return err
	}
	if g == nil {
		f, ok := failure(id)
		if !ok {
			return nil // a repair counts them later
		}
		g = &failureGroup{of: f}
	} else if err := w.Delete(FailureGroups, newestKey(g.newest, id)); err != nil {
		return err
	}
	g.runs = uint64(int64(g.runs) + int64(by))
	newest, ok := newestRun(w, id)
	if !ok {
		return w.Delete(FailureGroups, groupKey(id))
	}
	g.newest = newest
	return putGroup(w, id, g)
}

func putGroup(w Writer, id FailureID, g *failureGroup) error {
	return errors.Join(w.Put(FailureGroups, groupKey(id), encodeFailureGroup(g)), w.Put(FailureGroups, newestKey(g.newest, id), nil))
}

// failuresIn are the failures of changed runs, without their reasons.
func failuresIn(changes []engine.Change) map[FailureID]Failure {
	known := map[FailureID]Failure{}
	for i := range changes {
		for _, f := range FailuresOf(changes[i].After) {
			id := f.ID()
			f.Reason = ""
			known[id] = f
		}
	}
	return known
}

func readFailureGroup(r Reader, id FailureID) (*failureGroup, error) {
	record := r.Get(FailureGroups, groupKey(id))
	if record == nil {
		return nil, nil
	}
	g, err := decodeFailureGroup(record)
	return g, damaged(FailureGroups, groupKey(id), err)
}

// newestRun is the run of a group that started last.
func newestRun(r Reader, id FailureID) (run engine.RunID, ok bool) {
	r.Descend(Failures, afterGroup(id), func(key, _ []byte) bool {
		if ok = len(key) == failureKeyBytes && bytes.HasPrefix(key, id[:]); ok {
			copy(run[:], key[len(id):])
		}
		return false
	})
	return run, ok
}

// afterGroup is a key behind all entries of a group.
func afterGroup(id FailureID) []byte {
	return append(bytes.Clone(id[:]), bytes.Repeat([]byte{0xff}, runIDBytes+1)...)
}

// FailureQuery selects groups of failures. An empty field matches every group.
type FailureQuery struct {
	Flow, Version, Status string
	Limit                 int // groups to return
	Look                  int // groups to look at
}

// FailureGroups returns groups of failures, those with the newest runs first. More means that there may be further ones. A group
// whose newest run cannot be read is left out.
func (s *Store) FailureGroups(q FailureQuery) (groups []*FailureGroup, more bool, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		looked := 0
		r.Descend(FailureGroups, []byte{newestMark + 1}, func(key, _ []byte) bool {
			if len(key) != newestBytes || key[0] != newestMark {
				return false
			}
			if more = len(groups) == q.Limit || looked == q.Look; more {
				return false
			}
			looked++
			var g *FailureGroup
			if g, failed = readGroup(r, FailureID(key[1+runIDBytes:]), &q); g != nil {
				groups = append(groups, g)
			}
			return failed == nil
		})
		return failed
	})
	return groups, more, err
}

// readGroup reads a group and its newest run; nil if it is not wanted, or the run cannot be read.
func readGroup(r Reader, id FailureID, q *FailureQuery) (*FailureGroup, error) {
	g, err := readFailureGroup(r, id)
	if g == nil || err != nil {
		return nil, err
	}
	fits := func(wanted, is string) bool { return wanted == "" || wanted == is }
	if !fits(q.Flow, g.of.Flow) || !fits(q.Version, g.of.Version) || !fits(q.Status, g.of.Status) {
		return nil, nil
	}
	run, err := readRun(r, g.newest)
	if err != nil || run == nil {
		return nil, nil // damaged: it is shown with the runs that are
	}
	for _, f := range FailuresOf(run) {
		if f.ID() == id {
			return &FailureGroup{ID: id, Failure: f, Runs: g.runs, Newest: run, At: failedAt(run, &f)}, nil
		}
	}
	return nil, nil
}

// failedAt returns when a failure happened.
func failedAt(r *engine.Run, f *Failure) engine.Instant {
	if !f.Message {
		return r.Ended
	}
	numbers := map[int]bool{}
	for i := range r.Messages {
		if m := &r.Messages[i]; messageFailed(m) && m.Step == f.Step {
			numbers[m.Number] = true
		}
	}
	for i := len(r.Timeline) - 1; i >= 0; i-- {
		if e := &r.Timeline[i]; numbers[e.Message] {
			return e.At
		}
	}
	return r.Started()
}

// regroupFailures writes the groups of all entries anew.
func regroupFailures(w Writer) (err error) {
	groups := map[FailureID]uint64{}
	w.Ascend(Failures, nil, func(key, _ []byte) bool {
		if len(key) == failureKeyBytes {
			groups[FailureID(key)]++
		}
		return true
	})
	for id, runs := range groups {
		newest, _ := newestRun(w, id)
		run, failed := readRun(w, newest)
		if failed != nil || run == nil {
			return failed
		}
		if f, ok := failuresIn([]engine.Change{{After: run}})[id]; ok {
			err = errors.Join(err, putGroup(w, id, &failureGroup{of: f, runs: runs, newest: newest}))
		}
	}
	return err
}

// failureGroup verifies a group, and what leads to it by its newest run.
func (c *checker) failureGroup(key, record []byte) {
	switch {
	case len(key) == newestBytes && key[0] == newestMark:
		if g, err := readFailureGroup(c.r, FailureID(key[1+runIDBytes:])); err == nil && (g == nil || !bytes.HasPrefix(key[1:], g.newest[:])) {
			c.problem("failuregroups %x: no group that it follows from", key)
		}
		return
	case len(key) != 1+len(FailureID{}) || key[0] != groupMark:
		c.problem("failuregroups %x: the key is of no form", key)
		return
	}
	g, err := decodeFailureGroup(record)
	if err != nil {
		c.problem("failuregroups %x: %v", key, err)
		return
	}
	id := FailureID(key[1:])
	if newest, _ := newestRun(c.r, id); newest != g.newest || !has(c.r, FailureGroups, newestKey(g.newest, id)) {
		c.problem("failuregroups %x: its newest run is %s, the record says %s", key, newest, g.newest)
	}
	if c.sums != nil {
		c.sums.compareGroup(c, id, g.runs)
	}
}

// compareGroup holds how many runs a group has against its entries.
func (s *sums) compareGroup(c *checker, id FailureID, runs uint64) {
	if s.failures[id] != runs {
		c.problem("failuregroups %s: %d runs are counted, it has %d", id, runs, s.failures[id])
	}
	delete(s.failures, id)
}
