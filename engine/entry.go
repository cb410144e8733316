package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"nudge/flows"
	"nudge/lang/trace"
)

// entrant is a person for whom a run may start.
type entrant struct {
	profile    string
	key        string
	by         string // event type, "reply", or the flow that called
	data       json.RawMessage
	who        string // the person the event names; kept when it is queued
	known      *Known // what is known of them, if they are of another partition
	parent     RunID
	parentCall int     // its number among the parent's calls
	reply      *Signal // the reply that starts the run; it stays in hand
	campaign   uint64  // number of the campaign; 0 for none
	at         Instant // when the run begins for the person; 0 for now
	ownTime    int     // the time of day that the person has in the campaign, as [Run] keeps it
	depth      int     // depth of the input that asks for the run
	called     bool    // by a call
	trace      trace.Context
}

// startedByReply is the started_by of a run that a reply started.
const startedByReply = "reply"

// enter starts a run if the flow's entry and the limits allow it, and records the decision, in the person's
// history too. A campaign does that itself.
func (a *applier) enter(f *flows.Flow, who *entrant) {
	from := len(a.out.Answer.Decisions)
	a.tryEnter(f, who)
	if who.campaign == 0 {
		a.remarkOn(who.profile, from)
	}
}

// tryEnter starts a run or records why not. A restart that a limit forbids leaves the live run unchanged.
func (a *applier) tryEnter(f *flows.Flow, who *entrant) {
	live := a.begunOf(who.profile)
	var ends []*Run // the runs that a restart ends
	if same := sameKey(live, f, who.key); len(same) > 0 {
		switch f.Entry.IfRunning {
		case flows.Skip:
			a.skipFor(f, same[0], "a run is live")
			return
		case flows.Queue:
			a.enqueue(f, who)
			return
		case flows.Restart:
			ends = same
		}
	}
	if why := a.overLimit(f, who, len(live)-len(ends), len(ends) > 0); why != "" {
		a.skip(f, why)
		return
	}
	a.replace(ends)
	a.start(f, who)
}

// replace ends the runs that a restart replaces.
func (a *applier) replace(runs []*Run) {
	for _, r := range runs {
		r = a.edit(r.ID)
		a.finish(r, OutcomeRestarted, false)
		a.decide(r, DidExit, OutcomeRestarted)
	}
}

// begunOf returns the live runs of a person that have begun, oldest first. A parked run
// takes part in no entry and no limit: it is not known yet whether its person is in the
// campaign.
func (a *applier) begunOf(profile string) []*Run {
	return slices.DeleteFunc(a.ws.liveOf(profile), func(r *Run) bool { return r.Status == Parked })
}

// sameKey returns the live runs of the flow with the key, except those that have freed it.
func sameKey(live []*Run, f *flows.Flow, key string) (same []*Run) {
	for _, r := range live {
		if r.Flow == f.Name && r.Key == key && !r.Freed {
			same = append(same, r)
		}
	}
	return same
}

// overLimit names the limit that one more start would exceed, or returns nothing. It also
// records starts that a limit counts.
func (a *applier) overLimit(f *flows.Flow, who *entrant, live int, restarted bool) string {
	if a.starts >= MaxStartsPerInput {
		return fmt.Sprintf("%d runs were started already, which is the limit of one event", MaxStartsPerInput)
	}
	if live >= MaxLiveRuns {
		return fmt.Sprintf("%s has %d live runs, which is the limit", who.profile, MaxLiveRuns)
	}
	if who.reply != nil {
		since := a.now.Add(-ReplyStartsPer)
		counts := func(s Start) bool { return s.Reply && s.Flow == f.Name && s.At > since }
		if a.count(who.profile, counts) >= MaxReplyStarts {
			return fmt.Sprintf("replies of %s started it %d times within %s, which is the limit", who.profile, MaxReplyStarts, ReplyStartsPer)
		}
		a.note(who.profile, Start{Flow: f.Name, At: a.now, Reply: true}, counts)
	}
	if f.Entry.AtMost == 0 || restarted {
		return ""
	}
	counts := func(s Start) bool {
		return !s.Reply && s.Flow == f.Name && s.Key == who.key && a.within(s.At, f)
	}
	if a.count(who.profile, counts) >= f.Entry.AtMost {
		return "at_most: it was started as often as it may be"
	}
	a.note(who.profile, Start{Flow: f.Name, Key: who.key, At: a.now}, counts)
	return ""
}

