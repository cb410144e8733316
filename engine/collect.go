package engine

import (
	"slices"

	"nudge/flows"
)

// collect begins to gather events. It first gathers those that arrived while the run was
// held.
func (a *applier) collect(r pinned, s *flows.Step) (next int, parked bool) {
	r.Status = Waiting
	r.Collected = append(r.Collected, Collection{Step: r.At})
	if s.Collect.IncludeTrigger {
		r.addItem(Signal{At: r.Started(), Event: r.StartedBy, Who: r.Profile, Data: r.Data})
	}
	held := r.Mailbox
	r.Mailbox = nil
	for i := range held {
		if a.isItem(&held[i], r, s.Collect) {
			a.gather(r.Run, held[i])
		} else {
			r.Mailbox = append(r.Mailbox, held[i])
		}
	}
	if line, h := a.lookBack(r, s.Collect.Until); line != nil {
		return a.follow(r, r.At, line, h), false
	}
	if line := a.full(r, s.Collect); line != nil {
		return a.follow(r, r.At, line, nil), false
	}
	a.setAlarms(r, r.At, s.Collect.Until)
	if r.outOfTime(r.At, s.Collect.Until) {
		return a.endEarly(r, r.At, outcomePast), false
	}
	a.waitHere(r.Run)
	return 0, true
}

// collectItem adds an event to the collect that the run is parked on, if the collect names
// the event. It reports whether it did.
func (a *applier) collectItem(r pinned, h *Signal) bool {
	if r.Status != Waiting || r.step().Verb != flows.VerbCollect || !a.isItem(h, r, r.step().Collect) {
		return false
	}
	c := r.step().Collect
	r = a.editPinned(r)
	a.gather(r.Run, *h)
	a.collected = append(a.collected, r.Flow)
	a.decide(r.Run, DidCollect, "")
	if line := a.full(r, c); line != nil {
		a.take(r, r.At, line, nil)
		return true
	}
	for i := range c.Until {
		if line := &c.Until[i]; line.Signal == flows.SignalQuiet {
			r.setAlarm(Alarm{InstantOf(line.After.After(a.now.Time(), a.zoneOf(r))), r.At, i})
		}
	}
	return true
}

func (a *applier) isItem(h *Signal, r pinned, c *flows.Collect) bool {
	return h.Event != "" && a.matches(c.Event, c.Key, r, h) && a.holds(c.If, r, h)
}

func (a *applier) gather(r *Run, h Signal) {
	r.addItem(h)
	r.log(Entry{At: a.now, Kind: KindItem, Step: r.At, Detail: h.Event})
}

// addItem adds an item to the collect that the run is in.
func (r *Run) addItem(h Signal) {
	r.Signals = append(r.Signals, h)
	c := &r.Collected[len(r.Collected)-1]
	c.Signals = append(slices.Clip(c.Signals), len(r.Signals))
}

// full returns the line that ends a collect because it has enough items, or nil. A collect
// that reached its limit ends by its first line.
func (a *applier) full(r pinned, c *flows.Collect) *flows.Line {
	n := len(r.Collected[len(r.Collected)-1].Signals)
	for i := range c.Until {
		line := &c.Until[i]
		if line.Signal == flows.SignalItems && n >= line.Items && a.holds(line.If, r, nil) {
			return line
		}
	}
	if n >= MaxItems {
		return &c.Until[0]
	}
	return nil
}
