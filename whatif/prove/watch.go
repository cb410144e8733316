package prove

import (
	"slices"

	"nudge/flows"
)

// watch is lines that a run looks out for at present, in the order in which they are
// asked.
type watch struct {
	place int
	lines []flows.Line
}

func (x *explorer) watches(s *state) []watch {
	all := make([]watch, 0, 2+len(s.loops))
	if s.leaving != 0 {
		return all
	}
	if len(x.f.Exits) > 0 {
		all = append(all, watch{atExits, x.f.Exits})
	}
	for _, l := range s.loops {
		all = append(all, watch{l.step, x.f.Steps[l.step].Repeat.Until})
	}
	if at := s.waitsAt(); at >= 0 {
		switch step := &x.f.Steps[at]; step.Verb {
		case flows.VerbWait:
			all = append(all, watch{at, step.Wait.Lines})
		case flows.VerbCollect:
			all = append(all, watch{at, step.Collect.Until})
		}
	}
	return all
}

// happens follows the first line that is meant and whose condition holds.
func (w *walk) happens(in []watch, meant func(line *flows.Line) bool) bool {
	for _, watched := range in {
		for i := range watched.lines {
			line := &watched.lines[i]
			if w.mayTake(line) && meant(line) && w.truth(line.If) {
				w.take(watched.place, line)
				return true
			}
		}
	}
	return false
}

// heardBefore reports whether an exit, or an until around a place, surely hears the event or reply
// of a line there. It does so as soon as that comes, or when its loop begins, so nothing of it is
// held for the line.
func (w *walk) heardBefore(place int, line *flows.Line) bool {
	for _, watched := range w.watches(w.s) {
		if watched.place == place {
			continue
		}
		for i := range watched.lines {
			if watched.lines[i].Signal == line.Signal && w.hearsAll(&watched.lines[i], line) {
				return true
			}
		}
	}
	return false
}

// hearsAll reports whether a line hears all that another of its signal hears.
func (x *explorer) hearsAll(line, other *flows.Line) bool {
	same := func(a, b *flows.Expr) bool { return a == b || a != nil && b != nil && a.String() == b.String() }
	switch {
	case line.If != nil:
		return false
	case line.Signal == flows.SignalReply:
		return (line.Step == flows.AnyStep || line.Step == other.Step) && (line.Anywhere || !other.Anywhere)
	}
	return line.Event == other.Event && (len(x.keys[line.Event]) < 2 || same(line.Key, other.Key)) && (line.By == nil || same(line.By, other.By))
}

// take follows a line: the run leaves by an exit, or what the line belongs to ends and
// the run goes on after it.
func (w *walk) take(place int, line *flows.Line) {
	switch {
	case place == atExits:
		w.leave(line)
	case line.Do:
		w.takeDo(line)
	default:
		w.advance(w.follow(place, line))
	}
}

// watchIfs looks at the conditions in effect that stand by themselves, as is done after
// every input.
func (w *walk) watchIfs() bool {
	if !w.hasIfs || w.s.phase == ended || w.s.phase == turning || w.s.looks() {
		return false
	}
	w.s.ifs = true
	return w.happens(w.watches(w.s), func(line *flows.Line) bool { return line.Signal == flows.SignalIf && !line.Gathered })
}

// event gives an event to the run.
func (w *walk) event(kind string) {
	in := w.watches(w.s)
	meant := func(line *flows.Line) bool {
		return line.Signal == flows.SignalEvent && line.Event == kind && w.finds(kind, line.Key, line.By)
	}
	if len(in) > 0 && in[0].place == atExits {
		if w.happens(in[:1], meant) {
			return
		}
		in = in[1:]
	}
	c := w.f.Steps[w.s.at].Collect
	if w.s.phase == waiting && c != nil && w.finds(kind, c.Key, c.By) {
		switch {
		case slices.Contains(c.Events, kind) && w.truth(c.If):
			w.item(c)
			return
		case slices.Contains(c.Remove, kind) && w.s.items > 0 && w.t.choose(2) == 1: // else it finds none
			w.takeBack(c)
			return
		}
	}
	if !w.happens(in, meant) {
		w.dead = true
	}
}

// item adds an event to the collect the run is in.
func (w *walk) item(c *flows.Collect) {
	if c.Unique == nil || w.s.items == 0 || w.t.choose(2) == 0 { // else it takes an earlier one's place
		w.s.items++
	}
	w.changed(c)
}

// takeBack takes an item back. Of many items there may still be many.
func (w *walk) takeBack(c *flows.Collect) {
	if w.s.items < manyItems || w.t.choose(2) == 1 {
		w.s.items--
	}
	w.changed(c)
}

// changed is what happens when a collect has other items than before.
func (w *walk) changed(c *flows.Collect) {
	if line := w.full(c, true); line != nil {
		w.advance(w.follow(w.s.at, line))
		return
	}
	for i := range c.Until {
		if line := &c.Until[i]; line.Signal == flows.SignalQuiet {
			w.s.zone.add(alarm{w.s.at, i, true}, now, nominal(line.After), nominal(line.After))
		}
	}
}

// reply gives a reply to the run.
func (w *walk) reply() {
	if !w.happens(w.watches(w.s), func(line *flows.Line) bool {
		return line.Signal == flows.SignalReply && w.s.answerable(line)
	}) {
		w.dead = true
	}
}

// receipt raises the status of a message, in most cases the newest one of a step.
func (w *walk) receipt(in *input) {
	switch {
	case in.step == olderMessage:
		w.raiseOlder(in.before, in.after)
	case !in.older:
		w.s.sends[in.step] = sent{in.after, true, w.s.sends[in.step].older}
	}
	leads, follows := w.leads(func(line *flows.Line) bool {
		named := line.Step == flows.AnyStep || line.Step == in.step
		return named && in.after.satisfies(line.Signal) && !in.before.satisfies(line.Signal)
	})
	if leads {
		return
	}
	switch wait := w.f.Steps[w.s.at].Wait; {
	case in.older && follows:
	case in.older:
		w.dead = true // it makes no difference
	case w.s.phase == sending && w.isCurrent(in.step):
		w.advance(w.f.Steps[w.s.at].Next)
	case w.s.phase == waiting && wait != nil && w.untimed(w.s.at, wait.Lines) && w.s.lostCause(wait.Lines):
		w.advance(w.endUnnamed(w.s.at, outcomeFailed))
	}
}

// leads follows the first line in effect that is meant and whose condition holds. The run goes
// on by it, or the line's do only follows the one under way.
func (w *walk) leads(meant func(*flows.Line) bool) (goesOn, follows bool) {
	during, following := w.s.during, 0
	if during != nil {
		following = len(during.next)
	}
	if !w.happens(w.watches(w.s), meant) {
		return false, false
	}
	follows = during != nil && w.s.during == during && len(during.next) > following
	return !follows, follows
}

// olderMessage stands in for the step of the messages that nobody asks for by step.
const olderMessage = -3

// isCurrent reports whether a receipt for a step's message is for the one under way.
func (w *walk) isCurrent(step int) bool {
	return step == w.s.at || step == olderMessage && w.asked[w.s.at].sends[w.s.at] == 0 && w.t.choose(2) == 1
}

func (w *walk) raiseOlder(before, after status) {
	o := &w.s.older
	switch before {
	case open:
		if o.open < manyOlder || w.t.choose(2) == 1 {
			o.open--
		}
	case delivered:
		if o.delivered < manyOlder || w.t.choose(2) == 1 {
			o.delivered--
		}
	}
	w.addOlder(after, true)
}
