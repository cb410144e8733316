package engine

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nudge/engine/watch"
	"nudge/flows"
	"nudge/lang/diag"
)

// Kind is InputEvent.
func (ev *Event) Kind() InputKind { return InputEvent }

// apply applies an event in the fixed order: exits, then waits, then triggers.
func (ev *Event) apply(a *applier) {
	if ev.Passed != nil {
		a.recall(ev.Profile, ev.Passed.Known)
	}
	var concerned []RunID
	if !ev.Passed.startsOnly() {
		concerned = a.concerned(ev)
	}
	if ev.FanOut == nil && !ev.Passed.startsOnly() {
		a.tellFirings(ev)
	}
	more := len(concerned) > MaxRunsPerInput
	if more {
		concerned = concerned[:MaxRunsPerInput]
	}
	for _, id := range concerned {
		a.leaveOn(id, ev)
	}
	for _, id := range concerned {
		a.wakeOn(id, ev)
	}
	if more { // triggers run last, after the remaining runs
		a.continueFanOut(ev, concerned[len(concerned)-1])
	} else {
		for _, f := range a.e.active {
			if a.startsBy(f, ev) {
				a.trigger(f, ev)
			}
		}
	}
	a.passOn(ev)
	a.changed = true // the journal has every event, even one that affected nobody
	if len(a.out.Answer.Decisions) == 0 && ev.FanOut == nil {
		a.ignore(a.e.whyNobody(ev, len(concerned) > 0))
		if a.out.Answer.Ignored == ignoredUnknown {
			a.out.Answer.DidYouMean = diag.Misspelt(ev.Type, a.e.eventTypes())
		}
	}
	if ev.FanOut == nil {
		a.tellKeys(ev)
	}
}

// eventTypes returns the types of events that a flow may use, sorted.
func (e *Engine) eventTypes() []string {
	used := slices.Collect(maps.Keys(e.listeners))
	for _, f := range e.active {
		for i := range f.Triggers {
			if name := f.Triggers[i].Event; name != "" {
				used = append(used, name)
			}
		}
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// The reasons why an event affected nobody: a closed list, which is also counted.
const (
	ignoredNoFlow  = "no flow is deployed"
	ignoredUnknown = "no flow uses events of this type"
	ignoredNoKey   = "no run is waiting for it, and it has no key that can be used"
	ignoredNoLine  = "it triggers no flow, and the runs that know it are past it, its condition is false, or it names somebody else"
	ignoredNoRun   = "it triggers no flow and no run is waiting for it"
)

// whyNobody says why an event had no effect. Found says that there are runs the event could
// affect.
func (e *Engine) whyNobody(ev *Event, found bool) string {
	listeners := e.listeners[ev.Type]
	keyed := func(l listener) bool { return len(l.keys) > 0 }
	usable := func(l listener) bool {
		return l.person && ev.Profile != "" || slices.ContainsFunc(l.keys, func(key *flows.Expr) bool {
			_, err := ev.key(l.flow, key)
			return err == nil
		})
	}
	switch {
	case found:
		return ignoredNoLine
	case len(e.active) == 0 && len(listeners) == 0:
		return ignoredNoFlow
	case len(listeners) == 0 && !slices.ContainsFunc(e.active, func(f *flows.Flow) bool { return triggers(f, ev.Type) }):
		return ignoredUnknown
	case slices.ContainsFunc(listeners, keyed) && !slices.ContainsFunc(listeners, usable):
		return ignoredNoKey
	}
	return ignoredNoRun
}

// concerned returns the live runs that may exit or wait on the event, oldest first.
func (a *applier) concerned(ev *Event) []RunID {
	var ids []RunID
	take := func(l *listener, runs []*Run) {
		for _, r := range runs {
			if r.Flow == l.flow.Name && r.Version == l.flow.Version {
				ids = append(ids, r.ID)
			}
		}
	}
	for i := range a.e.listeners[ev.Type] {
		l := &a.e.listeners[ev.Type][i]
		for _, key := range l.keys {
			if text, err := ev.key(l.flow, key); err == nil {
				take(l, a.ws.liveWith(FlowKey{l.flow.Name, text}))
			}
		}
		if l.person && ev.Profile != "" {
			take(l, a.ws.liveOf(ev.Profile))
		}
	}
	if rest := ev.FanOut; rest != nil {
		ids = slices.DeleteFunc(ids, func(id RunID) bool {
			return id.Compare(rest.After) <= 0 || id.Compare(rest.Before) >= 0
		})
	}
	slices.SortFunc(ids, RunID.Compare)
	return slices.Compact(ids)
}

// continueFanOut derives an input for the remaining runs that the event concerns. Runs that
// start in the meantime are not included.
func (a *applier) continueFanOut(ev *Event, after RunID) {
	rest := &FanOutCursor{ID: a.eventID(ev), After: after, Before: newRunID(a.now, a.e.State.Installation, a.seq, 0)}
	if ev.FanOut != nil {
		rest.Before = ev.FanOut.Before
	}
	a.out.Derived = append(a.out.Derived, &Input{Depth: a.in.Depth,
		Payload: &Event{Type: ev.Type, Profile: ev.Profile, Data: ev.Data, FanOut: rest, Trace: ev.Trace, Passed: ev.Passed}})
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Action: DidGoOn,
		Reason: fmt.Sprintf("it concerns more than %d runs; the rest and the triggers follow", MaxRunsPerInput)})
}

