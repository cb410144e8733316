package prove

import (
	"maps"
	"slices"

	"nudge/flows"
)

// inputKind is a kind of thing that can happen to a parked run.
type inputKind uint8

const (
	inputTimer inputKind = iota
	inputAccepted
	inputRefused
	inputReceipt
	inputReply
	inputEvent
	inputProfile
	inputFetched
	inputNotFetched
	inputTurn // nothing: the input before goes on
)

// input is one thing that can happen to a parked run.
type input struct {
	kind          inputKind
	alarm         alarm
	step          int // of a receipt
	before, after status
	older         bool // of a receipt: not of the step's newest message
	event         string
}

// ofOlder reports whether it is a receipt of a message that is not the newest of its step.
func (in *input) ofOlder() bool {
	return in.kind == inputReceipt && (in.older || in.step == olderMessage)
}

// comesFromOutside reports whether somebody chose the instant of an input.
func (in *input) comesFromOutside() bool {
	switch in.kind {
	case inputReceipt, inputReply, inputEvent, inputProfile:
		return true
	}
	return false
}

// inputs are all that can make a difference to a parked run, in a fixed order.
func (x *explorer) inputs(s *state) []input {
	if s.phase == turning || s.looks() {
		return []input{{kind: inputTurn}}
	}
	var all []input
	if s.phase == fetching {
		all = append(all, input{kind: inputFetched}, input{kind: inputNotFetched})
	}
	if s.phase == sending {
		all = append(all, input{kind: inputAccepted})
		if x.mayHoldBack(s.at) {
			all = append(all, input{kind: inputRefused})
		}
	}
	all = append(all, x.signals(s)...)
	for _, a := range s.zone.vars[2:] {
		if a.rings {
			all = append(all, input{kind: inputTimer, alarm: a})
		}
	}
	return append(all, receipts(s, x.asked[s.at])...)
}

// signals are the events, replies and changes of the person that a run looks out for.
func (x *explorer) signals(s *state) []input {
	events, replies, profile := map[string]bool{}, false, false
	for _, watched := range x.watches(s) {
		for i := range watched.lines {
			switch line := &watched.lines[i]; line.Signal {
			case flows.SignalEvent:
				events[line.Event] = true
			case flows.SignalReply:
				replies = replies || s.answerable(line)
			case flows.SignalIf:
				profile = profile || x.changes(line.If)
			}
		}
	}
	if c := x.f.Steps[s.at].Collect; s.phase == waiting && c != nil {
		for _, event := range c.Hears() {
			events[event] = true
		}
	}
	var all []input
	for _, kind := range slices.Sorted(maps.Keys(events)) {
		all = append(all, input{kind: inputEvent, event: kind})
	}
	if replies {
		all = append(all, input{kind: inputReply})
	}
	if profile {
		all = append(all, input{kind: inputProfile})
	}
	return all
}

// changes reports whether a condition reads something that can change at any time.
func (x *explorer) changes(e *flows.Expr) bool {
	return slices.ContainsFunc(x.reading(e).Paths(), func(path string) bool {
		root := pathRoot(path)
		return root == flows.NameProfile || root == flows.NameNow
	})
}

// rises are the ways a message's status can go up.
var rises = map[status][]status{
	open:      {lost, delivered, read},
	lost:      {delivered, read},
	delivered: {read},
}

// receipts are what the provider can say of messages that are asked for.
func receipts(s *state, asked *asked) []input {
	var all []input
	add := func(step int, n need, in input) {
		for _, after := range rises[in.before] {
			if n.of(after) {
				in.kind, in.step, in.after = inputReceipt, step, after
				all = append(all, in)
			}
		}
	}
	for _, step := range slices.Sorted(maps.Keys(s.sends)) {
		n := asked.sends[step] | asked.any
		if m := s.sends[step]; m.posted {
			add(step, n, input{before: m.status})
		}
		if s.sends[step].older {
			add(step, asked.sends[step], input{before: open, older: true})
		}
	}
	if s.older.open > 0 {
		add(olderMessage, asked.any, input{before: open})
	}
	if s.older.delivered > 0 {
		add(olderMessage, asked.any, input{before: delivered})
	}
	return all
}

// apply applies an input to the state.
func (w *walk) apply(in *input) {
	step := &w.f.Steps[w.s.at]
	w.trace.at, w.trace.input = w.s.at, *in
	if w.apart && in.comesFromOutside() {
		if w.beforeTimers(); w.dead {
			return
		}
	}
	if in.kind != inputProfile && in.kind != inputTurn {
		if w.excludeHeard(); w.dead {
			return
		}
	}
	switch in.kind {
	case inputAccepted:
		w.advance(step.Next)
	case inputRefused:
		w.refused()
		w.advance(step.Next)
	case inputReceipt:
		w.receipt(in)
	case inputReply:
		w.reply()
	case inputEvent:
		w.event(in.event)
	case inputProfile:
		heard := w.watchIfs()
		w.dead = w.dead || !heard
		return
	case inputFetched:
		w.advance(step.Next)
	case inputNotFetched:
		w.advance(step.Fetch.OnError)
	case inputTimer:
		w.ring(in.alarm)
	case inputTurn:
		w.turn()
	}
	if !w.dead && !w.s.ifs {
		w.watchIfs()
	}
}

// turn goes on in the middle of an input: with the next round, or with what came before a
// wait.
func (w *walk) turn() {
	if !w.s.looks() {
		w.nextRound()
		return
	}
	if next, parked := w.lookOn(); !parked {
		w.advance(next)
	}
}

