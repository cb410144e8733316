package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"nudge/engine"
)

// Failure is what went wrong with a run: the run itself, or one of its messages. Runs with the same one are a group. What the
// rules hold back (opted_out, capped, outbound) and what is skipped is no failure.
type Failure struct {
	Flow, Version string
	Step          int    // index in the version; engine.NoStep for none
	Message       bool   // a message failed; otherwise the run did
	Status        string // the outcome of the run, or the status of the message
	Reason        string // with # in place of numbers, so that failures which differ in them are one group
}

// FailureID is a hash of a failure: the first part of the keys of its runs.
type FailureID [8]byte

// ParseFailureID reads the text form.
func ParseFailureID(text string) (id FailureID, ok bool) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(id) {
		return id, false
	}
	return FailureID(raw), true
}

// String is the text form: hexadecimal digits.
func (id FailureID) String() string { return hex.EncodeToString(id[:]) }

// ID is the hash.
func (f *Failure) ID() (id FailureID) {
	step := binary.AppendVarint(nil, int64(f.Step))
	what := byte(0)
	if f.Message {
		what = 1
	}
	sum := sha256.Sum256(append(append(sized(sized(sized(sized(nil, f.Flow), f.Version), f.Status), f.Reason), step...), what))
	copy(id[:], sum[:])
	return id
}

// FailuresOf returns what went wrong with a run, each once.
func FailuresOf(r *engine.Run) (all []Failure) {
	add := func(f Failure) {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	if r.Outcome == engine.OutcomeFailed || r.Outcome == engine.OutcomeQuarantined {
		step, why := whyFailed(r)
		add(Failure{r.Flow, r.Version, step, false, r.Outcome, grouped(why)})
	}
	for i := range r.Messages {
		if m := &r.Messages[i]; messageFailed(m) {
			add(Failure{r.Flow, r.Version, m.Step, true, m.Status.String(), grouped(m.Reason)})
		}
	}
	return all
}

func messageFailed(m *engine.Message) bool {
	return m.Status == engine.Failed || m.Status == engine.Expired || m.Status == engine.Unsent && slices.Contains(engine.RetriedReasons, m.Reason)
}

// whyFailed returns the step at which a run failed, and why.
func whyFailed(r *engine.Run) (step int, why string) {
	for i := len(r.Timeline) - 1; i >= 0; i-- {
		if e := &r.Timeline[i]; e.Kind == engine.KindError || e.Kind == engine.KindQuarantined {
			return e.Step, e.Detail
		}
	}
	return engine.NoStep, ""
}

// maxGroupedReason is how many bytes of a reason tell one group of failures from another; the rest of it is left out.
const maxGroupedReason = 160

// grouped is a reason with # in place of numbers, and shortened.
func grouped(reason string) string {
	if strings.ContainsAny(reason, "0123456789") {
		var b strings.Builder
		digits := false
		for _, c := range reason {
			if now := c >= '0' && c <= '9'; !now {
				b.WriteRune(c)
				digits = false
			} else if !digits {
				b.WriteByte('#')
				digits = true
			}
		}
		reason = b.String()
	}
	for n := maxGroupedReason; len(reason) > maxGroupedReason; n-- {
		if utf8.RuneStart(reason[n]) {
			reason = reason[:n]
		}
	}
	return reason
}

// failureEntries adds the entries of what went wrong with a run: one for each group of failures, and one that stays the same
// while the groups change. A run without a failure costs one look at its messages.
func failureEntries(r *engine.Run, add func(write)) {
	failed := r.Outcome == engine.OutcomeFailed || r.Outcome == engine.OutcomeQuarantined
	for i := 0; i < len(r.Messages) && !failed; i++ {
		failed = messageFailed(&r.Messages[i])
	}
	if !failed {
		return
	}
	add(write{bucket: FailedRuns, key: r.ID[:]})
	for _, f := range FailuresOf(r) {
		id := f.ID()
		add(write{bucket: Failures, key: append(id[:], r.ID[:]...)})
	}
}

const failureKeyBytes = len(FailureID{}) + runIDBytes

// FailureGroup is the runs with the same failure.
type FailureGroup struct {
	ID      FailureID
	Failure Failure
	Runs    int         // that have it, of those that are kept
	AtLeast bool        // there are more
	Newest  *engine.Run // the one that started last
	At      engine.Instant
}

const (
	// maxFailureGroups is how many groups of failures one answer can have; the smaller hashes come first, and the answer says that there
	// are more.
	maxFailureGroups = 1000
	// maxFailureEntries is how many failures are counted for one answer; a group with more than what is left of them shows
	// "at least".
	maxFailureEntries = 100_000
)

// FailureGroups returns the groups of failures that want accepts, those with the newest failures first. More means that there may be further
// groups.
func (s *Store) FailureGroups(want func(*Failure) bool) (groups []*FailureGroup, more bool, err error) {
	left := maxFailureEntries
	err = s.kv.View(func(r Reader) error {
		seen := 0
		for from := []byte(nil); ; {
			id, ok := nextGroup(r, from)
			if !ok {
				return nil
			}
			if seen++; seen > maxFailureGroups {
				more = true
				return nil
			}
			g, err := readGroup(r, id, want, &left)
			if err != nil {
				return err
			}
			if g != nil {
				groups = append(groups, g)
			}
			from = append(bytes.Clone(id[:]), bytes.Repeat([]byte{0xff}, runIDBytes+1)...)
		}
	})
	slices.SortStableFunc(groups, func(x, y *FailureGroup) int {
		switch {
		case x.At > y.At:
			return -1
		case x.At < y.At:
			return 1
		}
		return bytes.Compare(x.ID[:], y.ID[:])
	})
	return groups, more, err
}

// nextGroup returns the first group from a key on.
func nextGroup(r Reader, from []byte) (id FailureID, ok bool) {
	r.Ascend(Failures, from, func(key, _ []byte) bool {
		if ok = len(key) == failureKeyBytes; ok {
			copy(id[:], key)
		}
		return false
	})
	return id, ok
}

// readGroup reads a group: its newest run that can be read, and how many there are. It is nil if it is not wanted.
func readGroup(r Reader, id FailureID, want func(*Failure) bool, left *int) (g *FailureGroup, err error) {
	after := append(bytes.Clone(id[:]), bytes.Repeat([]byte{0xff}, runIDBytes+1)...)
	r.Descend(Failures, after, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, id[:]) {
			return false
		}
		if g == nil {
			g = newestOf(r, id, key)
			return g == nil || want(&g.Failure)
		}
		if *left--; *left < 0 {
			g.AtLeast = true
			return false
		}
		g.Runs++
		return true
	})
	if g == nil || !want(&g.Failure) {
		return nil, nil
	}
	return g, nil
}

// newestOf reads the run of an entry; nil if it cannot be read.
func newestOf(r Reader, id FailureID, key []byte) *FailureGroup {
	run, err := runOfKey(r, key)
	if err != nil || run == nil {
		return nil
	}
	for _, f := range FailuresOf(run) {
		if f.ID() == id {
			return &FailureGroup{ID: id, Failure: f, Runs: 1, Newest: run, At: failedAt(run, &f)}
		}
	}
	return nil
}

// runOfKey reads the run to which an entry leads; nil if there is none.
func runOfKey(r Reader, key []byte) (*engine.Run, error) {
	id, err := runAt(key)
	if err != nil {
		return nil, damaged(Failures, key, err)
	}
	return readRun(r, id)
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
