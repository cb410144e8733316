package engine

import (
	"fmt"
	"maps"

	"nudge/channels"
	"nudge/flows"
	"nudge/lang/shape"
)

// Sight looks at one run as the engine does, for people who read about it. It changes nothing, and decides nothing.
type Sight struct {
	a *applier
	r pinned
}

// Look returns a sight of a run at an instant, with its version and what is known of its person; nil for nothing.
func Look(r *Run, f *flows.Flow, p *Person, now Instant) (*Sight, error) {
	e, err := New(State{Stamp: now}, []*flows.Flow{f})
	if err != nil {
		return nil, err
	}
	loaded := &Loaded{Runs: []*Run{r}}
	if p != nil {
		loaded.People = []*Person{p}
	}
	ws := NewWorkingSet(&Needs{Runs: []RunID{r.ID}, People: []string{r.Profile}}, loaded)
	return &Sight{&applier{e: e, ws: ws, in: &Input{Payload: &Note{}}, now: now}, pinned{r, f}}, nil
}

// Awaited is one line that a live run looks out for.
type Awaited struct {
	Place int         // index of the wait, collect or repeat; AtExits for the flow's exits
	Line  *flows.Line // what it looks out for, and what follows
	At    Instant     // when its timer is due; 0 for a line without one, or whose timer is over
	Held  bool        // its timer is due and waits until the provider has said how a message stands
	Reads []flows.Read
	Holds bool // its condition is true at present; true without one
}

// Awaits returns the lines that the run looks out for, in the order in which they are asked.
func (s *Sight) Awaits() (all []Awaited) {
	if !s.r.Live() || s.r.Status == Parked {
		return nil
	}
	scope := s.a.scope(s.r)
	for _, w := range s.r.watches().All() {
		for i := range w.Lines {
			line := &w.Lines[i]
			one := Awaited{Place: w.Place, Line: line, Holds: true}
			for _, x := range s.r.Alarms {
				if x.Place == w.Place && x.Line == i {
					one.At = x.At
				}
			}
			for _, x := range s.r.StatusCheck.Held {
				if x.Place == w.Place && x.Line == i {
					one.At, one.Held = x.At, true
				}
			}
			if line.If != nil {
				one.Reads = line.If.Reads(scope)
				ok, err := truth(line.If, scope)
				one.Holds = ok && err == nil
			}
			all = append(all, one)
		}
	}
	return all
}

// Next says what else wakes the run, and when; nothing and 0 for nothing.
func (s *Sight) Next() (what string, at Instant) {
	r := s.r
	switch {
	case !r.Live():
		return "", 0
	case r.Status == Parked:
		return "it begins, at the person's own time", r.Deadline
	case r.StatusCheck.Until != 0:
		return "the provider says how a message stands, or the time for that is over", r.StatusCheck.Until
	case r.Status == Fetching && r.FetchPaused:
		return r.step().ID + " is fetched again", r.alarmOf(AtMessage)
	case r.Status == Fetching:
		return r.step().ID + " is answered, or counts as lost", r.alarmOf(AtMessage)
	case r.Status == Sending:
		return s.nextOf(r.current())
	}
	switch s.r.step().Verb {
	case flows.VerbRepeat:
		return "the next round of " + r.step().ID + " begins, or the repeat ends", s.roundEnds()
	case flows.VerbStart:
		return "the run that " + r.step().ID + " has called ends", 0
	}
	return "", 0
}

func (s *Sight) roundEnds() Instant {
	for _, x := range s.r.Alarms {
		if x.Place == s.r.At && x.Line == roundAlarm {
			return x.At
		}
	}
	return 0
}

// nextOf says what becomes of the message on which the run is parked.
func (s *Sight) nextOf(m *Message) (what string, at Instant) {
	name := fmt.Sprintf("message %d", m.Number)
	at = s.r.alarmOf(AtMessage)
	switch m.Status {
	case Planned:
		if what = name + " goes out when a sender is free"; at != 0 {
			what += ", or is too late"
		}
	case Held:
		what = name + " is looked at again (" + m.Reason + ")"
	case Retrying:
		what = name + " is sent again, as the provider deferred it"
	case Claimed:
		what = "the provider answers to " + name
	case Unknown:
		what = "a webhook proves " + name + ", or on_unknown: " + s.unknownPolicy(m) + " decides"
	}
	return what, at
}

