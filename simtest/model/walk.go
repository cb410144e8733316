package model

import (
	"time"

	"nudge/engine"
)

// walk is one reading of a run's history from its start: the flow's tree is followed
// by plain calls, and whatever waits takes the next facts until one of them ends the
// wait. When there are no more facts, the run stands where the walk has come.
type walk struct {
	run    *Run
	flow   *Flow
	facts  []fact
	f      *fact // the one in hand
	known  map[string]any
	outs   map[string]bool
	places []place

	status   engine.RunStatus
	at       int
	lists    []*list        // in effect: the exits, the loops, the wait
	alarm    engine.Instant // of the message or fetch under way
	asking   asking
	asked    engine.Instant // when that was last over; 0 for never
	outcome  string
	goal     bool
	leaving  bool // by an exit whose steps it takes
	ended    engine.Instant
	freed    bool
	messages []Message
	vars     map[string]any
	waits    []waitEnd
	items    map[int][]*happening
	mailbox  []happening
	event    *happening // in hand
	reply    *happening // in hand
	loops    []*loop
	calls    int // of other flows, so far
	fetches  map[int]engine.FetchResult
	attempt  int   // of the fetch
	resends  *step // whose message is sent again
	tried    int   // attempts of the fetches before it
	paused   bool
	putOff   bool // the last attempt of a fetch that is over
	path     []entry
	ways     map[went]int64
	arms     []armed

	// Of the last fact only.
	effects []effect
	claims  []int // messages
	moved   bool  // the run took something from it
	held    bool  // it is kept for later
}

// list is lines in effect, with when each of them falls due; 0 for never.
type list struct {
	place int // index of the step; engine.AtExits for the exits
	lines []line
	due   []engine.Instant
	rest  engine.Instant // end of the round that the loop waits for
	dos   *dos           // of a wait whose lines have some; else nil
}

type loop struct {
	step  int
	round int
	began engine.Instant
}

type waitEnd struct {
	step    int
	outcome string
	event   *happening
	reply   *happening
}

// way is where a run is led: nil is straight on.
type way struct {
	kind wayKind
	list *list // that is left
	line *line // by which it is left; nil for none
	h    *happening
	word string // the outcome, without a line
	goal *step  // of the version that has taken the run over
}

type wayKind uint8

const (
	parked    wayKind = iota + 1 // there are no more facts
	over                         // the run has ended
	left                         // a loop or a wait is left
	onward                       // past the step that waits
	elsewhere                    // to a step of another version
)

// live walks through the facts of a run.
func live(r *Run) *walk {
	w := &walk{run: r, flow: r.begun, facts: r.facts, vars: map[string]any{}, items: map[int][]*happening{}, fetches: map[int]engine.FetchResult{}, ways: map[went]int64{}}
	w.next()
	w.reply = w.f.h
	w.goes(engine.CountStarted, engine.NoStep, 0, "")
	w.note(engine.KindStarted, engine.NoStep, 0, "")
	way := w.lead(w.begin)
	for way.kind != parked && w.next() { // an ended run still hears of its messages
		if w.f.kind == retries {
			way = w.lead(w.again)
			continue
		}
		w.hear()
	}
	return w
}

// lead follows the flow until there are no more facts, or the run has ended. What cannot be
// computed ends it.
func (w *walk) lead(begin func() *way) (way *way) {
	defer func() {
		p := recover()
		if _, broken := p.(failing); broken {
			w.mark("ended by what cannot be computed")
			way = w.finish(engine.OutcomeFailed, false)
		} else if p != nil {
			panic(p)
		}
	}()
	way = begin()
	for way != nil && way.kind == elsewhere {
		way = w.goOn(way.goal)
	}
	if way == nil {
		way = w.finish(engine.OutcomeCompleted, false)
	}
	return way
}

