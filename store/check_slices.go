package store

import (
	"bytes"

	"nudge/engine"
	"nudge/flows"
)

// Limits of one slice of a check of a store in use.
const (
	sliceRecords = 256
	sliceBytes   = 1 << 20 // of the records, about
	sliceFlows   = 64      // flows that are kept from slice to slice
)

// CheckProgress says how far a check of a store in use has come.
type CheckProgress struct {
	Part     string `json:"part"`     // the bucket that is being read
	Records  int    `json:"records"`  // verified so far, of all buckets
	Problems int    `json:"problems"` // found so far
}

// CheckInUse verifies the records of a store as Check does, while others write to it. It reads
// slices of at most 256 records, each in a transaction of its own: what is written during a
// transaction cannot go to space that is freed meanwhile, so one transaction for all would let
// the file grow. A record is held against the others of its transaction, which leaves out the
// sums: the counts of versions and campaigns, and what the state says of all records. A page that
// cannot be read is a problem, and ends its bucket.
//
// It calls rest after every slice, between two transactions. An error of rest ends the check and
// is returned.
func (s *Store) CheckInUse(rest func(CheckProgress) error) (*Report, error) {
	if s.parts != nil {
		return s.checkPartsInUse(rest)
	}
	c := &checker{report: &Report{Problems: []string{}}, flows: map[engine.FlowVersion]*flows.Flow{}}
	progress := CheckProgress{}
	for _, p := range c.parts() {
		for slice := (checkSlice{checker: c, part: p}); !slice.ended; {
			if err := s.kv.View(slice.read); err != nil {
				c.problem("%s after %x: %v", p.bucket, slice.last, err)
				slice.ended = true
			}
			progress.Part, progress.Problems = p.bucket.String(), len(c.report.Problems)
			progress.Records += slice.records
			if err := rest(progress); err != nil {
				return c.report, err
			}
		}
	}
	return c.report, nil
}

// checkSlice is the next records of a bucket.
type checkSlice struct {
	*checker
	part    checkedPart
	last    []byte // the key before them; nil at the beginning
	records int    // how many there were
	ended   bool
}

// read verifies the next records of the bucket.
func (s *checkSlice) read(r Reader) error {
	if len(s.flows) > sliceFlows {
		clear(s.flows)
	}
	s.begin(r)
	if s.part.bucket == Runs && s.last == nil {
		s.activeVersions()
	}
	s.records, s.ended = 0, true
	from, size := []byte(nil), 0
	if s.last != nil {
		from = append(bytes.Clone(s.last), 0)
	}
	r.Ascend(s.part.bucket, from, func(key, record []byte) bool {
		if s.last != nil && bytes.Compare(s.last, key) >= 0 {
			s.problem("%s: the key %x comes after %x", s.part.bucket, key, s.last)
			return false
		}
		s.part.visit(key, record)
		s.last = append(s.last[:0], key...)
		s.records++
		size += len(record)
		s.ended = s.records < sliceRecords && size < sliceBytes
		return s.ended
	})
	if s.ended && s.part.bucket == Journal {
		s.journalEnd()
	}
	return nil
}
