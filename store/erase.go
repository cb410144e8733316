package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nudge/channels"
	"nudge/engine"
)

// erasure is the progress of erasing a forgotten person. The work is split into slices,
// because data about a person may be anywhere among the ended runs and in the journal.
type erasure struct {
	profile string
	upTo    uint64 // later inputs belong to a new profile of the person
	stamp   engine.Instant
	next    []byte   // key of the next record to read
	done    int      // how many of the buckets in erasedBuckets are done
	keys    []runKey // of the person's runs, but for those of campaigns, whose key is that of many people
	allKeys bool     // they are more than maxErasedKeys

	r       Reader                // of the slice under way
	changes []engine.Change       // of its runs
	runs    map[engine.RunID]bool // that may be the person's; nil: not read yet. Only [Store.About] asks
}

// erasedBuckets are those in which data about a person may be anywhere, in the order in which they are
// read.
var erasedBuckets = [...]Bucket{Ended, Journal, Audit, Jobs, Proposals, Proposed, Notices, FailedNotices, EventTypes, Refusals, Campaigns, People}

func (e *erasure) fields(c *codec) {
	c.str(&e.profile)
	c.uint(&e.upTo)
	integer(c, &e.stamp)
	next := json.RawMessage(e.next)
	c.raw(&next)
	e.next = next
	integer(c, &e.done)
	list(c, &e.keys, func(c *codec, k *runKey) { c.str(&k.flow); c.str(&k.key) })
	c.bool(&e.allKeys)
	if e.done < 0 || e.done >= len(erasedBuckets) {
		c.fail()
		e.done = 0
	}
}

// eraseSlice is how many records one slice reads.
const eraseSlice = 2000

// Erase removes data about forgotten people from the next slice of the ended runs, of the
// journal, of the audit trail, of the notices, of the jobs, of the proposals, of the campaigns and of what arrived. It reports whether there is more to do. It removes the person, the instants
// and the content. The flow and the outcome of each run stay, and so do the counts.
func (s *Store) Erase() (more bool, err error) {
	var record []byte
	if err := s.kv.View(func(r Reader) error {
		r.Ascend(Erasures, nil, func(_, value []byte) bool {
			record = bytes.Clone(value)
			return false
		})
		return nil
	}); err != nil || record == nil {
		return false, err
	}
	e := &erasure{}
	if err := decode(record, erasureVersion, e.fields); err != nil {
		return false, damaged(Erasures, nil, err)
	}
	return true, s.kv.Update(func(w Writer) error {
		done, err := e.slice(w)
		if err != nil {
			return err
		}
		if done {
			return errors.Join(forgetQuarantined(w, e.profile), w.Delete(Erasures, personPrefix(e.profile)))
		}
		return w.Put(Erasures, personPrefix(e.profile), encode(erasureVersion, e.fields))
	})
}

// slice processes the next records. It returns done after the last ones.
func (e *erasure) slice(w Writer) (done bool, err error) {
	bucket := erasedBuckets[e.done]
	e.r = w
	if bucket == People {
		return e.eraseHistory(w)
	}
	var writes []write
	e.changes = nil
	looked := 0
	next := []byte(nil)
	w.Ascend(bucket, e.next, func(key, value []byte) bool {
		if looked == eraseSlice {
			next = bytes.Clone(key)
			return false
		}
		looked++
		if err = e.erase(w, bucket, key, value, func(x write) {
			x.number = uint32(len(writes))
			writes = append(writes, x)
		}); err != nil {
			err = damaged(bucket, key, err)
			return false
		}
		return true
	})
	if err == nil {
		slices.SortFunc(writes, inOrder)
		err = errors.Join(apply(w, writes), groupFailures(w, writes, e.changes))
	}
	if e.next = next; next != nil || err != nil {
		return false, err
	}
	if e.done == len(erasedBuckets)-1 {
		return true, nil
	}
	e.done++
	return false, nil
}

