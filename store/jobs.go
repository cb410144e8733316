package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
)

// JobState says how far a job is. The store keeps its number, so the number never changes.
type JobState uint8

const (
	JobWaiting     JobState = iota // for a place among those that run
	JobRunning                     // at work
	JobStopped                     // somebody stopped it
	JobDone                        // it has come to its end
	JobFailed                      // it could not go on
	JobInterrupted                 // the process stopped, and the job cannot go on where it was
)

var jobStates = [...]string{"waiting", "running", "stopped", "done", "failed", "interrupted"}

// JobStates are the words for the states, in order.
func JobStates() []string { return slices.Clone(jobStates[:]) }

// String is the word for a state.
func (s JobState) String() string {
	if int(s) < len(jobStates) {
		return jobStates[s]
	}
	return fmt.Sprintf("JobState(%d)", uint8(s))
}

// Over reports whether nothing more happens to the job.
func (s JobState) Over() bool { return s >= JobStopped }

// JobProgress is how far a job has come.
type JobProgress struct {
	Done    int            // things that are done
	Total   int            // things that there are to do, as far as is known; 0: not known
	Failed  int            // things that could not be done
	Skipped map[string]int // things that did not need to be done, by reason
}

// Job is a long piece of work that is watched and may be stopped. It is only knowledge about the work: what the work
// changes are inputs of their own, so a replay of the journal makes no job.
type Job struct {
	ID       string // rises with time
	Kind     string // what it does, in words
	By       engine.Actor
	State    JobState
	Stop     bool // somebody wants it stopped
	Asked    engine.Instant
	Started  engine.Instant
	Ended    engine.Instant
	Params   json.RawMessage // an object; may be empty
	Progress JobProgress
	Cursor   json.RawMessage // where it goes on after a restart; empty: at its beginning
	Result   json.RawMessage // an object; empty until it is done
	Problem  string          // why it failed; empty otherwise
	Hint     string          // what to do about it

	forgotten []string // people who were forgotten while it was not over: it may still write about them
}

func (j *Job) fields(c *codec) {
	c.str(&j.ID)
	c.str(&j.Kind)
	actorFields(c, &j.By)
	integer(c, &j.State)
	c.bool(&j.Stop)
	for _, at := range []*engine.Instant{&j.Asked, &j.Started, &j.Ended} {
		integer(c, at)
	}
	c.raw(&j.Params)
	integer(c, &j.Progress.Done)
	integer(c, &j.Progress.Total)
	integer(c, &j.Progress.Failed)
	skipped := skippedOf(j.Progress.Skipped)
	list(c, &skipped, func(c *codec, s *skippedCount) { c.str(&s.reason); integer(c, &s.count) })
	if c.reading && len(skipped) > 0 {
		j.Progress.Skipped = make(map[string]int, len(skipped))
		for _, s := range skipped {
			j.Progress.Skipped[s.reason] = s.count
		}
	}
	c.raw(&j.Cursor)
	c.raw(&j.Result)
	c.str(&j.Problem)
	c.str(&j.Hint)
	list(c, &j.forgotten, func(c *codec, name *string) { c.str(name) })
}

type skippedCount struct {
	reason string
	count  int
}

// skippedOf lists counts by their reasons, in order.
func skippedOf(counts map[string]int) (all []skippedCount) {
	for reason, count := range counts {
		all = append(all, skippedCount{reason, count})
	}
	slices.SortFunc(all, func(x, y skippedCount) int { return strings.Compare(x.reason, y.reason) })
	return all
}

func encodeJob(j *Job) []byte { return encode(jobVersion, j.fields) }

func decodeJob(record []byte) (*Job, error) {
	j := new(Job)
	return j, decode(record, jobVersion, j.fields)
}

// ErrNoJob means that there is no job with an ID, or not any more.
var ErrNoJob = errors.New("there is no such job")

// AddJob keeps a new job. Of those that are over it keeps the newest ones, and drops the others.
func (s *Store) AddJob(j *Job, kept int) error {
	return s.kv.Update(func(w Writer) error {
		var old [][]byte
		var failed error
		over := 0
		w.Descend(Jobs, nil, func(key, record []byte) bool {
			var known *Job
			if known, failed = decodeJob(record); failed != nil {
				failed = damaged(Jobs, key, failed)
				return false
			}
			if known.State.Over() {
				if over++; over > kept {
					old = append(old, bytes.Clone(key))
				}
			}
			return true
		})
		for _, key := range old {
			failed = errors.Join(failed, w.Delete(Jobs, key))
		}
		return errors.Join(failed, w.Put(Jobs, []byte(j.ID), encodeJob(j)))
	})
}

// maxForgottenOfJob is how many people can be forgotten during a job; when more are, its result is not kept.
const maxForgottenOfJob = 1000

// ChangeJob changes a job in one transaction, and returns it as it is then. It fails with [ErrNoJob].
func (s *Store) ChangeJob(id string, change func(*Job)) (j *Job, err error) {
	err = s.kv.Update(func(w Writer) error {
		record := w.Get(Jobs, []byte(id))
		if record == nil {
			return ErrNoJob
		}
		if j, err = decodeJob(record); err != nil {
			return damaged(Jobs, []byte(id), err)
		}
		change(j)
		if j.State.Over() {
			for _, profile := range j.forgotten {
				(&erasure{profile: profile}).eraseJob(j)
			}
			if len(j.forgotten) > maxForgottenOfJob {
				j.Result = nil
			}
			j.forgotten = nil
		}
		return w.Put(Jobs, []byte(id), encodeJob(j))
	})
	return j, err
}

