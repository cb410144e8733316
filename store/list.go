package store

import (
	"bytes"
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// RunFilter selects runs. An empty field matches every run.
type RunFilter struct {
	Flow          string         `json:"flow,omitempty"`           // of this flow
	Version       string         `json:"version,omitempty"`        // of this version of it
	Profile       string         `json:"profile,omitempty"`        // of this person
	Key           string         `json:"key,omitempty"`            // with this key
	Status        string         `json:"status,omitempty"`         // live or ended
	Outcome       string         `json:"outcome,omitempty"`        // ended with this outcome
	Step          string         `json:"step,omitempty"`           // that stand at this step, or stood there at their end; with message_status or reason: whose message of this step is so
	Line          string         `json:"line,omitempty"`           // in which a wait, a collect, a repeat or a start ended with this line: its outcome, or STEP/OUTCOME
	Arm           string         `json:"arm,omitempty"`            // that took this arm of a branch or a split: its name, or STEP/NAME
	MessageStatus string         `json:"message_status,omitempty"` // with a message of this status
	Reason        string         `json:"reason,omitempty"`         // with a message that has this reason, or that failed for it; # stands for any number
	Failure       string         `json:"failure,omitempty"`        // of this group of failures, as GET /v1/runs/failures names it
	Campaign      string         `json:"campaign,omitempty"`       // of this campaign
	StartedFrom   engine.Instant `json:"started_from,omitzero"`    // that started then or later
	StartedBefore engine.Instant `json:"started_before,omitzero"`  // that started before
	EndedFrom     engine.Instant `json:"ended_from,omitzero"`      // that ended then or later
	EndedBefore   engine.Instant `json:"ended_before,omitzero"`    // that ended before

	CampaignNumber uint64 `json:"campaign_number,omitempty"` // of Campaign; 0: of any
}

// ended reports whether only ended runs can match.
func (f *RunFilter) ended() bool {
	return f.Status == "ended" || f.Outcome != "" || f.EndedFrom != 0 || f.EndedBefore != 0
}

// Query selects the runs of a list.
type Query struct {
	RunFilter
	Before engine.RunID // only runs that started before this one; zero for the newest
	Limit  int          // runs to return: 1 to MaxPage
	Look   int          // runs to look at for them: 1 to MaxLook; 0 for MaxLook
}

const (
	// MaxPage is how many runs or campaigns one page of a list may have, by `limit`; a larger
	// `limit` is refused with 400.
	MaxPage = 500
	// MaxLook is how many runs are looked at for one page at most, by `look`; the page ends there, and its `next`
	// continues.
	MaxLook = 20_000
)

// Page is one page of a list, newest run first.
type Page struct {
	Runs []*engine.Run
	// Next is where the next page begins (Query.Before), zero when there is none. A page
	// may be empty and still have a next one, because a page reads a limited number of
	// runs.
	Next engine.RunID
	// Looked is how many runs were looked at, and Last the last one of them.
	Looked int
	Last   engine.RunID
	// Damaged are runs of the page whose records cannot be read.
	Damaged []engine.RunID
}

// List returns a page of runs.
func (s *Store) List(q Query) (page Page, err error) {
	q.Limit = min(max(q.Limit, 1), MaxPage)
	if q.Look <= 0 || q.Look > MaxLook {
		q.Look = MaxLook
	}
	l := &listing{Query: q, page: &page, flows: map[engine.FlowVersion]*flows.Flow{}}
	err = s.kv.View(func(r Reader) error {
		l.r = r
		l.walk()
		return l.failed
	})
	return page, err
}

// listing is a page that is being read.
type listing struct {
	Query
	r      Reader
	page   *Page
	flows  map[engine.FlowVersion]*flows.Flow // of the runs so far
	failed error
}

// walk reads the runs by the shortest way to them.
func (l *listing) walk() {
	group, ok := ParseFailureID(l.Failure)
	switch {
	case ok:
		l.under(Failures, group[:])
	case l.Failure != "":
	case l.CampaignNumber != 0:
		l.under(CampaignRuns, be(l.CampaignNumber))
	case l.Profile != "" && l.Status == "live":
		l.under(People, personHash(l.Profile))
	case l.Key != "" && l.Status == "live":
		l.withKey()
	case l.Profile == "" || !l.ofPerson():
		l.r.Descend(Runs, l.before(), l.look)
	}
}

// before returns the key before which the page begins; nil for the newest run.
func (l *listing) before() []byte {
	before := l.Before
	if l.StartedBefore != 0 {
		var from engine.RunID
		copy(from[:], be(uint64(l.StartedBefore))[2:])
		if before == (engine.RunID{}) || from.Compare(before) < 0 {
			before = from
		}
	}
	if before == (engine.RunID{}) {
		return nil
	}
	return before[:]
}

// under reads the runs whose entries have a prefix before their IDs.
func (l *listing) under(b Bucket, prefix []byte) {
	before := append(bytes.Clone(prefix), bytes.Repeat([]byte{0xff}, runIDBytes)...)
	if run := l.before(); run != nil {
		before = append(bytes.Clone(prefix), run...)
	}
	l.r.Descend(b, before, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		return len(key) != len(prefix)+runIDBytes || l.lookAt(key[len(prefix):])
	})
}

