package store

import (
	"bytes"

	"nudge/engine"
)

// aboutSlice is how many records one slice reads of what the store has about a person.
const aboutSlice = 2000

// About is a record that names a person, or has something that only concerns them: what forgetting the person
// would change. Exactly one of its fields is set.
type About struct {
	Input  *engine.Journaled
	Audit  *engine.AuditEntry
	Notice *Notice

	Refusal *Refusal // of an event that names them, or has them in its body
	Mention *Mention // by a job, a proposal or a review
}

// aboutBuckets are those that a search for everything about a person reads record by record, as forgetting does.
var aboutBuckets = [...]Bucket{Journal, Audit, Notices, FailedNotices, Refusals, Jobs, Proposals, Proposed}

// AboutPlace is where the next slice of such a search begins.
type AboutPlace struct {
	bucket int
	next   []byte
	keys   []runKey // of the person's runs, from the jobs on: a filter of a job may have one
	ended  bool
}

// Ended reports whether the search has come to its end.
func (p *AboutPlace) Ended() bool { return p.ended }

// About returns what the next slice of the store has about a person, and moves the place on. The zero place is
// the beginning. It reads the whole journal, slice by slice.
func (s *Store) About(profile string, place *AboutPlace) (found []About, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		e := &erasure{profile: profile, r: r}
		erased := ""
		if key := r.Get(Meta, keyAudit); key != nil {
			erased = erasedAs(key, profile)
		}
		bucket, looked, next := aboutBuckets[place.bucket], 0, []byte(nil)
		if e.keys = place.keys; bucket == Jobs && place.next == nil {
			if err := e.rememberRuns(); err != nil {
				return err
			}
			place.keys = e.keys
		}
		r.Ascend(bucket, place.next, func(key, record []byte) bool {
			if looked == aboutSlice {
				next = bytes.Clone(key)
				return false
			}
			looked++
			about, err := e.about(bucket, record, erased)
			if err != nil {
				failed = damaged(bucket, key, err)
				return false
			}
			if about != nil && !s.isCopy(about.Input) {
				found = append(found, *about)
			}
			return true
		})
		if place.next = next; next == nil {
			place.bucket++
			if place.ended = place.bucket == len(aboutBuckets); place.ended {
				place.bucket = 0
			}
		}
		return failed
	})
	return found, err
}

// isCopy reports whether an input of a joined journal is a command that all parts take, and not the one of the first part.
func (s *Store) isCopy(j *engine.Journaled) bool {
	n := len(s.parts)
	return n > 0 && j != nil && j.Input.Origin != nil && j.Input.Origin.From == n && j.Seq%uint64(n) != 0
}

// about returns a record if it is about the person.
func (e *erasure) about(b Bucket, record []byte, erased string) (*About, error) {
	switch b {
	case Journal:
		j, err := decodeJournaled(record)
		if err != nil || !e.names(j.Input.Payload) && !e.ofTheirRun(j.Input.Payload) {
			return nil, err
		}
		if rows, ok := j.Input.Payload.(*engine.Rows); ok { // the other rows are about others
			own := *rows
			own.Rows = nil
			for _, row := range rows.Rows {
				if e.rowNames(row) {
					own.Rows = append(own.Rows, row)
				}
			}
			j.Input.Payload = &own
		}
		return &About{Input: j}, nil
	case Jobs, Proposals, Proposed:
		return e.mention(b, record)
	case Audit:
		a, err := decodeAudit(record)
		if err != nil || a.Profile != e.profile && (erased == "" || a.Erased != erased) {
			return nil, err
		}
		return &About{Audit: a}, nil
	}
	if b == Refusals {
		x, err := decodeRefusal(record)
		if err != nil || x.Profile != e.profile && !e.standsIn(x.Body) {
			return nil, err
		}
		return &About{Refusal: x}, nil
	}
	n, err := decodeNotice(record)
	if err != nil || n.Profile != e.profile {
		return nil, err
	}
	return &About{Notice: n}, nil
}

// ofTheirRun reports whether an input came for a run of the person.
func (e *erasure) ofTheirRun(payload engine.Payload) bool {
	var id engine.RunID
	switch p := payload.(type) {
	case *engine.SendResult:
		id = p.Run
	case *engine.FetchResult:
		id = p.Run
	case *engine.Receipt:
		id, _ = engine.ParseRunID(p.Ref.Run)
	default:
		return false
	}
	if e.runs == nil {
		e.runs = runsOf(e.r, e.profile)
	}
	if !e.runs[id] {
		return false
	}
	run, err := readRun(e.r, id)
	return err == nil && run != nil && run.Profile == e.profile
}

// runsOf returns the live and the ended runs of who has the hash of a person. Most inputs of a journal came for others, so this
// spares a read of the run of each.
func runsOf(r Reader, profile string) map[engine.RunID]bool {
	runs, hash := map[engine.RunID]bool{}, personHash(profile)
	r.Ascend(People, hash, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, hash) {
			return false
		}
		if len(key) == liveRunBytes || len(key) == pastRunBytes {
			runs[engine.RunID(key[len(key)-runIDBytes:])] = true
		}
		return true
	})
	return runs
}