// within reports whether the entry's limit still counts a start.
func (a *applier) within(at Instant, f *flows.Flow) bool {
	return f.Entry.Per == (flows.Duration{}) || f.Entry.Per.After(at.Time(), f.Zone).After(a.now.Time())
}

func (a *applier) count(profile string, counts func(Start) bool) (n int) {
	p := a.ws.person(profile)
	for i := 0; p != nil && i < len(p.Starts); i++ {
		if counts(p.Starts[i]) {
			n++
		}
	}
	return n
}

// note adds a start, and drops starts of the same limit that no longer count.
func (a *applier) note(profile string, s Start, counts func(Start) bool) {
	p := a.editPerson(profile)
	p.Starts = slices.DeleteFunc(p.Starts, func(old Start) bool {
		return old.Flow == s.Flow && old.Key == s.Key && old.Reply == s.Reply && !counts(old)
	})
	p.Starts = append(p.Starts, s)
}

// start starts a run.
func (a *applier) start(f *flows.Flow, who *entrant) {
	r := &Run{
		ID:   newRunID(a.now, a.e.State.Installation, a.seq, a.starts),
		Flow: f.Name, Version: f.Version, Profile: who.profile, Key: who.key,
		StartedBy: who.by, Data: who.data, Depth: who.depth, Parent: who.parent, ParentCall: who.parentCall,
		Campaign: who.campaign, OwnTime: who.ownTime, Trace: who.trace,
	}
	if who.reply != nil {
		r.Signals, r.Reply = []Signal{*who.reply}, 1
	}
	if who.at > a.now {
		r.Status = Parked
	}
	a.starts++
	a.changed, a.blamed, a.touched = true, r.ID, append(a.touched, r.ID)
	r.log(Entry{At: a.now, Kind: KindStarted, Step: NoStep, Detail: who.by})
	r.pass(Way{Kind: CountStarted, Step: NoStep})
	a.ws.add(r)
	if r.Campaign != 0 {
		a.editCampaign(r.Campaign).Live++
	}
	a.decide(r, DidStart, "")
	p := pinned{r, f}
	a.setAlarms(p, AtExits, f.Exits)
	if a.leavesByKept(p) || a.leavesByIf(p) {
		return
	}
	if r.Status == Parked {
		a.parkUntil(p, a.ws.campaign(r.Campaign), who.at)
		return
	}
	a.advance(p, 0)
}

// enqueue keeps an event until the live run has ended.
func (a *applier) enqueue(f *flows.Flow, who *entrant) {
	p := a.editPerson(who.profile)
	if len(p.Queue) >= MaxQueue {
		a.skip(f, fmt.Sprintf("%d events wait for %s already, which is the limit", MaxQueue, who.profile))
		return
	}
	h := Signal{At: a.now, Event: who.by, Who: who.who, Data: who.data, Depth: who.depth}
	if who.reply != nil {
		h = *who.reply
	}
	p.Queue = append(p.Queue, Queued{Flow: f.Name, Key: who.key, Called: who.called, Signal: h, Trace: who.trace, Known: who.known})
	a.out.Answer.Decisions = append(a.out.Answer.Decisions, Decision{Flow: f.Name, Action: DidQueue, Reason: "a run is live"})
}

// afterEnd continues what waited for the end of a run: the run that called it, and the next
// start in the queue. If the flow queues, events that the run held and no step took start
// the next run.
func (a *applier) afterEnd(r *Run) {
	if r.Parent != (RunID{}) {
		a.tellParent(&ChildEnded{Parent: r.Parent, Call: r.ParentCall, Child: r.ID, Outcome: r.Outcome})
	}
	f := a.e.activeNamed(r.Flow)
	queues := f != nil && f.Entry.IfRunning == flows.Queue
	for _, h := range r.Mailbox {
		p := a.ws.person(r.Profile)
		// Only events held for a collect have not been offered to the trigger yet.
		if queues && !h.Offered && collects(a.e.flowOf(r), h.Event) && triggersOne(f, h.Event) && (p == nil || len(p.Queue) < MaxQueue) {
			p = a.editPerson(r.Profile)
			p.Queue = append(p.Queue, Queued{Flow: r.Flow, Key: r.Key, Signal: h})
		} else {
			r.log(Entry{At: a.now, Kind: KindLeft, Step: NoStep, Detail: h.label()})
		}
	}
	if !queues {
		return
	}
	if d := a.nextOf(r); d != nil {
		// The new run has the depth of the queued event, however many runs came before it.
		a.out.Derived = append(a.out.Derived, &Input{Payload: d})
	}
}