// Job returns a job. It fails with [ErrNoJob].
func (s *Store) Job(id string) (j *Job, err error) {
	err = s.kv.View(func(r Reader) error {
		record := r.Get(Jobs, []byte(id))
		if record == nil {
			return ErrNoJob
		}
		j, err = decodeJob(record)
		return damaged(Jobs, []byte(id), err)
	})
	return j, err
}

// JobQuery selects jobs. An empty field matches every job.
type JobQuery struct {
	Kind   string
	State  string // the word for it
	Before string // only jobs asked for before this one; empty for the newest
	Limit  int    // jobs to return: 1 to MaxPage
}

// Jobs returns the jobs that match, newest first. Next is the Before of the page behind it, empty when there is none.
func (s *Store) Jobs(q JobQuery) (all []*Job, next string, err error) {
	q.Limit = min(max(q.Limit, 1), MaxPage)
	var before []byte
	if q.Before != "" {
		before = []byte(q.Before)
	}
	err = s.kv.View(func(r Reader) (failed error) {
		looked, last := 0, ""
		r.Descend(Jobs, before, func(key, record []byte) bool {
			if len(all) == q.Limit || looked == MaxLook {
				next = last
				return false
			}
			var j *Job
			if j, failed = decodeJob(record); failed != nil {
				failed = damaged(Jobs, key, failed)
				return false
			}
			looked, last = looked+1, j.ID
			if (q.Kind == "" || q.Kind == j.Kind) && (q.State == "" || q.State == j.State.String()) {
				all = append(all, j)
			}
			return true
		})
		return failed
	})
	return all, next, err
}

// projectFields are the fields of a job's parameters and result whose values are names of the project, and of no
// person, even if a person has the same name.
var projectFields = []string{"flow", "version", "step", "status", "outcome", "kind", "campaign", "arm", "line", "reason_code"}

// eraseJob takes the person out of a job's texts, and reports whether they stood there.
func (e *erasure) eraseJob(j *Job) (changed bool) {
	for _, text := range []*string{&j.Problem, &j.Hint} {
		if e.isWordOf(*text) {
			*text, changed = e.withoutWord(*text), true
		}
	}
	for _, object := range []*json.RawMessage{&j.Params, &j.Cursor, &j.Result} {
		var tree any
		if !e.mayStandIn(*object) {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(*object))
		d.UseNumber()
		if d.Decode(&tree) != nil {
			continue
		}
		cut := false
		if object == &j.Result { // a message to them may say more than their ID
			tree, cut = e.cutPeople(tree)
		}
		tree, found := e.withoutPerson(tree)
		if fields, ok := tree.(map[string]any); ok && e.replaceKey(fields["filter"]) || found || cut {
			*object, changed = jsonOf(tree), true
		}
	}
	return changed
}

// mayStandIn reports whether JSON may have the person's ID, or the key of a run of theirs.
func (e *erasure) mayStandIn(object json.RawMessage) bool {
	return bytes.Contains(object, []byte(e.profile)) || bytes.ContainsRune(object, '\\') || len(e.keys) > 0 || e.allKeys
}

// fieldsOfJobs are the fields of a note in which somebody who asked for a job may have named a person.
var fieldsOfJobs = []string{"filter", "reason"}

// withoutAsked is the object of a note without the person in those fields, and whether they stood there.
func (e *erasure) withoutAsked(object json.RawMessage) (without json.RawMessage, found bool) {
	fields := map[string]json.RawMessage{}
	if len(object) == 0 || !e.mayStandIn(object) || json.Unmarshal(object, &fields) != nil {
		return object, false
	}
	for _, name := range fieldsOfJobs {
		var tree any
		d := json.NewDecoder(bytes.NewReader(fields[name]))
		if d.UseNumber(); d.Decode(&tree) != nil {
			continue
		}
		tree, was := e.withoutPerson(tree)
		if name == "filter" && e.replaceKey(tree) || was {
			fields[name], found = jsonOf(tree), true
		}
	}
	if !found {
		return object, false
	}
	return jsonOf(fields), true
}

// withoutPerson is JSON with another word wherever the person's ID stands, and whether it stood there.
func (e *erasure) withoutPerson(tree any) (without any, found bool) {
	switch node := tree.(type) {
	case string:
		if e.isWordOf(node) {
			return e.withoutWord(node), true
		}
	case []any:
		for i := range node {
			was := false
			node[i], was = e.withoutPerson(node[i])
			found = found || was
		}
	case map[string]any:
		clean := make(map[string]any, len(node))
		for name, value := range node {
			if slices.Contains(projectFields, name) {
				clean[name] = value
				continue
			}
			was := e.isWordOf(name)
			found = found || was
			if was {
				name = e.withoutWord(name)
			}
			clean[name], was = e.withoutPerson(value)
			found = found || was
		}
		return clean, found
	}
	return tree, found
}

// eraseFromJob adds the write that takes the person out of a job that was asked for before they were forgotten. One that
// is not over may still write about them, so it is cleaned again at its end.
func (e *erasure) eraseFromJob(key, record []byte, add func(write)) error {
	j, err := decodeJob(record)
	if err != nil {
		return err
	}
	changed := e.eraseJob(j)
	if !j.State.Over() && len(j.forgotten) <= maxForgottenOfJob && !slices.Contains(j.forgotten, e.profile) {
		j.forgotten, changed = append(j.forgotten, e.profile), true
	}
	if changed {
		add(write{bucket: Jobs, key: bytes.Clone(key), value: encodeJob(j)})
	}
	return nil
}