// lookAt is look for a run that an entry leads to.
func (l *listing) lookAt(run []byte) bool {
	record := l.r.Get(Runs, run)
	return record == nil || l.look(run, record)
}

// these looks at some runs, in any order.
func (l *listing) these(runs []engine.RunID) {
	slices.SortFunc(runs, func(a, b engine.RunID) int { return b.Compare(a) })
	before := l.before()
	for _, id := range runs {
		if before != nil && bytes.Compare(id[:], before) >= 0 {
			continue
		}
		if !l.lookAt(id[:]) {
			return
		}
	}
}

// withKey reads the live runs with a key: of every flow, or of the one that is wanted.
func (l *listing) withKey() {
	flow, all := l.Flow, []engine.RunID(nil)
	for from := sized(nil, flow); ; {
		if l.Flow == "" {
			if flow = nextFlow(l.r, from); flow == "" {
				break
			}
		}
		prefix := keyPrefix(engine.FlowKey{Flow: flow, Key: l.Key})
		l.r.Ascend(Keys, prefix, func(key, _ []byte) bool {
			if bytes.HasPrefix(key, prefix) {
				all = append(all, engine.RunID(key[len(prefix):]))
			}
			return bytes.HasPrefix(key, prefix) && len(all) < l.Look
		})
		if l.Flow != "" {
			break
		}
		from = append(sized(nil, flow), 0xff, 0xff) // no key is as long
	}
	l.these(all)
}

// nextFlow is the first flow from a key on of which a live run has a key; empty for none.
func nextFlow(r Reader, from []byte) (flow string) {
	r.Ascend(Keys, from, func(key, _ []byte) bool {
		flow, _, _ = unsized(key)
		return false
	})
	return flow
}

// ofPerson reads the runs of a person, live and ended. It reads nothing and returns false if they have too many entries: these are in
// the order of their ends, and a list is in that of their starts.
func (l *listing) ofPerson() bool {
	var all []engine.RunID
	prefix, looked := personHash(l.Profile), 0
	l.r.Ascend(People, prefix, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		if len(key) == liveRunBytes || len(key) == pastRunBytes {
			all = append(all, engine.RunID(key[len(key)-runIDBytes:]))
		}
		looked++
		return looked <= l.Look
	})
	if looked > l.Look {
		l.Look /= 2 // the entries were looked at, too
		return false
	}
	l.these(all)
	return true
}

// look takes a run into the page if it matches. It returns false at the end of the page.
func (l *listing) look(key, record []byte) bool {
	p := l.page
	if len(p.Runs) == l.Limit || p.Looked == l.Look {
		p.Next = p.Last
		return false
	}
	if copy(p.Last[:], key); l.StartedFrom != 0 && p.Last.Time() < l.StartedFrom {
		return false
	}
	p.Looked++
	if ended := isSign(record); ended && l.Status == "live" || !ended && l.ended() {
		return true
	}
	run, err := runOf(l.r, key, record)
	if err != nil {
		p.Damaged = append(p.Damaged, p.Last)
		return true
	}
	matches, err := l.matches(run)
	if err != nil {
		l.failed = err
		return false
	}
	if matches {
		p.Runs = append(p.Runs, run)
	}
	return true
}

// matches reports whether the filter selects a run. It reads the run's version if that is needed.
func (l *listing) matches(r *engine.Run) (bool, error) {
	if !l.RunFilter.fits(r) {
		return false, nil
	}
	if l.Step == "" && l.Line == "" && l.Arm == "" {
		return l.RunFilter.hasMessage(r, nil), nil
	}
	f, err := l.flowOf(r)
	return err == nil && l.RunFilter.inFlow(r, f), err
}

// flowOf returns the version of a run; nil if it is not there.
func (l *listing) flowOf(r *engine.Run) (f *flows.Flow, err error) {
	v := engine.FlowVersion{Flow: r.Flow, Version: r.Version}
	f, known := l.flows[v]
	if known {
		return f, nil
	}
	if record := l.r.Get(Versions, versionKey(v)); record != nil {
		if f, err = decodeFlow(record); err != nil {
			return nil, damaged(Versions, versionKey(v), err)
		}
	}
	l.flows[v] = f
	return f, nil
}