// erase adds the writes that remove the person from a record.
func (e *erasure) erase(w Writer, bucket Bucket, key, record []byte, add func(write)) error {
	switch bucket {
	case Audit:
		return e.eraseAudit(w, key, record, add)
	case Jobs:
		return e.eraseFromJob(key, record, add)
	case Proposals:
		return e.eraseProposal(key, record, add)
	case Proposed:
		return e.eraseProposed(key, record, add)
	case Notices, FailedNotices:
		n, err := decodeNotice(record)
		if err == nil && n.Profile == e.profile && n.At <= e.stamp {
			add(write{bucket: bucket, key: bytes.Clone(key), delete: true})
		}
		return err
	case EventTypes:
		return e.eraseEventType(key, record, add)
	case Refusals:
		return e.eraseRefusal(key, record, add)
	case Campaigns:
		return e.eraseCampaign(key, record, add)
	case Ended:
		run, err := decodeEnded(key, record)
		if err == nil && run.Profile == e.profile && run.Started() <= e.stamp {
			e.remember(run)
			c := engine.Change{Before: run, After: anonymous(run)}
			e.changes = append(e.changes, c)
			derive(c, add)
			add(write{bucket: People, key: peopleKey(run), delete: true})
			add(write{bucket: People, key: pastRunKey(run), delete: true})
		}
		return err
	}
	j, err := decodeJournaled(record)
	if err != nil || !e.isOld(j) {
		return err
	}
	if rows, ok := j.Input.Payload.(*engine.Rows); ok {
		e.keepNumbers(j, rows)
	}
	if e.forgets(j.Input) {
		add(write{bucket: bucket, key: bytes.Clone(key), value: encodeJournaled(j)})
	}
	return err
}

// keepNumbers notes which runs of an input began for the rows that are about to be erased: a replay of the journal must
// give the other rows the runs that they had. If no run of the input is left, each of its rows is taken to have begun one.
func (e *erasure) keepNumbers(j *engine.Journaled, rows *engine.Rows) {
	erased, some := map[string]bool{"": true}, false
	for _, row := range rows.Rows {
		if e.rowNames(row) {
			erased[row.Profile], some = true, true
		}
	}
	if !some {
		return
	}
	found := false
	gone := func(number int) {
		if !slices.Contains(rows.Gone, number) {
			rows.Gone = append(rows.Gone, number)
		}
	}
	e.r.Ascend(Runs, be(uint64(j.Stamp))[2:], func(key, _ []byte) bool {
		var id engine.RunID
		copy(id[:], key)
		if id.Time() != j.Stamp {
			return false
		}
		if id.Seq() != j.Seq {
			return true
		}
		found = true
		if run, err := readRun(e.r, id); err == nil && run != nil && erased[run.Profile] {
			gone(id.Ordinal())
		}
		return true
	})
	for i, row := range rows.Rows {
		if !found && e.rowNames(row) {
			gone(i)
		}
	}
}

// eraseCampaign erases the person from a campaign.
func (e *erasure) eraseCampaign(key, record []byte, add func(write)) error {
	f, err := decodeCampaign(record)
	if err == nil && e.unname(f) {
		add(write{bucket: Campaigns, key: bytes.Clone(key), value: encodeCampaign(f)})
	}
	return err
}

// unname takes the person out of those whom a campaign names, and reports whether they were there.
func (e *erasure) unname(f *engine.Campaign) (changed bool) {
	for i := range f.Named {
		if l := &f.Named[i]; l.Profile == e.profile && l.Seq <= e.upTo {
			l.Profile, changed = "", true
		}
	}
	return changed
}

// isOld reports whether an input belongs to what is to be forgotten, and not to a new profile of the
// person. The provider may report about an old run later.
func (e *erasure) isOld(j *engine.Journaled) bool {
	run := ""
	switch p := j.Input.Payload.(type) {
	case *engine.Receipt:
		run = p.Ref.Run
	case *engine.SendResult:
		return p.Run.Seq() <= e.upTo
	}
	id, err := engine.ParseRunID(run)
	return j.Seq <= e.upTo || err == nil && id.Seq() <= e.upTo
}

