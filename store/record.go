package store

import (
	"nudge/channels"
	"nudge/engine"
)

// Versions of the encodings. A change of the fields takes the next number. The old version
// stays readable.
const (
	runVersion      = 1
	stateVersion    = 1
	journalVersion  = 1
	answerVersion   = 1
	flowVersion     = 1
	countsVersion   = 1
	personVersion   = 1
	erasureVersion  = 1
	campaignVersion = 1
	tallyVersion    = 1
	orphanVersion   = 1
	purgedVersion   = 1
	lostVersion     = 1
	auditVersion    = 'a' // unlike the others, as its key has the form of the journal's
	noticeVersion   = 'n'

	flowCountsVersion   = 'c' // its key begins as that of a version's counts
	jobVersion          = 'j'
	marksVersion        = 1
	searchVersion       = 1
	reforgetVersion     = 1
	movePlanVersion     = 1
	awayVersion         = 1
	historyVersion      = 'h'
	eventTypeVersion    = 'e'
	eventSeriesVersion  = 's'
	refusalVersion      = 'r'
	deployVersion       = 'd' // and so are the next two
	proposalVersion     = 'p'
	proposedVersion     = 'q'
	failureGroupVersion = 'f'
	flowHoursVersion    = 'w'
)

func encodeRun(r *engine.Run) []byte {
	return encode(runVersion, func(c *codec) { runFields(c, r) }, r.ID[:]...)
}

// decodeRun reads the record of the run whose ID is the key.
func decodeRun(key, record []byte) (*engine.Run, error) {
	r := new(engine.Run)
	if len(key) != runIDBytes {
		return nil, errDamaged
	}
	copy(r.ID[:], key)
	return r, decode(record, runVersion, func(c *codec) { runFields(c, r) }, key...)
}

// runFields describes a run. Rare fields are at the end, where an empty field takes no
// space.
func runFields(c *codec, r *engine.Run) {
	c.base = r.ID.Time()
	clock := instants{last: c.base}
	c.str(&r.Flow)
	c.str(&r.Version)
	c.str(&r.Profile)
	c.str(&r.Key)
	c.str(&r.StartedBy)
	c.raw(&r.Data)
	integer(c, &r.Status)
	integer(c, &r.At)
	list(c, &r.Timeline, func(c *codec, e *engine.Entry) { entryFields(c, e, &clock) })
	list(c, &r.Messages, func(c *codec, m *engine.Message) { messageFields(c, m, &clock) })
	clock.write(c, &r.Deadline)
	list(c, &r.Alarms, func(c *codec, a *engine.Alarm) { alarmFields(c, a, &clock) })
	list(c, &r.Waits, func(c *codec, w *engine.WaitEnd) {
		integer(c, &w.Step)
		c.str(&w.Outcome)
		integer(c, &w.Event)
		integer(c, &w.Reply)
	})
	clock.write(c, &r.Ended)
	c.str(&r.Outcome)
	c.bool(&r.Goal)
	if c.uint(&r.Campaign); r.Campaign != 0 {
		integer(c, &r.OwnTime)
	}
	c.bool(&r.Replied)
	signal := func(c *codec, h *engine.Signal) { signalFields(c, h, &clock) }
	list(c, &r.Signals, signal)
	integer(c, &r.Event)
	integer(c, &r.Reply)
	list(c, &r.Vars, func(c *codec, v *engine.Var) { c.str(&v.Name); c.raw(&v.Value) })
	list(c, &r.Mailbox, signal)
	askingFields(c, r, &clock)
	list(c, &r.Repeats, func(c *codec, l *engine.RepeatState) {
		integer(c, &l.Step)
		integer(c, &l.Round)
		clock.write(c, &l.Began)
		c.bool(&l.Endless)
	})
	list(c, &r.Collected, func(c *codec, x *engine.Collection) {
		integer(c, &x.Step)
		list(c, &x.Signals, integer[int])
	})
	fetchFields(c, r)
	c.bool(&r.Freed)
	integer(c, &r.Depth)
	childFields(c, r)
	droppedFields(c, r)
	integer(c, &r.Leaving)
	meanwhileFields(c, r, signal)
	traceFields(c, &r.Trace)
	standingFields(c, r, &clock)
}

// standingFields describes what only counts read.
func standingFields(c *codec, r *engine.Run, clock *instants) {
	for i := range r.Messages {
		m, has := &r.Messages[i], uint64(0)
		for bit, yes := range [...]bool{m.ReadAt != 0, m.Replied, m.Goal} {
			if yes {
				has |= 1 << bit
			}
		}
		c.uint(&has)
		if has&1 != 0 {
			clock.write(c, &m.ReadAt)
		}
		m.Replied, m.Goal = has&2 != 0, has&4 != 0
	}
	list(c, &r.Arms, func(c *codec, a *engine.ArmTaken) {
		integer(c, &a.Step)
		c.str(&a.Arm)
		integer(c, &a.After)
	})
	list(c, &r.Dropped.Sends, func(c *codec, s *engine.DroppedSends) {
		integer(c, &s.Number)
		integer(c, &s.Step)
		integer(c, &s.Status)
		c.str(&s.Reason)
		integer(c, &s.HandedOver)
		c.bool(&s.Replied)
		c.bool(&s.Goal)
		integer(c, &s.ReadIn)
		c.bool(&s.Out)
	})
	list(c, &r.Retries, func(c *codec, x *engine.Retried) { integer(c, &x.Message); integer(c, &x.Attempts) })
}

