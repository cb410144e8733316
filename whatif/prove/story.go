package prove

import (
	"slices"
	"time"

	"nudge/flows"
)

// Move is one thing that happens in a story, in the order in which things happen.
type Move struct {
	At      int64    `json:"at"` // milliseconds after the start of the run
	Kind    MoveKind `json:"kind"`
	Step    string   `json:"step,omitempty"`    // the step it is about
	Message string   `json:"message,omitempty"` // the template of a message
	Event   string   `json:"event,omitempty"`
	By      string   `json:"by,omitempty"`    // of an event: nobody, or empty for the person
	Needs   []Need   `json:"needs,omitempty"` // what must be true of it, or be false
	Outcome string   `json:"outcome,omitempty"`
	Goal    bool     `json:"goal,omitempty"`

	Data map[string]any `json:"data,omitempty"` // of an event: what the needs ask for, where that can be told
	Text string         `json:"text,omitempty"` // of a reply, likewise

	odd string // why a test may be unable to do so
}

// MoveKind is a kind of move.
type MoveKind string

const (
	MoveStart      MoveKind = "start"       // what the run begins with
	MoveMessage    MoveKind = "message"     // a message goes out
	MoveHeldBack   MoveKind = "unsent"      // a message is held back
	MoveRefused    MoveKind = "refused"     // the provider does not take the message
	MoveDelivered  MoveKind = "delivered"   // receipts
	MoveRead       MoveKind = "read"        //
	MoveFailed     MoveKind = "failed"      //
	MoveReply      MoveKind = "reply"       // the person replies
	MoveEvent      MoveKind = "event"       // an event comes
	MoveProfile    MoveKind = "profile"     // what is known of the person changes
	MoveFetched    MoveKind = "fetched"     // an HTTP service answers
	MoveNotFetched MoveKind = "not fetched" // it does not, or not well
	MoveTime       MoveKind = "time"        // an alarm rings
	MoveEnd        MoveKind = "end"
)

// Need is a condition that nobody can decide beforehand, and how it must come out.
type Need struct {
	Condition string `json:"condition"`
	Holds     bool   `json:"holds"`
	Told      bool   `json:"told"` // the story gives a value with which it comes out so

	split *flows.Step // of a split: which one, and the arm
	arm   int
	by    *flows.Expr // of an event: whom it must name, or not
}

// Story is a shortest way to something: the inputs of one run, with what they lead to.
type Story []Move

// trace is what a walk notes for a story.
type trace struct {
	begins bool
	during bool // a message or a fetch is under way
	held   bool // what came during that is taken now
	input  input
	at     int    // the step at which it happened
	early  []Move // what had come before the wait that takes it began
	then   []Move // messages
	needs  []Need
}

const whyDuring = "it needs something to happen while a message is being sent"

// isEarly reports whether something else happens while a message is being sent, or a
// service asked.
func (t *trace) isEarly() bool {
	if t.held {
		return true
	}
	switch t.input.kind {
	case inputAccepted, inputRefused, inputFetched, inputNotFetched:
		return false
	}
	return t.during
}

// leg is one edge of a way.
type leg struct{ node, edge int }

// fidelity is how closely a story keeps to what nudge test plays; higher is closer.
type fidelity uint8

const (
	untold   fidelity = iota // the way is possible only where instants are not told apart
	anyTime                  // times of day come when they do not in a story
	atOnce                   // something comes at the very instant of a timer, before it rings
	faithful                 // nothing of that
)

const whyAtOnce = "it needs something to happen at the very instant of a timer, before it rings"

// tell goes a way again and writes down what happens, each at the earliest instant at
// which the whole way is possible; with late, the end at the latest. It keeps as close to
// what nudge test plays as the way allows: there time that passes lets every timer ring that
// is due, so what comes from outside comes before that instant or after the timer.
func (x *explorer) tell(legs []leg, late bool) (story Story, how fidelity) {
	defer func() { x.timed, x.apart = false, false }()
	for how = faithful; how > untold && story == nil; how-- {
		if how == anyTime && !x.hasTimesOfDay() {
			return nil, untold
		}
		x.timed, x.apart = how > anyTime, how == faithful
		if story = x.retell(legs, late); story != nil {
			break
		}
	}
	if how == atOnce {
		story[0].odd = whyAtOnce
	}
	return story, how
}