// anonymous returns a run without the person and the content; only its course is left, and which attempts were given up: a
// late receipt of one of them must not be taken for the next.
func anonymous(r *engine.Run) *engine.Run {
	left := &engine.Run{ID: r.ID, Flow: r.Flow, Version: r.Version, StartedBy: r.StartedBy, Status: r.Status,
		At: r.At, Outcome: r.Outcome, Goal: r.Goal, Ended: r.Ended, Depth: r.Depth, Campaign: r.Campaign, Replied: r.Replied, Dropped: r.Dropped, Arms: r.Arms, Retries: r.Retries}
	for _, m := range r.Messages {
		why := ""
		if m.Status == engine.Unsent {
			why = m.Reason // the engine chose this text, and campaigns count it
		}
		left.Messages = append(left.Messages, engine.Message{Number: m.Number, Step: m.Step, Status: m.Status, Attempt: m.Attempt,
			ByID: m.ByID, Accepted: m.Accepted, Resends: m.Resends, Planned: m.Planned, Order: m.Order, Posted: m.Posted, Reason: why, ReadAt: m.ReadAt, Replied: m.Replied, Goal: m.Goal})
	}
	for _, e := range r.Timeline {
		switch e.Kind {
		case engine.KindStarted, engine.KindEnded, engine.KindWaitEnded, engine.KindBranch, engine.KindRound:
		default:
			e.Detail = ""
		}
		left.Timeline = append(left.Timeline, e)
	}
	return left
}

// erasedProfile replaces the person in a receipt. Without a profile the receipt would count
// as the recipient's, whoever that is.
const erasedProfile = "-"

// forgets removes the person from an input, and reports whether the input named them.
func (e *erasure) forgets(in *engine.Input) bool {
	if !e.names(in.Payload) {
		return false
	}
	switch p := in.Payload.(type) {
	case *engine.Event:
		in.ID, in.Payload = "", &engine.Event{Type: p.Type, FanOut: p.FanOut.WithoutID()}
	case *engine.Receipt:
		if p.Profile == e.profile {
			p.Profile = erasedProfile
		}
		p.Conversation = ""
	case *engine.SendResult:
		p.Conversation = ""
	case *engine.FetchResult:
		p.JSON, p.Error = nil, ""
	case *engine.Reply:
		in.ID = ""
		p.Reply = channels.Reply{Answers: p.Answers, At: p.At}
	case *engine.ProfileChange:
		in.Payload = &engine.ProfileChange{Forget: p.Forget}
	case *engine.Call:
		if p.Data = nil; p.Profile == e.profile {
			in.Payload = &engine.Call{Flow: p.Flow, By: p.By}
		}
	case *engine.Rows:
		for i := range p.Rows {
			if e.rowNames(p.Rows[i]) {
				p.Rows[i] = engine.Row{}
			}
		}
	case *engine.Dequeue:
		in.Payload = &engine.Dequeue{Flow: p.Flow}
	case *engine.Quarantine:
		p.Profile = ""
	default:
		e.forgetsCommand(in.Payload)
	}
	return true
}

// forgetsCommand is forgets for the commands of operators.
func (e *erasure) forgetsCommand(payload engine.Payload) {
	switch p := payload.(type) {
	case *engine.Control:
		p.Only = slices.DeleteFunc(p.Only, func(id string) bool { return id == e.profile })
	case *engine.Cancel:
		p.Reason = e.withoutWord(p.Reason)
	case *engine.Retry:
		if p.Reason = e.withoutWord(p.Reason); p.Profile == e.profile {
			p.Profile = ""
		}
	case *engine.CampaignControl:
		p.Reason = e.withoutWord(p.Reason)
	case *engine.Note:
		if p.Profile == e.profile {
			p.Profile = ""
		}
		p.Reason = e.withoutWord(p.Reason)
		p.Before, _ = e.withoutAsked(p.Before)
		p.After, _ = e.withoutAsked(p.After)
	}
}

// names reports whether a payload names the person, or has something that only concerns them.
func (e *erasure) names(payload engine.Payload) bool {
	switch p := payload.(type) {
	case *engine.Event:
		return p.Profile == e.profile || e.standsIn(p.Data)
	case *engine.Receipt, *engine.SendResult, *engine.FetchResult:
		return e.runNames(payload)
	case *engine.Reply:
		return p.Profile == e.profile
	case *engine.ProfileChange:
		return p.Profile == e.profile
	case *engine.Call:
		return p.Profile == e.profile || e.standsIn(p.Data)
	case *engine.Rows:
		return slices.ContainsFunc(p.Rows, e.rowNames)
	case *engine.Dequeue:
		return p.Profile == e.profile || slices.Contains(p.Named, e.profile)
	case *engine.Quarantine:
		return p.Profile == e.profile
	}
	return e.commandNames(payload)
}