// Matches reports whether the filter selects a run of a version; nil if the version is not there.
func (f *RunFilter) Matches(r *engine.Run, version *flows.Flow) bool {
	if !f.fits(r) || f.Failure != "" && !slices.ContainsFunc(FailuresOf(r), func(x Failure) bool { return x.ID().String() == f.Failure }) {
		return false
	}
	if f.Step == "" && f.Line == "" && f.Arm == "" {
		return f.hasMessage(r, nil)
	}
	return f.inFlow(r, version)
}

// fits looks at everything for which the version is not needed.
func (f *RunFilter) fits(r *engine.Run) bool {
	switch started := r.Started(); {
	case f.Flow != "" && f.Flow != r.Flow, f.Version != "" && f.Version != r.Version, f.Profile != "" && f.Profile != r.Profile, f.Key != "" && f.Key != r.Key,
		f.Status == "live" && !r.Live(), f.ended() && r.Live(), f.Outcome != "" && f.Outcome != r.Outcome,
		f.CampaignNumber != 0 && f.CampaignNumber != r.Campaign, started < f.StartedFrom, f.StartedBefore != 0 && started >= f.StartedBefore,
		r.Ended < f.EndedFrom, f.EndedBefore != 0 && r.Ended >= f.EndedBefore:
		return false
	}
	return true
}

// inFlow looks at what the version of the run is needed for.
func (f *RunFilter) inFlow(r *engine.Run, version *flows.Flow) bool {
	at := func(step int) string {
		if version == nil || step < 0 || step >= len(version.Steps) {
			return ""
		}
		return version.Steps[step].ID
	}
	took := func(name string, arm bool) bool {
		return slices.ContainsFunc(r.Waits, func(w engine.WaitEnd) bool {
			if version == nil || w.Step < 0 || w.Step >= len(version.Steps) {
				return false
			}
			verb := version.Steps[w.Step].Verb
			return (verb == flows.VerbBranch || verb == flows.VerbSplit) == arm && w.Outcome != "" && (name == w.Outcome || name == at(w.Step)+"/"+w.Outcome)
		})
	}
	if f.Line != "" && !took(f.Line, false) || f.Arm != "" && !took(f.Arm, true) {
		return false
	}
	if f.Step != "" && f.MessageStatus == "" && f.Reason == "" {
		return f.Step == at(r.At)
	}
	return f.hasMessage(r, at)
}

// hasMessage reports whether a message has the status and the reason, or the run failed for the reason. Step names tell which
// steps are meant; nil: all.
func (f *RunFilter) hasMessage(r *engine.Run, at func(int) string) bool {
	if f.MessageStatus == "" && f.Reason == "" {
		return true
	}
	here := func(step int) bool { return f.Step == "" || at != nil && at(step) == f.Step }
	if f.MessageStatus == "" && (r.Outcome == engine.OutcomeFailed || r.Outcome == engine.OutcomeQuarantined) {
		if step, why := whyFailed(r); here(step) && sameReason(f.Reason, why) {
			return true
		}
	}
	return slices.ContainsFunc(r.Messages, func(m engine.Message) bool {
		return (f.MessageStatus == "" || f.MessageStatus == m.Status.String()) && (f.Reason == "" || sameReason(f.Reason, m.Reason)) && here(m.Step)
	})
}

// sameReason reports whether a reason is the wanted one, as it is or as groups of failures show it.
func sameReason(wanted, reason string) bool {
	return wanted == reason || wanted == grouped(reason)
}

// Entries calls visit with the journal from the given number on, in order, until visit
// returns false.
func (s *Store) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	return s.kv.View(func(r Reader) error {
		var failed error
		r.Ascend(Journal, be(from), func(key, value []byte) bool {
			var j *engine.Journaled
			if j, failed = decodeJournaled(value); failed != nil {
				failed = damaged(Journal, key, failed)
				return false
			}
			return visit(j)
		})
		return failed
	})
}

// LastInput returns the number of the last input that the journal has; 0 if it has none.
func (s *Store) LastInput() (number uint64, err error) {
	err = s.kv.View(func(r Reader) error {
		r.Descend(Journal, nil, func(key, _ []byte) bool {
			number = lastNumber(key)
			return false
		})
		return nil
	})
	return number, err
}

// EntriesAfter calls visit with the journal behind the input with a number, in order, until visit returns false; 0 stands for its
// beginning. In a joined store numbers do not rise with time, so only this reads on from an input.
func (s *Store) EntriesAfter(number uint64, visit func(*engine.Journaled) bool) error {
	return s.Entries(number, func(j *engine.Journaled) bool { return j.Seq == number || visit(j) })
}
