package engine

import (
	"fmt"
	"slices"

	"nudge/flows"
)

// event applies an event in the one order: exits, then waits, then triggers.
func (a *application) event(ev *Event) {
	concerned := a.concerned(ev)
	for _, id := range concerned {
		a.leaveOn(id, ev)
	}
	for _, id := range concerned {
		a.wakeOn(id, ev)
	}
	for _, f := range a.e.active {
		a.trigger(f, ev)
	}
	a.changed = true // the journal has every event, also one that concerned nobody
}

// concerned returns the live runs that may exit or wait on the event, oldest first.
func (a *application) concerned(ev *Event) []RunID {
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
		l.lines(func(line *flows.Line) {
			if line.Key == nil {
				if ev.Profile != "" {
					take(l, a.ws.liveOf(ev.Profile))
				}
				return
			}
			if text, ok := ev.key(l.flow, line.Key); ok {
				take(l, a.ws.liveWith(FlowKey{l.flow.Name, text}))
			}
		})
	}
	slices.SortFunc(ids, RunID.Compare)
	return slices.Compact(ids)
}

// happening is the event as runs keep it.
func (a *application) happening(ev *Event) Happening {
	return Happening{At: a.now, Event: ev.Type, Who: ev.Profile, Data: ev.Data}
}

// leaveOn ends the run when one of its exits names the event.
func (a *application) leaveOn(id RunID, ev *Event) {
	r := a.ws.Run(id)
	a.blamed = id
	f := a.e.flowOf(r)
	h := a.happening(ev)
	for _, line := range f.Listening[ev.Type].Exits {
		if !a.names(line, r, f, &h) || !a.holds(line.If, r, f, &h) {
			continue
		}
		r = a.edit(id)
		r.log(Entry{At: a.now, Kind: KindEvent, Step: NoStep, Detail: ev.Type})
		a.finish(r, line.As, line.Goal)
		a.decide(r, DidExit, line.As)
		return
	}
}

// wakeOn ends the run's wait when one of its lines names the event. A run that is
// not waiting keeps the event for the next wait that names it.
func (a *application) wakeOn(id RunID, ev *Event) {
	r := a.ws.Run(id)
	if !r.Live() {
		return
	}
	a.blamed = id
	f := a.e.flowOf(r)
	h := a.happening(ev)
	if r.Status == Sending {
		if a.awaited(r, f, &h) {
			r = a.edit(id)
			a.hold(r, h)
			a.decide(r, DidHold, "until the message under way is accepted")
		}
		return
	}
	for i := range f.Steps[r.At].Wait.Lines {
		line := &f.Steps[r.At].Wait.Lines[i]
		if line.Signal == flows.SignalEvent && a.names(line, r, f, &h) && a.holds(line.If, r, f, &h) {
			r = a.edit(id)
			r.log(Entry{At: a.now, Kind: KindEvent, Step: r.At, Detail: ev.Type})
			a.decide(r, DidAdvance, line.As)
			a.take(r, f, line, &h)
			return
		}
	}
}

// names reports whether an event line names the event and concerns the run.
func (a *application) names(line *flows.Line, r *Run, f *flows.Flow, h *Happening) bool {
	if line.Event != h.Event {
		return false
	}
	if line.Key == nil {
		return h.Who == r.Profile
	}
	ev := a.in.Event
	if ev == nil || ev.Type != h.Event {
		ev = &Event{Type: h.Event, Data: h.Data}
	}
	text, ok := ev.key(f, line.Key)
	return ok && text == r.Key
}

// awaited reports whether some wait of the flow names the event.
func (a *application) awaited(r *Run, f *flows.Flow, h *Happening) bool {
	return slices.ContainsFunc(f.Listening[h.Event].Waits, func(line *flows.Line) bool { return a.names(line, r, f, h) })
}

// hold puts a happening into the run's mailbox; beyond the limit the oldest goes.
func (a *application) hold(r *Run, h Happening) {
	if len(r.Mailbox) >= MaxMailbox {
		r.log(Entry{At: a.now, Kind: KindDropped, Step: NoStep, Detail: r.Mailbox[0].label()})
		r.Mailbox = r.Mailbox[1:]
	}
	r.Mailbox = append(r.Mailbox, h)
	r.log(Entry{At: a.now, Kind: KindHeld, Step: NoStep, Detail: h.label()})
}

// label is what a timeline calls the happening.
func (h *Happening) label() string {
	if h.Event != "" {
		return h.Event
	}
	return cut(h.Text, MaxReasonBytes)
}

// trigger starts a run of the flow for everybody the event is for, by the first of
// the flow's triggers that matches.
func (a *application) trigger(f *flows.Flow, ev *Event) {
	for i := range f.Triggers {
		t := &f.Triggers[i]
		if t.Event != ev.Type {
			continue
		}
		people, err := ev.people(f, t)
		if err != nil {
			a.skip(f, err.Error())
			return
		}
		scope, err := a.triggerScope(f, ev)
		if err != nil {
			a.skip(f, err.Error())
			return
		}
		if ok, err := truth(t.If, scope); err != nil {
			a.skip(f, err.Error())
			return
		} else if !ok {
			a.skip(f, "the trigger's if is false")
			continue
		}
		key := ""
		if t.Key != nil {
			text, ok := ev.key(f, t.Key)
			if !ok {
				a.skip(f, fmt.Sprintf("the event has no key: 1 to %d bytes of text, or a whole number", MaxKeyBytes))
				return
			}
			key = text
		}
		for _, p := range people {
			a.start(f, ev, p, key)
		}
		return
	}
}

func (a *application) skip(f *flows.Flow, reason string) {
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: f.Name, Did: DidSkip, Reason: reason})
}

// start begins a run for one person, where entry and limits let it.
func (a *application) start(f *flows.Flow, ev *Event, profile, key string) {
	live := a.ws.liveOf(profile)
	if f.Entry.IfRunning == flows.Skip {
		for _, r := range live {
			if r.Flow == f.Name && r.Key == key {
				a.out.Answer.Decisions = append(a.out.Answer.Decisions,
					Decision{Flow: f.Name, Run: r.ID.String(), Did: DidSkip, Reason: "a run is live"})
				return
			}
		}
	}
	if len(live) >= MaxLiveRuns {
		a.skip(f, fmt.Sprintf("%s has %d live runs, which is the limit", profile, MaxLiveRuns))
		return
	}
	r := &Run{
		ID:   newRunID(a.now, a.e.State.Installation, a.seq, a.starts),
		Flow: f.Name, Version: f.Version, Profile: profile, Key: key,
		StartedBy: ev.Type, Data: ev.Data,
	}
	a.starts++
	a.changed, a.blamed = true, r.ID
	r.log(Entry{At: a.now, Kind: KindStarted, Step: NoStep, Detail: ev.Type})
	a.ws.add(r)
	a.decide(r, DidStart, "")
	a.advance(r, f, 0)
}