// signalOf returns the event as the signal that runs keep.
func (a *applier) signalOf(ev *Event) Signal {
	return Signal{At: a.now, Event: ev.Type, Who: ev.Profile, Data: ev.Data, Depth: a.in.Depth}
}

// leaveOn ends the run if one of its exits names the event.
func (a *applier) leaveOn(id RunID, ev *Event) {
	a.blamed = id
	r := a.e.pin(a.ws.Run(id))
	a.followEvent(r, r.watches().Exits(), a.signalOf(ev))
}

// wakeOn gives the event to the loops and the wait of a run. A run that does not wait keeps
// the event for the next wait or collect that names it, if it has begun.
func (a *applier) wakeOn(id RunID, ev *Event) {
	if !a.ws.Run(id).Live() {
		return
	}
	a.blamed = id
	r := a.e.pin(a.ws.Run(id))
	h := a.signalOf(ev)
	inEffect := r.watches().Inner()
	if a.collectItem(r, &h) || a.followEvent(r, inEffect, h) {
		return
	}
	if r.WaitsAt() == NoStep && r.Status != Parked && a.awaited(r, &h) {
		r = a.editPinned(r)
		h.Offered = r.Freed
		a.hold(r.Run, h)
		a.decide(r.Run, DidHold, "until the run waits again")
		if collects(r.flow, h.Event) && !r.Freed {
			a.collected = append(a.collected, r.Flow)
		}
	}
}

// followEvent follows the first line that names the event and whose condition is true.
func (a *applier) followEvent(r pinned, in []watch.Lines, h Signal) bool {
	for _, w := range in {
		for i := range w.Lines {
			line := &w.Lines[i]
			if line.Signal != flows.SignalEvent || !r.mayTake(line) || !a.matches(line, r, &h) || !a.holds(line.If, r, &h) {
				continue
			}
			r = a.editPinned(r)
			step, did := w.Place, DidAdvance
			if w.Place == AtExits {
				step, did = NoStep, DidExit
			}
			r.log(Entry{At: a.now, Kind: KindEvent, Step: step, Detail: h.Event})
			a.decide(r.Run, did, line.As)
			a.take(r, w.Place, line, &h)
			return true
		}
	}
	return false
}

// matches reports whether an event line means this event of the run.
func (a *applier) matches(line *flows.Line, r pinned, h *Signal) bool {
	return a.concerns(line.Event, line.Key, r, h) && a.names(line.By, r, h)
}

// concerns reports whether a line or a collect that names an event by type and key means this
// event, and the event concerns the run.
func (a *applier) concerns(event string, key *flows.Expr, r pinned, h *Signal) bool {
	if event != h.Event || !a.fits(r.flow, h) {
		return false
	}
	if key == nil {
		return h.Who == r.Profile
	}
	ev, ok := a.in.Payload.(*Event)
	if !ok || ev.Type != h.Event || !bytes.Equal(ev.Data, h.Data) { // the event was held
		ev = &Event{Type: h.Event, Data: h.Data}
	}
	text, err := ev.key(r.flow, key)
	return err == nil && text == r.Key
}