func (x *explorer) retell(legs []leg, late bool) Story {
	x.telling = true
	defer func() { x.telling = false }()
	s := initial()
	var story Story
	var pins []int            // of the moves: the number of their leg
	input, during := 0, false // the move of the newest input, and whether something was under way
	known := map[string]any{} // of the person, as the story has told it
	for k, l := range legs {
		s = x.before(s)
		w := x.try(s, x.inputs(s), replay(x.nodes[l.node].edges[l.edge].tape))
		if w.dead {
			return nil // it is possible only where instants are not told apart
		}
		s = w.s
		for _, step := range w.passed {
			for _, a := range x.f.Steps[step].Set {
				if a.Profile {
					delete(known, fieldPath(a))
				}
			}
		}
		s.zone.add(alarm{atPin, k, false}, now, 0, 0)
		before, moves := x.profileBefore(w.trace.needs, known), w.moves()
		for i := range before {
			if w.trace.during {
				before[i].odd = whyDuring
			}
		}
		insert := func(at int, moves ...Move) {
			story, pins = slices.Insert(story, at, moves...), slices.Insert(pins, at, slices.Repeat([]int{k}, len(moves))...)
		}
		if w.trace.input.kind == inputTurn { // it is one with the input before
			story[input].Needs = append(story[input].Needs, w.trace.needs...)
		} else {
			insert(len(story), append(before, moves[0])...)
			input, during = len(story)-1, w.trace.during
		}
		if early := w.trace.early; during { // they came before what was under way ended
			insert(input, early...)
			input += len(early)
		} else {
			insert(len(story), early...)
		}
		insert(len(story), moves[1:]...)
	}
	instants := x.instants(&s.zone, late)
	for i := range story {
		story[i].At = instants[alarm{atPin, pins[i], false}]
	}
	x.fill(story, instants)
	return story
}

// instants picks an instant for every moment of a zone, in milliseconds after the start. Days
// begin at midnight.
func (x *explorer) instants(z *zone, late bool) map[alarm]int64 {
	days := map[alarm]bool{}
	for path, n := range x.anchors {
		days[alarm{atAnchor, n, false}] = x.isDate(path)
	}
	at := map[alarm]int64{z.vars[start]: 0}
	fixed := []int{start}
	order := make([]int, 0, len(z.vars))
	for i, v := range z.vars {
		if i != start {
			order = append(order, i)
		}
		if days[v] || i == now && late {
			order = slices.Insert(order[:len(order)-1], 0, i)
		}
	}
	for _, i := range order {
		low, high := -unbounded, unbounded
		for _, j := range fixed {
			if b := z.bound(j, i); b < unbounded {
				low = max(low, at[z.vars[j]]-b)
			}
			if b := z.bound(i, j); b < unbounded {
				high = min(high, at[z.vars[j]]+b)
			}
		}
		v := low
		if low == -unbounded || late && i == now && high < unbounded {
			v = high
		}
		if v == unbounded {
			v = max(low, 0)
		}
		if midnight := nextMidnight(v); days[z.vars[i]] && midnight <= high {
			v = midnight
		}
		at[z.vars[i]], fixed = v, append(fixed, i)
	}
	return at
}

// nextMidnight is the first midnight of a story that is not before an instant of it.
func nextMidnight(at int64) int64 {
	midnight := millis(storyStart.Truncate(24 * time.Hour).Sub(storyStart))
	days := (at - midnight + day - 1) / day
	if at < midnight {
		days = (at - midnight) / day
	}
	return midnight + days*day
}

// moves are what happened in a walk.
func (w *walk) moves() []Move {
	var all []Move
	first := Move{Kind: MoveStart, Needs: w.trace.needs}
	if !w.trace.begins {
		first = w.inputMove()
	}
	all = append(append(all, first), w.trace.then...)
	if w.s.phase == ended {
		all = append(all, Move{Kind: MoveEnd, Outcome: w.s.outcome, Goal: w.s.goal})
	}
	return all
}

// early notes what had come before the wait that takes it began. It is told as late as it can
// have come.
func (w *walk) early(m Move, place int) {
	m.Step, m.Needs, m.odd = w.f.Steps[place].ID, w.trace.needs, whyDuring
	w.trace.held = true
	w.trace.early = append(w.trace.early, m)
}

// tellMessage notes a message that goes out, or that is held back.
func (w *walk) tellMessage(kind MoveKind, s *flows.Step) {
	w.planned++
	if !w.inForever(w.s.at) {
		w.kept++
	}
	w.trace.then = append(w.trace.then, Move{Kind: kind, Step: s.ID, Message: s.Send.Template})
}

// inputMove is the input of a walk.
func (w *walk) inputMove() Move {
	in := &w.trace.input
	m := Move{Step: w.f.Steps[w.trace.at].ID, Needs: w.trace.needs}
	switch in.kind {
	case inputTimer, inputAccepted:
		m.Kind = MoveTime
	case inputRefused:
		m.Kind, m.Message = MoveRefused, w.f.Steps[w.trace.at].Send.Template
	case inputReceipt:
		m.Kind = map[status]MoveKind{lost: MoveFailed, delivered: MoveDelivered, read: MoveRead}[in.after]
		if in.step != olderMessage {
			m.Step, m.Message = w.f.Steps[in.step].ID, w.f.Steps[in.step].Send.Template
		}
	case inputReply:
		m.Kind = MoveReply
	case inputEvent:
		m.Kind, m.Event = MoveEvent, in.event
	case inputProfile:
		m.Kind = MoveProfile
	case inputFetched:
		m.Kind = MoveFetched
	case inputNotFetched:
		m.Kind = MoveNotFetched
	}
	switch {
	case in.ofOlder():
		m.odd = "it needs a receipt for an older message"
	case w.trace.during && w.trace.isEarly():
		m.odd = whyDuring
	}
	return m
}