// nextRound goes on after a round of the repeat that the run is at.
func (w *walk) nextRound() {
	if next, parked := w.beginRound(&w.f.Steps[w.s.at]); !parked {
		w.advance(next)
	}
}

// refused notes that the message under way was not taken.
func (w *walk) refused() {
	if m, ok := w.s.sends[w.s.at]; ok {
		w.s.sends[w.s.at] = sent{lost, m.posted, m.older}
		return
	}
	w.raiseOlder(open, lost)
}

// ring lets an alarm ring: no other may ring before it, and of those at one instant it
// must be the first that is asked.
func (w *walk) ring(a alarm) {
	z := &w.s.zone
	own := z.find(a)
	w.dead = !z.restrict(own, now, 0)
	for i, other := range z.vars {
		if i > now && other.rings && w.rank(other) < w.rank(a) {
			w.dead = w.dead || !z.restrict(own, i, -1)
		}
	}
	if w.dead {
		return
	}
	lines := w.linesAt(a.place)
	w.noteTimeOfDay(a)
	switch {
	case a.place == atHold:
		if next, parked := w.claim(&w.f.Steps[w.s.at]); !parked {
			w.advance(next)
		}
	case a.line == roundLine:
		w.nextRound()
	case w.s.phase == calling && a.place == w.s.at:
		w.s.values[w.f.Steps[w.s.at].ID+".outcome"] = nil
		w.clearAlarms(w.s.at)
		w.advance(w.f.Steps[w.s.at].Next)
	case a.place >= 0 && a.place == w.s.waitsAt():
		w.timeout(a, lines)
	case w.truth(lines[a.line].If):
		w.take(a.place, &lines[a.line])
	default:
		z.remove(func(b alarm) bool { return b == a })
	}
}

// beforeTimers puts now before every alarm that rings.
func (w *walk) beforeTimers() {
	for i, v := range w.s.zone.vars {
		if v.rings {
			w.dead = w.dead || !w.s.zone.restrict(now, i, -1)
		}
	}
}

// rank is the order in which alarms of one instant are asked.
func (w *walk) rank(a alarm) int {
	const lines = 2*flows.MaxLines + 2
	inner := (len(w.s.loops) + 1) * lines
	switch {
	case a.place == atExits:
		return a.line
	case a.place == atHold, a.line == roundLine:
		return inner + lines
	}
	for depth, l := range w.s.loops {
		if l.step == a.place { // also while the run waits for the end of its round
			return (depth+1)*lines + a.line
		}
	}
	switch {
	case a.place == w.s.waitsAt() && w.doAt(a):
		return inner + flows.MaxLines + a.line
	case a.place == w.s.waitsAt(), a.place == w.s.at:
		return inner + a.line
	}
	panic("prove: an alarm of nowhere")
}

// doAt reports whether an alarm is that of a line with a do.
func (w *walk) doAt(a alarm) bool { return w.linesAt(a.place)[a.line].Do }

func (x *explorer) linesAt(place int) []flows.Line {
	if place == atExits {
		return x.f.Exits
	}
	if place < 0 {
		return nil
	}
	switch s := &x.f.Steps[place]; s.Verb {
	case flows.VerbWait:
		return s.Wait.Lines
	case flows.VerbRepeat:
		return s.Repeat.Until
	case flows.VerbCollect:
		return s.Collect.Until
	}
	return nil
}

// timeout ends a wait by the first timer of one instant whose condition holds, from the one
// that rings on; else the do of the upper one is taken. Those that come in vain are passed
// over.
func (w *walk) timeout(a alarm, lines []flows.Line) {
	lost, taken := false, -1
	for _, line := range endsFirst(lines) {
		b := alarm{a.place, line, true}
		if w.rank(b) < w.rank(a) || b != a && !w.comesToo(b) {
			continue
		}
		lost = w.s.lostCause(lines)
		switch do := lines[line].Do; {
		case lost && !do:
			w.advance(w.endUnnamed(a.place, outcomeFailed))
			return
		case lost, taken >= 0:
		case !w.truth(lines[line].If):
		case !do:
			w.take(a.place, &lines[line])
			return
		default:
			taken = line
		}
		w.s.zone.remove(func(c alarm) bool { return c == b })
	}
	switch {
	case w.dead:
	case w.outOfTime(a.place, lines):
		w.advance(w.endUnnamed(a.place, outcomePast))
	case taken >= 0:
		w.take(a.place, &lines[taken])
	}
}

// endsFirst are the indexes of lines in the order in which the timers of one instant are
// asked: first those that end the wait.
func endsFirst(lines []flows.Line) (order []int) {
	for _, do := range []bool{false, true} {
		for i := range lines {
			if lines[i].Do == do {
				order = append(order, i)
			}
		}
	}
	return order
}

// comesToo reports whether another alarm rings now: it may, or it rings later.
func (w *walk) comesToo(b alarm) bool {
	z := &w.s.zone
	i := z.find(b)
	switch {
	case i < 0 || z.bound(now, i) < 0: // it is not set, or surely later
		return false
	case z.bound(i, now) <= 0 || w.t.choose(2) == 1:
		w.dead = w.dead || !z.restrict(i, now, 0)
		return !w.dead
	}
	w.dead = w.dead || !z.restrict(now, i, -1)
	return false
}