// fits reports whether an event has the shape that a run's version knows. A run does not hear
// an event without it, so that what the shape declares is there for certain.
func (a *applier) fits(f *flows.Flow, h *Signal) bool {
	t := f.EventShape(h.Event)
	if t == nil {
		return true
	}
	ev, ok := a.in.Payload.(*Event)
	if !ok || !bytes.Equal(ev.Data, h.Data) { // the event was held
		ev = &Event{Type: h.Event, Data: h.Data}
	}
	_, err := ev.decodeAs(t)
	return err == nil
}

// awaited reports whether any wait of the flow names the event, or a collect that may still
// come.
func (a *applier) awaited(r pinned, h *Signal) bool {
	heard := r.flow.Listening[h.Event]
	return heard != nil && r.Leaving == 0 &&
		(slices.ContainsFunc(heard.Waits, func(l *flows.Line) bool { return a.mayMatch(l.Event, l.Key, l.By, r, h) }) ||
			!r.Freed && slices.ContainsFunc(heard.Collects, func(c *flows.Collect) bool { return a.mayMatch(h.Event, c.Key, c.By, r, h) }))
}

// collects reports whether a collect of the flow gathers events of a type.
func collects(f *flows.Flow, event string) bool {
	heard := f.Listening[event]
	return heard != nil && len(heard.Collects) > 0
}

// hold puts a signal into the run's mailbox. A full mailbox drops the oldest.
func (a *applier) hold(r *Run, h Signal) {
	if len(r.Mailbox) >= MaxMailbox {
		r.log(Entry{At: a.now, Kind: KindDropped, Step: NoStep, Detail: r.Mailbox[0].label()})
		r.Mailbox = r.Mailbox[1:]
	}
	r.Mailbox = append(r.Mailbox, h)
	r.Replied = r.Replied || h.Event == ""
	r.log(Entry{At: a.now, Kind: KindHeld, Step: NoStep, Detail: h.label()})
}

// label is the name of the signal on a timeline.
func (h *Signal) label() string {
	if h.Event != "" {
		return h.Event
	}
	return cut(h.Text, MaxReasonBytes)
}

// SkippedIf is the reason of a decision that starts nothing because a trigger's condition is false.
const SkippedIf = "the trigger's if is false"

// trigger starts a run of the flow for each person the event is for. It uses the first
// trigger of the flow that matches.
func (a *applier) trigger(f *flows.Flow, ev *Event) {
	for i := range f.Triggers {
		t := &f.Triggers[i]
		if t.Event != ev.Type || t.Event == "" {
			continue
		}
		if done, err := a.triggerBy(f, i, ev); err != nil {
			a.skip(f, err.Error())
			return
		} else if done {
			return
		}
		a.skip(f, SkippedIf)
	}
}

// triggerBy starts the runs of one trigger, unless its condition is false. That of a trigger
// with an audience may have to be asked for each row.
func (a *applier) triggerBy(f *flows.Flow, trigger int, ev *Event) (done bool, err error) {
	t := &f.Triggers[trigger]
	var people []string
	if t.Schedule == nil {
		if people, err = ev.people(f, t); err != nil {
			return false, err
		}
	}
	if t.Schedule == nil || t.IfOnce {
		if ok, err := a.wants(f, t, ev); err != nil || !ok {
			return false, err
		}
	}
	key := ""
	if t.Key != nil {
		if key, err = ev.key(f, t.Key); err != nil {
			return false, errors.New(noKey + err.Error())
		}
	}
	if t.Schedule != nil {
		if a.e.State.owns(f.Name) {
			a.fireBy(f, trigger, ev, key)
		}
		return true, nil
	}
	for _, p := range people {
		if a.e.State.owns(p) {
			a.enter(f, &entrant{profile: p, key: key, by: ev.Type, who: ev.Profile, known: ev.Passed.known(), data: ev.Data, depth: a.in.Depth, trace: ev.Trace})
		}
	}
	return true, nil
}

func (a *applier) skip(f *flows.Flow, reason string) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: f.Name, Action: DidSkip, Reason: reason})
}

func (a *applier) skipFor(f *flows.Flow, r *Run, reason string) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions,
		Decision{Flow: f.Name, Run: r.ID.String(), Action: DidSkip, Reason: reason})
}