func (w *walk) begin() *way {
	exits := &list{place: engine.AtExits, lines: w.flow.exits}
	w.lists = []*list{exits}
	w.arm(exits)
	waits := w.run.begins > w.f.now
	if waits {
		w.status = engine.Parked
	}
	if way := w.leaveByKept(); way != nil {
		return way
	}
	if way := w.leaveByIf(); way != nil {
		return way
	}
	if waits {
		if out := w.park(w.run.begins); out != nil {
			return out
		}
		w.status = 0
	}
	return w.block(w.flow.steps)
}

// park waits for the person's own time, which may be over when the process hears of it, and
// then for those who were due at the same instant and came before. What the campaign says of
// the person, and where they live, counts then.
func (w *walk) park(at engine.Instant) *way {
	p := &beforeBegin{at: at, minute: w.run.own}
	w.alarm = at
	w.note(engine.KindScheduled, engine.NoStep, 0, "")
	return w.await(engine.Parked, 0, func() *way {
		if !w.stirs(p) {
			return nil
		}
		w.alarm = 0
		return w.entersNow(p)
	})
}

// beforeBegin is how a run waits before it begins.
type beforeBegin struct {
	at     engine.Instant
	behind bool // others who are due at the same instant
	minute int  // of the person's own time of day; -1 until it is read
}

// stirs reports whether the fact in hand has the run see whether its time has come.
func (w *walk) stirs(p *beforeBegin) bool {
	own := w.run.campaign.comesTo(w.zone(), p.minute)
	switch {
	case w.f.kind == goesOn:
		w.moved, p.behind = true, false
	case w.f.kind == relocates:
		if w.alarm == 0 || own == w.alarm || p.behind || own <= w.f.now && w.f.paused {
			return false
		}
		w.moved = true
	case w.f.kind != rings:
		return false
	case w.f.paused: // until somebody lets the campaign go on
		w.alarm, p.behind = 0, false
		return false
	}
	return true
}

// entersNow begins the run, if the campaign wants its person and their time has come.
func (w *walk) entersNow(p *beforeBegin) *way {
	c := w.run.campaign
	own := c.comesTo(w.zone(), p.minute)
	if own <= w.f.now && p.minute < 0 && c.reads() {
		minute, ok := c.ownMinute(w.run, w.known, w.f.now)
		if !ok {
			return w.leaveOut(engine.LeftNoTime)
		}
		w.mark("read a person's own time of day")
		p.minute = minute
		own = c.comesTo(w.zone(), minute)
	}
	switch {
	case p.behind:
		own = p.at
	case own > w.f.now:
		w.mark("waits again, where the person lives now")
		w.alarm = own
		w.note(engine.KindScheduled, engine.NoStep, 0, "")
		return nil
	case w.f.kind != goesOn && c.schedule().pace > 0 && c.unwanted(w.run, w.known, w.f.now) == "":
		w.effects = append(w.effects, effect{kind: "joined", at: own})
		if p.at = own.Add(c.slotAfter(w.f.lanes[own])); p.at > w.f.now {
			w.alarm, p.behind = p.at, true
			return nil
		}
	}
	why := w.f.entry
	if out := c.unwanted(w.run, w.known, w.f.now); out != "" {
		why = out
	}
	if c.schedule().tooLate(own, w.f.now, w.flow.zone) {
		why = engine.LeftLate
	}
	if why != "" {
		return w.leaveOut(why)
	}
	w.effects = append(w.effects, effect{kind: "let in"})
	return &way{kind: onward}
}

// leaveOut ends a run that never began.
func (w *walk) leaveOut(why string) *way {
	w.status, w.outcome, w.ended = engine.LeftOut, why, w.f.now
	w.lists, w.alarm, w.mailbox = nil, 0, nil
	w.goes(engine.CountLeftOut, engine.NoStep, 0, "")
	w.note(engine.KindLeftOut, engine.NoStep, 0, why)
	w.effects = append(w.effects, effect{kind: "left out", name: why})
	return &way{kind: over}
}

// next takes the next fact in hand. It reports false where there is none.
func (w *walk) next() bool {
	w.crossOut()
	if len(w.facts) == 0 {
		return false
	}
	w.f, w.facts = &w.facts[0], w.facts[1:]
	w.known, w.outs, w.places = w.f.known, w.f.outs, w.f.places
	w.effects, w.claims, w.moved, w.held = nil, nil, false, false
	return true
}

