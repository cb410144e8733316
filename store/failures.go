package store

import (
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
