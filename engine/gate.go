package engine

import (
	"nudge/engine/gate"
	"nudge/flows"
)

// The reasons why a message is held or unsent: a closed list, the words of .reason,
// timelines and metrics.
const (
	ReasonOutbound   = gate.Outbound
	ReasonOptedOut   = gate.OptedOut
	ReasonLate       = gate.Late
	ReasonExpired    = gate.Expired
	ReasonCapped     = gate.Capped
	ReasonSkipped    = "skipped"          // the condition of its step is false
	ReasonTemplate   = "template"         // it could not be rendered
	ReasonMergeField = "merge_field"      // it contains {{, which the provider would expand
	ReasonRunEnded   = "the run ended"    // the run ended before the message could go out
	ReasonLoopLeft   = "the loop ended"   // the loop ended before the message could go out
	ReasonWaitEnded  = "the wait ended"   // the wait of its do ended before the message could go out
	ReasonWaitWentOn = "the wait went on" // the do of a later timer has taken its place
	ReasonRunAhead   = "the run went on"
)

// UnsentReasons lists all reasons.
var UnsentReasons = []string{ReasonOutbound, ReasonOptedOut, ReasonLate, ReasonExpired, ReasonCapped, ReasonSkipped,
	ReasonTemplate, ReasonMergeField, ReasonRunEnded, ReasonLoopLeft, ReasonWaitEnded, ReasonWaitWentOn, ReasonRunAhead}

// judge asks the gate whether the run's newest message may go out now.
func (a *applier) judge(r pinned) gate.Verdict {
	m := r.current()
	s := r.sendOf(m)
	c := a.e.category(r.flow, s.Category)
	asked := gate.Message{
		Now: a.now, Person: r.Profile, Category: s.Category, Rules: c,
		Blocked:  !a.e.State.allows(r.Profile),
		OptedOut: !c.Always && a.optedOut(r.Profile, s.Category),
		Expires:  s.Expires, ExpiresAt: a.expiryOf(r, m), MaxDelay: s.MaxDelay,
		Hours: c.Window.And(s.Window),
	}
	if asked.Limited() {
		asked.Homes, asked.Latest, asked.Counted = a.homesOf(r.Profile, r.flow), a.latest(r), a.counted(r.Profile, s.Category)
	}
	return asked.Judge()
}

// latest returns the last instant at which the run's newest message is still useful, counted
// from when the run came to its step; 0 for no limit.
func (a *applier) latest(r pinned) Instant {
	m := r.current()
	d := r.sendOf(m).MaxDelay
	if d == (flows.Duration{}) {
		return 0
	}
	return InstantOf(d.After(m.Reached.Time(), a.zoneOf(r)))
}

// tooLate reports whether it is too late at an instant for the message that the run is
// parked on.
func (a *applier) tooLate(r *Run, at Instant) bool {
	latest := a.latest(a.e.pin(r))
	return latest != 0 && at > latest
}

// optedOut reports whether the person opted out of a category.
func (a *applier) optedOut(profile, category string) bool {
	return a.ws.person(profile).outOf(category)
}

// category returns the category of a message from the active flows: today's hours and caps
// apply to the runs of every version. If the project no longer has the category, it returns
// the one of the flow's version.
func (e *Engine) category(f *flows.Flow, name string) *flows.Category {
	if c := e.categories[name]; c != nil {
		return c
	}
	if c := f.Categories[name]; c != nil {
		return c
	}
	return &anyCategory
}

// anyCategory is used for messages without a category in the project.
var anyCategory flows.Category

// keepBack carries out the gate's verdict on a message that does not go out now.
func (a *applier) keepBack(r pinned, v gate.Verdict) (next int, parked bool) {
	if v.Until != 0 {
		a.delay(r.Run, v)
		return 0, true
	}
	r.clearAlarms(AtMessage)
	a.withhold(r.Run, r.Newest(), v)
	return r.flow.Steps[r.current().Step].Next, false
}

// delay holds the run's newest message until the verdict's instant.
func (a *applier) delay(r *Run, v gate.Verdict) {
	m := r.current()
	m.Status, m.Reason = Held, v.Reason
	r.clearAlarms(AtMessage)
	r.setAlarm(Alarm{At: v.Until, Place: AtMessage})
	r.log(Entry{At: a.now, Kind: KindDelayed, Step: m.Step, Message: r.Newest(), Detail: v.Until.String() + ", " + v.Detail})
}

// withhold holds a message back for good. If an earlier attempt has an unknown outcome, the
// message is not sent again and stays unknown.
func (a *applier) withhold(r *Run, message int, v gate.Verdict) {
	m := r.Message(message)
	e := Entry{At: a.now, Kind: KindUnsent, Step: m.Step, Message: message, Detail: v.Reason}
	if v.Detail != "" {
		e.Detail += ": " + v.Detail
	}
	m.Status, m.Reason = Unsent, v.Reason
	if m.Resends > 0 {
		m.Status, m.Accepted, e.Kind, e.Detail = Unknown, true, KindGaveUp, "not sent again, "+e.Detail
	}
	r.log(e)
}

// reopen checks a held message again: first what may make it superfluous, then the gate.
func (a *applier) reopen(r pinned) {
	next, parked, yes := a.overtaken(r)
	switch {
	case !yes:
		a.submit(r)
	case !parked:
		a.advance(r, next)
	}
}