// fetchFields describes the fetch under way, and the answers to those before.
func fetchFields(c *codec, r *engine.Run) {
	integer(c, &r.FetchAttempt)
	integer(c, &r.FetchFirst)
	c.bool(&r.FetchPaused)
	list(c, &r.Fetched, func(c *codec, f *engine.Fetched) {
		integer(c, &f.Step)
		integer(c, &f.Status)
		c.raw(&f.JSON)
	})
}

// meanwhileFields describes the wait whose lines have dos, which few runs are in.
func meanwhileFields(c *codec, r *engine.Run, signal func(*codec, *engine.Signal)) {
	in := r.Meanwhile != nil
	if c.bool(&in); !in {
		return
	}
	if r.Meanwhile == nil {
		r.Meanwhile = new(engine.Meanwhile)
	}
	m := r.Meanwhile
	integer(c, &m.Step)
	list(c, &m.Taken, integer[int])
	integer(c, &m.Line)
	list(c, &m.Next, func(c *codec, p *engine.PendingDo) {
		integer(c, &p.Line)
		signal(c, &p.Signal)
	})
	integer(c, &m.Event)
	integer(c, &m.Reply)
}

// droppedFields describes what a run in a loop without times has let go, which few runs have.
// Only then messages have other numbers than their places.
func droppedFields(c *codec, r *engine.Run) {
	dropped := r.Dropped.Entries+r.Dropped.Calls > 0 || r.Newest() != len(r.Messages)
	if c.bool(&dropped); dropped {
		integer(c, &r.Dropped.Entries)
		integer(c, &r.Dropped.Calls)
	}
	for i := range r.Messages {
		if r.Messages[i].Number = max(r.Messages[i].Number, i+1); dropped {
			integer(c, &r.Messages[i].Number)
		}
	}
}

func alarmFields(c *codec, a *engine.Alarm, clock *instants) {
	clock.write(c, &a.At)
	signed(c, &a.Place)
	signed(c, &a.Line)
}

// askingFields describes a pending status check, which few runs have.
func askingFields(c *codec, r *engine.Run, clock *instants) {
	asks := r.StatusChecked != 0 || r.StatusCheck.Until != 0
	if c.bool(&asks); !asks {
		return
	}
	clock.write(c, &r.StatusChecked)
	clock.write(c, &r.StatusCheck.Until)
	list(c, &r.StatusCheck.Messages, integer[int])
	list(c, &r.StatusCheck.Held, func(c *codec, a *engine.Alarm) { alarmFields(c, a, clock) })
	c.bool(&r.StatusCheck.Busy)
	integer(c, &r.StatusCheck.Tries)
	c.bool(&r.StatusCheck.Failed)
}

// childFields describes the start step that waits for the run, which few runs have.
func childFields(c *codec, r *engine.Run) {
	child := r.Parent != (engine.RunID{})
	if c.bool(&child); child {
		c.bytes(r.Parent[:])
		integer(c, &r.ParentCall)
	}
}

func encodePerson(p *engine.Person) []byte {
	return encode(personVersion, func(c *codec) { personFields(c, p) })
}

func decodePerson(record []byte) (*engine.Person, error) {
	p := new(engine.Person)
	return p, decode(record, personVersion, func(c *codec) { personFields(c, p) })
}

func personFields(c *codec, p *engine.Person) {
	var clock instants
	c.str(&p.ID)
	c.raw(&p.Attributes)
	list(c, &p.OptOuts, (*codec).str)
	list(c, &p.Starts, func(c *codec, s *engine.Start) {
		c.str(&s.Flow)
		c.str(&s.Key)
		clock.write(c, &s.At)
		c.bool(&s.Reply)
	})
	capFields(c, &p.Caps, &p.Homes, &clock)
	list(c, &p.Queue, func(c *codec, q *engine.Queued) {
		c.str(&q.Flow)
		c.str(&q.Key)
		c.bool(&q.Called)
		signalFields(c, &q.Signal, &clock)
	})
	for i := range p.Queue { // at the end, so that a record from before they existed is read as well
		traceFields(c, &p.Queue[i].Trace)
	}
	for i := range p.Queue { // likewise
		optional(c, &p.Queue[i].Known, knownFields)
	}
}

// capFields describes the counted messages of a person, and where they lived then.
func capFields(c *codec, caps *[]engine.CapCount, homes *[]engine.Home, clock *instants) {
	list(c, caps, func(c *codec, s *engine.CapCount) {
		c.str(&s.Category)
		list(c, &s.At, clock.write)
	})
	list(c, homes, func(c *codec, h *engine.Home) {
		c.str(&h.Zone)
		clock.write(c, &h.Until)
	})
}