func (s *Sight) unknownPolicy(m *Message) string {
	switch s.r.sendOf(m).OnUnknown {
	case flows.OnUnknownResend:
		return "resend"
	case flows.OnUnknownFail:
		return "fail"
	}
	return "continue"
}

// Render renders a message again, of the run's version and of what is known at present: the profile and the variables may have
// changed since it went out. A link to the person's preferences is only a mark.
func (s *Sight) Render(number int) (m channels.Message, err error) {
	of := s.r.Message(number)
	if of == nil || of.Step < 0 || of.Step >= len(s.r.flow.Steps) || s.r.flow.Steps[of.Step].Send == nil {
		return m, fmt.Errorf("version %s has no such step any more", s.r.flow.Version)
	}
	before := s.r.without(number)
	return s.r.sendOf(of).Message.Render(s.r.Profile, s.a.renderScope(before, of))
}

// Saw is what a condition read when it was asked: only what cannot have changed since.
type Saw struct {
	Condition *flows.Expr
	Holds     bool
	Reads     []flows.Read
	Unknown   []string // paths whose values of then are not in the record
}

// Saw returns the conditions that led to an entry of the timeline: those of a branch up to the arm taken, and that of a step which was
// skipped. It returns none for an entry from before the run came to its version.
func (s *Sight) Saw(entry int) (all []Saw) {
	e := &s.r.Timeline[entry]
	if e.Step < 0 || e.Step >= len(s.r.flow.Steps) {
		return nil
	}
	later := map[Kind]bool{}
	for _, x := range s.r.Timeline[entry+1:] {
		later[x.Kind] = true
	}
	if later[KindMoved] || later[KindRetried] {
		return nil
	}
	scope := s.a.scope(s.r)
	step := &s.r.flow.Steps[e.Step]
	switch e.Kind {
	case KindSkipped:
		if step.If != nil {
			all = append(all, s.saw(step.If, scope, later))
		}
	case KindBranch:
		for i := range step.Branch {
			if arm := &step.Branch[i]; arm.If != nil {
				saw := s.saw(arm.If, scope, later)
				saw.Holds = arm.As == e.Detail
				all = append(all, saw)
			}
			if step.Branch[i].As == e.Detail {
				break
			}
		}
	}
	return all
}

func (s *Sight) saw(cond *flows.Expr, scope map[string]any, later map[Kind]bool) Saw {
	saw := Saw{Condition: cond}
	saw.take(scope, func(root string) bool {
		return root == flows.NameData || root == flows.NameRun || root == flows.NameVars && !later[KindSet]
	})
	return saw
}

// take divides what the condition reads into what is known by its first name, and what is not.
func (s *Saw) take(scope map[string]any, known func(root string) bool) {
	for _, read := range s.Condition.Reads(scope) {
		root := read.Path
		for i, c := range root {
			if c == '.' || c == '[' {
				root = root[:i]
				break
			}
		}
		if known(root) {
			s.Reads = append(s.Reads, read)
		} else {
			s.Unknown = append(s.Unknown, read.Path)
		}
	}
}

// SawEvent is what the condition of a trigger read of an event by which it was false. What was known of the person
// then is not in the record.
func SawEvent(f *flows.Flow, t *flows.Trigger, ev *Event, at Instant) (Saw, error) {
	data, err := ev.decode(f)
	if err != nil {
		return Saw{}, err
	}
	return sawBefore(f, t.If, map[string]any{flows.NameEvent: data, flows.NameNow: shape.TimeOf(at.Time())}, at), nil
}

// SawRow is what a condition of a campaign read of a row by which it was false. What was known of the person then, and
// of the event of the campaign, is not in the record.
func SawRow(f *flows.Flow, cond *flows.Expr, row *Row, at Instant) Saw {
	return sawBefore(f, cond, map[string]any{flows.NameData: object(f.Data, row.Data), flows.NameNow: shape.TimeOf(at.Time())}, at)
}

// sawBefore is what a condition read before there was a run, as far as it is known.
func sawBefore(f *flows.Flow, cond *flows.Expr, known map[string]any, at Instant) Saw {
	scope := map[string]any{flows.NameEvent: noEvent, flows.NameData: noEvent, flows.NameProfile: noEvent, flows.NameToday: todayOf(f.Categories, &Person{}, f, at)}
	maps.Copy(scope, known)
	saw := Saw{Condition: cond}
	saw.take(scope, func(root string) bool { return known[root] != nil })
	return saw
}
