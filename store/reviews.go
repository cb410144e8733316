package store

import (
	"errors"
	"fmt"
	"slices"

	"nudge/engine"
)

// Reviews returns what jobs have found out about a proposal, or are about to, in the order of [Reviews].
func (s *Store) Reviews(number uint64) (all []*Review, err error) {
	err = s.kv.View(func(r Reader) error {
		for _, kind := range Reviews {
			p, err := readProposed(r, number, kind)
			if err != nil {
				return err
			}
			if p != nil {
				p.review.Kind, p.review.Result = kind, p.json
				all = append(all, &p.review)
			}
		}
		return nil
	})
	return all, err
}

// BeginReview notes that a job is about to find something out about a proposal, unless it has done so already. What an
// earlier job has found out is dropped.
func (s *Store) BeginReview(number uint64, v *Review) error {
	return s.kv.Update(func(w Writer) error {
		p, err := readProposed(w, number, v.Kind)
		if err != nil || p != nil && p.review.Job == v.Job {
			return err
		}
		return putReview(w, number, v)
	})
}

// EndReview notes what a job has found out about a proposal, if the proposal is still there. People who were forgotten meanwhile are not
// in it.
func (s *Store) EndReview(number uint64, v *Review) error {
	return s.kv.Update(func(w Writer) error {
		p, err := readProposal(w, number)
		if err != nil || p == nil {
			return err
		}
		record := w.Get(Jobs, []byte(v.Job))
		if record == nil {
			return fmt.Errorf("review of proposal %d: %w", number, ErrNoJob)
		}
		job, err := decodeJob(record)
		if err != nil {
			return damaged(Jobs, []byte(v.Job), err)
		}
		if len(job.forgotten) > maxForgottenOfJob {
			return errForgotten
		}
		for _, profile := range job.forgotten {
			v.Result, _ = (&erasure{profile: profile}).withoutPeople(v.Result)
		}
		return putReview(w, number, v)
	})
}

// errForgotten means that more people were forgotten during a job than it can leave out.
var errForgotten = errors.New("too many people were forgotten meanwhile: start it again")

func putReview(w Writer, number uint64, v *Review) error {
	return w.Put(Proposed, proposedKey(number, v.Kind), encodeProposed(&proposed{number: number, part: v.Kind, json: v.Result, review: *v}))
}

// OvertakenSince reports whether other flows are active than when the review was made.
func (v *Review) OvertakenSince(active []engine.FlowVersion) bool {
	return v.Done != 0 && !slices.Equal(active, v.Active)
}