func (w *walk) now() time.Time { return w.f.now.Time() }

func (w *walk) note(kind engine.Kind, step, message int, detail string) {
	w.path = append(w.path, entry{w.f.now, kind, step, message, detail})
	if kind == engine.KindWaiting && w.goingOn() == nil {
		w.waitsAt(step)
	} else if kind == engine.KindWaiting && w.status == engine.Waiting { // while a do is under way the run is where that stands
		w.waitsAt(w.at)
	}
}

// waitsAt notes that another version may take the run over from a step, as it stands there now.
func (w *walk) waitsAt(step int) {
	w.effects = append(w.effects, effect{kind: "waits", flow: w.flow, place: w.flow.byIndex[step], tookDo: w.tookDo()})
}

func (w *walk) block(steps []*step) *way {
	for _, s := range steps {
		if way := w.step(s); way != nil {
			return way
		}
		if way := w.leaveByLoss(); way != nil {
			return way
		}
	}
	return nil
}

// leaveByLoss leaves the run, or a loop, by a line that looks out for the failing of the
// message that the run has just gone past.
func (w *walk) leaveByLoss() *way {
	if w.status != engine.Sending || len(w.messages) == 0 {
		return nil
	}
	m := w.current()
	if m.step != w.at || !lost(m.status) {
		return nil
	}
	return w.ask(w.lists, nil, func(l *line) bool { return l.signal == "failed" && w.named(l, m) })
}

// leave is the way out by an exit. One who has begun takes its steps first, and hears nothing
// more.
func (w *walk) leave(l *line, h *happening) *way {
	from := w.at
	if w.status == 0 || w.status == engine.Parked {
		from = engine.NoStep
	}
	w.goes(engine.CountExit, from, placeIn(w.flow.exits, l), "")
	if l.then == nil || w.status == 0 || w.status == engine.Parked {
		return w.finish(l.as, l.goal)
	}
	for i := range w.messages {
		w.drop(i, engine.ReasonRunEnded)
	}
	if during := w.goingOn(); during != nil { // what it has in hand stays there
		w.event, w.reply = during.dos.event, during.dos.reply
	}
	w.lists, w.loops, w.alarm, w.asking = []*list{{place: engine.AtExits}}, nil, 0, asking{}
	w.status, w.leaving = 0, true
	if l.goal {
		w.reachesGoal()
	}
	w.repliedTo(h)
	if h != nil && h.event != "" {
		w.event = h
	} else if h != nil {
		w.reply = h
	}
	w.note(engine.KindLeaving, engine.NoStep, 0, l.as)
	w.mark("left by the steps of an exit")
	if out := w.block(l.then); out != nil {
		return out
	}
	return w.finish(l.as, false)
}

// finish ends the run.
func (w *walk) finish(outcome string, goal bool) *way {
	for i := range w.messages {
		w.drop(i, engine.ReasonRunEnded)
	}
	if goal {
		w.reachesGoal()
	}
	w.status, w.outcome, w.ended = engine.Ended, outcome, w.f.now
	w.lists, w.loops, w.alarm, w.asking = nil, nil, 0, asking{}
	w.note(engine.KindEnded, engine.NoStep, 0, outcome)
	w.effects = append(w.effects, effect{kind: "ended", left: w.mailbox})
	w.mailbox = nil
	return &way{kind: over}
}

// drop holds back a message that was planned and not yet claimed.
func (w *walk) drop(i int, reason string) {
	switch w.messages[i].status {
	case engine.Planned, engine.Held, engine.Retrying:
		w.keepHere(i+1, reason)
	}
}

// deadline is when the run wakes if nothing happens before; 0 for never.
func (w *walk) deadline() (first engine.Instant) {
	earlier := func(at engine.Instant) {
		if at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	earlier(w.alarm)
	earlier(w.asking.until)
	for _, l := range w.lists {
		earlier(l.rest)
		for _, at := range l.due {
			earlier(at)
		}
	}
	return first
}