// runNames is names for what comes back from outside about a run.
func (e *erasure) runNames(payload engine.Payload) bool {
	switch p := payload.(type) {
	case *engine.Receipt:
		id, err := engine.ParseRunID(p.Ref.Run)
		return p.Profile == e.profile || p.Profile == "" && e.talks(p.Conversation) && (err != nil || e.maybeTheirs(id))
	case *engine.SendResult:
		return e.talks(p.Conversation) && e.maybeTheirs(p.Run)
	case *engine.FetchResult:
		return len(p.JSON)+len(p.Error) > 0 && (e.standsIn(p.JSON) || e.erasedRun(p.Run))
	}
	return false
}

// commandNames is names for the commands of operators.
func (e *erasure) commandNames(payload engine.Payload) bool {
	switch p := payload.(type) {
	case *engine.Control:
		return slices.Contains(p.Only, e.profile)
	case *engine.Cancel:
		return e.isWordOf(p.Reason)
	case *engine.Retry:
		return p.Profile == e.profile || e.isWordOf(p.Reason)
	case *engine.CampaignControl:
		return e.isWordOf(p.Reason)
	case *engine.Note:
		_, before := e.withoutAsked(p.Before)
		_, after := e.withoutAsked(p.After)
		return p.Profile == e.profile || e.isWordOf(p.Reason) || before || after
	}
	return false
}

func (e *erasure) rowNames(r engine.Row) bool { return r.Profile == e.profile || e.standsIn(r.Data) }

// talks reports whether the ID of a conversation ends with that of the person, as those that Nudge makes
// do. That of another person may end so, too.
func (e *erasure) talks(conversation string) bool {
	return strings.HasSuffix(conversation, "_"+e.profile) || strings.HasSuffix(conversation, "_"+strings.ReplaceAll(e.profile, " ", "_"))
}

// maybeTheirs reports whether a run may have been the person's: it is not known to be another's.
func (e *erasure) maybeTheirs(id engine.RunID) bool {
	run, err := readRun(e.r, id)
	return err != nil || run == nil || run.Profile == "" || run.Profile == e.profile
}

// erasedRun reports whether the person of a run was forgotten.
func (e *erasure) erasedRun(id engine.RunID) bool {
	run, err := readRun(e.r, id)
	return err == nil && run != nil && run.Profile == ""
}

// standsIn reports whether JSON has the person's ID as a text. It may be written with escapes there.
func (e *erasure) standsIn(raw []byte) bool {
	if bytes.Contains(raw, []byte(`"`+e.profile+`"`)) {
		return true
	}
	if !bytes.ContainsRune(raw, '\\') {
		return false
	}
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		switch token, err := d.Token(); {
		case err != nil:
			return false
		case token == e.profile:
			return true
		}
	}
}

// isWordOf reports whether the person's ID stands in a text, and not within a longer word.
func (e *erasure) isWordOf(text string) bool { return e.nextWord(text, 0) >= 0 }

// withoutWord is a text with another word wherever the person's ID stands.
func (e *erasure) withoutWord(text string) string {
	for at := e.nextWord(text, 0); at >= 0; at = e.nextWord(text, at+len(forgottenWord)) {
		text = text[:at] + forgottenWord + text[at+len(e.profile):]
	}
	return text
}

// nextWord returns where the person's ID stands next in a text, from a place on; -1 for nowhere.
func (e *erasure) nextWord(text string, from int) int {
	within := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for e.profile != "" {
		i := strings.Index(text[from:], e.profile)
		if i < 0 {
			break
		}
		at := from + i
		from = at + len(e.profile)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		if after, _ := utf8.DecodeRuneInString(text[from:]); !within(before) && !within(after) {
			return at
		}
	}
	return -1
}