// knownFields describes what is known of a person of another partition.
func knownFields(c *codec, k *engine.Known) {
	var clock instants
	c.raw(&k.Attributes)
	capFields(c, &k.Caps, &k.Homes, &clock)
}

func entryFields(c *codec, e *engine.Entry, clock *instants) {
	clock.write(c, &e.At)
	integer(c, &e.Kind)
	signed(c, &e.Step)
	integer(c, &e.Message)
	integer(c, &e.Attempt)
	c.str(&e.Detail)
}

func messageFields(c *codec, m *engine.Message, clock *instants) {
	integer(c, &m.Step)
	integer(c, &m.Status)
	integer(c, &m.Attempt)
	integer(c, &m.Resends)
	clock.write(c, &m.Reached)
	clock.write(c, &m.Planned)
	c.uint(&m.Order)
	clock.write(c, &m.Posted)
	c.str(&m.Cap)
	c.bool(&m.Counted)
	c.str(&m.Reason)
	c.str(&m.ProviderID)
	c.str(&m.Conversation)
	c.str(&m.Account)
	c.bool(&m.ByID)
	c.bool(&m.Accepted)
}

func signalFields(c *codec, h *engine.Signal, clock *instants) {
	clock.write(c, &h.At)
	c.str(&h.Event)
	c.str(&h.Who)
	c.raw(&h.Data)
	c.str(&h.Text)
	c.str(&h.Conversation)
	integer(c, &h.Depth)
	c.bool(&h.Offered)
	c.str(&h.Unique)
}

func encodeState(s *engine.State) []byte {
	return encode(stateVersion, func(c *codec) { stateFields(c, s) })
}

func decodeState(record []byte) (s engine.State, err error) {
	err = decode(record, stateVersion, func(c *codec) { stateFields(c, &s) })
	return s, err
}

func stateFields(c *codec, s *engine.State) {
	c.bytes(s.Installation[:])
	c.uint(&s.Seq)
	integer(c, &s.Stamp)
	c.uint(&s.Derived)
	integer(c, &s.Outbound)
	list(c, &s.Only, (*codec).str)
	c.bool(&s.Killed)
	list(c, &s.Active, versionFields)
	list(c, &s.Schedules, func(c *codec, x *engine.Scheduled) {
		c.str(&x.Flow)
		integer(c, &x.Trigger)
		c.str(&x.Words)
		integer(c, &x.Next)
		integer(c, &x.Since)
		c.bytes(x.Installation[:])
	})
	list(c, &s.Open, (*codec).uint)
	list(c, &s.Firings, func(c *codec, x *engine.Firing) {
		c.uint(&x.Campaign)
		c.str(&x.Flow)
		c.str(&x.Version)
		c.str(&x.Key)
	})
	list(c, &s.Accounts, policyFields)
	integer(c, &s.Orphans)
	integer(c, &s.Down)
	c.bool(&s.Surveying)
	c.bytes(s.Surveyed[:])
	c.uint(&s.Forgot)
	integer(c, &s.Partition.Number) // this and what follows are left out of an installation that is not divided
	integer(c, &s.Partition.Of)
	list(c, &s.Owed, (*codec).uint)
	list(c, &s.Seen, (*codec).uint)
	list(c, &s.Former, func(c *codec, i *engine.Installation) { c.bytes(i[:]) })
}

func policyFields(c *codec, p *engine.AccountPolicy) {
	c.str(&p.Account)
	c.bool(&p.ByID)
	c.bool(&p.Verify)
	c.bool(&p.Asks)
}

func encodeOrphan(o *engine.Orphan) []byte {
	return encode(orphanVersion, func(c *codec) { orphanFields(c, o) })
}

func decodeOrphan(record []byte) (*engine.Orphan, error) {
	o := new(engine.Orphan)
	return o, decode(record, orphanVersion, func(c *codec) { orphanFields(c, o) })
}

func orphanFields(c *codec, o *engine.Orphan) {
	c.str(&o.ProviderID)
	integer(c, &o.Since)
	providerFields(c, &o.Receipt)
	c.str(&o.Receipt.Profile) // at the end, as in the journal
	c.str(&o.Receipt.Conversation)
}

func encodeAnswer(r *engine.Remembered) []byte {
	return encode(answerVersion, func(c *codec) { answerFields(c, r) })
}

func decodeAnswer(record []byte) (*engine.Remembered, error) {
	r := new(engine.Remembered)
	return r, decode(record, answerVersion, func(c *codec) { answerFields(c, r) })
}

func answerFields(c *codec, r *engine.Remembered) {
	c.str(&r.ID)
	integer(c, &r.Stamp)
	c.uint(&r.Digest)
	c.str(&r.Answer.ID)
	list(c, &r.Answer.Decisions, func(c *codec, d *engine.Decision) {
		c.str(&d.Flow)
		c.str(&d.Run)
		c.str((*string)(&d.Action))
		c.str(&d.Reason)
	})
	c.str(&r.Answer.Ignored)
	c.str(&r.Answer.DidYouMean)
}

func refFields(c *codec, r *channels.Ref) {
	c.str(&r.Installation)
	c.str(&r.Run)
	integer(c, &r.Message)
	integer(c, &r.Attempt)
}
