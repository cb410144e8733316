package engine

import (
	"encoding/json"
	"slices"

	"nudge/flows"
)

// collect begins to gather events. It first gathers those that arrived while the run was
// held.
func (a *applier) collect(r pinned, s *flows.Step) (next int, parked bool) {
	r.Status = Waiting
	r.Collected = append(r.Collected, Collection{Step: r.At})
	changed := s.Collect.IncludeTrigger
	if changed {
		h := Signal{At: r.Started(), Event: r.StartedBy, Who: r.Profile, Data: r.Data}
		h.Unique = a.uniqueOf(&h, r, s.Collect)
		r.addItem(h)
	}
	held := r.Mailbox
	r.Mailbox = nil
	for i := range held {
		if a.gathers(&held[i], r, s.Collect) {
			changed = true
		} else {
			r.Mailbox = append(r.Mailbox, held[i])
		}
	}
	if line, h := a.lookBack(r, s.Collect.Until); line != nil {
		return a.follow(r, r.At, line, h), false
	}
	if line := a.full(r, s.Collect, changed); line != nil {
		return a.follow(r, r.At, line, nil), false
	}
	a.setAlarms(r, r.At, s.Collect.Until)
	if r.outOfTime(r.At, s.Collect.Until) {
		return a.endEarly(r, r.At, outcomePast), false
	}
	a.waitHere(r, r.At, r.alarmOf(r.At))
	return 0, true
}

// collectItem adds an event to the collect that the run is parked on, or takes an item back
// for it, if the collect names the event. It reports whether it did.
func (a *applier) collectItem(r pinned, h *Signal) bool {
	if r.Status != Waiting || r.step().Verb != flows.VerbCollect {
		return false
	}
	c := r.step().Collect
	if adds, removes := a.means(h, r, c); !adds && removes < 0 {
		return false
	}
	r = a.editPinned(r)
	a.gathers(h, r, c)
	a.collected = append(a.collected, r.Flow)
	a.decide(r.Run, DidCollect, "")
	if line := a.full(r, c, true); line != nil {
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

// means reports whether an event is an item of a collect that the run is in, or the index of
// the item that it takes back; -1 for none.
func (a *applier) means(h *Signal, r pinned, c *flows.Collect) (adds bool, removes int) {
	switch {
	case h.Event == "" || !a.concerns(h.Event, c.Key, r, h) || !a.names(c.By, r, h):
		return false, -1
	case slices.Contains(c.Events, h.Event):
		return a.holds(c.If, r, h), -1
	case slices.Contains(c.Remove, h.Event):
		return false, r.itemLike(a.uniqueOf(h, r, c))
	}
	return false, -1
}

// gathers adds an event to the collect that the run is in, or takes an item back for it. It
// reports whether it did.
func (a *applier) gathers(h *Signal, r pinned, c *flows.Collect) bool {
	adds, removes := a.means(h, r, c)
	switch {
	case adds:
		item := *h
		item.Unique = a.uniqueOf(h, r, c)
		r.addItem(item)
		r.log(Entry{At: a.now, Kind: KindItem, Step: r.At, Detail: h.Event})
	case removes >= 0:
		r.takeBack(removes)
		r.log(Entry{At: a.now, Kind: KindTakenBack, Step: r.At, Detail: h.Event})
	}
	return adds || removes >= 0
}

// uniqueOf returns the unique value of an event as JSON. It is empty without one: an event
// whose value is absent or cannot be evaluated is like no other.
func (a *applier) uniqueOf(h *Signal, r pinned, c *flows.Collect) string {
	if c.Unique == nil {
		return ""
	}
	value, err := c.Unique.Value(map[string]any{flows.NameEvent: a.eventData(r.flow, h)})
	if err != nil || value == nil {
		return ""
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}

// itemLike returns the index of the item with a unique value in the collect that the run is
// in; -1 for none.
func (r *Run) itemLike(unique string) int {
	if unique == "" {
		return -1
	}
	return slices.IndexFunc(r.Collected[len(r.Collected)-1].Signals, func(n int) bool { return r.Signals[n-1].Unique == unique })
}

// addItem adds an item to the collect that the run is in: in the place of the one with the
// same unique value, else at the end.
func (r *Run) addItem(h Signal) {
	c := &r.Collected[len(r.Collected)-1]
	if i := r.itemLike(h.Unique); i >= 0 {
		r.Signals = slices.Clone(r.Signals) // the stored run shares them
		r.Signals[c.Signals[i]-1] = h
		return
	}
	c.Signals = append(slices.Clip(c.Signals), r.keep(h))
}

// takeBack removes an item of the collect that the run is in, by its index.
func (r *Run) takeBack(i int) {
	c := &r.Collected[len(r.Collected)-1]
	r.Signals = slices.Clone(r.Signals)
	r.Signals[c.Signals[i]-1] = Signal{}
	c.Signals = slices.Delete(slices.Clone(c.Signals), i, i+1)
}

// keep keeps a signal and returns its number: in the place of an item that was taken back, so
// that coming and going items take no more room, else as the last.
func (r *Run) keep(h Signal) int {
	if i := slices.IndexFunc(r.Signals, func(s Signal) bool { return s.At == 0 }); i >= 0 {
		r.Signals = slices.Clone(r.Signals)
		r.Signals[i] = h
		return i + 1
	}
	r.Signals = append(r.Signals, h)
	return len(r.Signals)
}

// full returns the line that ends a collect because of what it has, or nil: enough items, or,
// where something has changed, a condition over them. A collect that reached its limit ends by
// its first line.
func (a *applier) full(r pinned, c *flows.Collect, changed bool) *flows.Line {
	n := len(r.Collected[len(r.Collected)-1].Signals)
	for i := range c.Until {
		line := &c.Until[i]
		if line.Signal == flows.SignalItems && n >= line.Items && a.holds(line.If, r, nil) {
			return line
		}
		if line.Gathered && changed && a.holds(line.If, r, nil) {
			return line
		}
	}
	if n >= MaxItems {
		return &c.Until[0]
	}
	return nil
}