// tellParent derives the input that continues the run that called one that has ended. It only
// continues a run that waits for it, so no depth limit applies. It follows from what ended the
// called run, not from what started it: a run that calls one run after the other, over hours or
// days, is no endless loop.
func (a *applier) tellParent(c *ChildEnded) {
	a.followUp(&Input{Depth: min(a.in.Depth+1, MaxDepth), Payload: c})
}

// nextOf returns the input that starts the next queued run after a run's end, or nil if none
// is queued.
func (a *applier) nextOf(r *Run) *Dequeue {
	p := a.ws.person(r.Profile)
	if p == nil {
		return nil
	}
	var d *Dequeue
	for _, q := range p.Queue {
		if q.Flow != r.Flow || q.Key != r.Key {
			continue
		}
		if d == nil {
			d = &Dequeue{Flow: r.Flow, Profile: r.Profile, Key: r.Key}
		}
		if q.Who != "" && q.Who != r.Profile && !slices.Contains(d.Named, q.Who) {
			d.Named = append(d.Named, q.Who)
		}
	}
	return d
}

// triggers reports whether events of a type start the flow.
func triggers(f *flows.Flow, event string) bool {
	heard := f.Listening[event]
	return heard != nil && len(heard.Triggers) > 0
}

// triggersOne reports whether an event starts the flow for the person whom it is for, and not
// for an audience.
func triggersOne(f *flows.Flow, event string) bool {
	return slices.ContainsFunc(f.Triggers, func(t flows.Trigger) bool { return t.Event == event && t.Schedule == nil })
}

// Dequeue starts the next run that waits in a person's queue.
type Dequeue struct {
	Flow    string `json:"flow,omitempty"`
	Profile string `json:"profile,omitempty"`
	Key     string `json:"key,omitempty"`

	// Named are the other people whom the queued events name: the trigger's if may read their
	// profiles.
	Named []string `json:"named,omitempty"`
}

// Kind is InputDequeue.
func (d *Dequeue) Kind() InputKind { return InputDequeue }

func (d *Dequeue) needs(_ *Engine, n *Needs) {
	n.People = append(append(n.People, d.Profile), d.Named...)
}

// apply takes the oldest event of the queue whose trigger still accepts it.
func (d *Dequeue) apply(a *applier) {
	f := a.e.activeNamed(d.Flow)
	a.changed = true
	for {
		p := a.ws.person(d.Profile)
		if p == nil || f == nil || len(sameKey(a.begunOf(d.Profile), f, d.Key)) > 0 {
			return
		}
		i := slices.IndexFunc(p.Queue, func(q Queued) bool { return q.Flow == d.Flow && q.Key == d.Key })
		if i < 0 {
			return
		}
		p = a.editPerson(d.Profile)
		next := p.Queue[i]
		p.Queue = slices.Delete(p.Queue, i, i+1)
		if a.stillWanted(f, &next) {
			a.enter(f, next.entrant(d.Profile))
		}
	}
}

// entrant returns the person for whom the queued event, reply or call starts a run.
func (q *Queued) entrant(profile string) *entrant {
	who := &entrant{profile: profile, key: q.Key, by: q.Event, who: q.Who, known: q.Known, data: q.Data, depth: q.Depth, called: q.Called, trace: q.Trace}
	if q.Event == "" {
		who.by, who.reply = startedByReply, &q.Signal
	}
	return who
}

// stillWanted checks the trigger's if again; a call has none.
func (a *applier) stillWanted(f *flows.Flow, q *Queued) bool {
	if q.Called {
		_, err := decodeObject(f.Data, q.Data)
		return err == nil
	}
	if q.Event == "" {
		return slices.ContainsFunc(f.Triggers, func(t flows.Trigger) bool { return t.Reply && a.wantsReply(f, &t, &q.Signal) })
	}
	a.recall(q.Who, q.Known)
	ev := &Event{Type: q.Event, Profile: q.Who, Data: q.Data}
	for i := range f.Triggers {
		if t := &f.Triggers[i]; t.Event == q.Event {
			ok, err := a.wants(f, t, ev)
			return ok && err == nil
		}
	}
	return false
}
