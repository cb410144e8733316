package engine

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"nudge/flows"
)

// Why a message stays here: a closed list, the words of .reason, timelines and metrics.
const (
	ReasonOutbound   = "outbound"       // only some people are written to at present
	ReasonOptedOut   = "opted_out"      // the person does not want messages of its category
	ReasonLate       = "late"           // it could not go out within its max_delay
	ReasonExpired    = "expired"        // it waited longer than the provider was to try
	ReasonCapped     = "capped"         // the person has had as many of its category as they may
	ReasonSkipped    = "skipped"        // the condition of its step is false
	ReasonTemplate   = "template"       // it could not be rendered
	ReasonMergeField = "merge_field"    // it has {{ in it, which the provider would expand
	ReasonRunEnded   = "the run ended"  // before it could go out
	ReasonLoopLeft   = "the loop ended" // before it could go out
	ReasonRunAhead   = "the run went on"
)

// UnsentReasons are all of them.
var UnsentReasons = []string{ReasonOutbound, ReasonOptedOut, ReasonLate, ReasonExpired, ReasonCapped, ReasonSkipped,
	ReasonTemplate, ReasonMergeField, ReasonRunEnded, ReasonLoopLeft, ReasonRunAhead}

// verdict is what the gate says of a message. The zero verdict lets it out.
type verdict struct {
	reason string  // why it does not go out now
	detail string  // the same in words, where the reason does not say it all
	until  Instant // when it is looked at again; 0: it never goes out
}

// judge asks of the run's newest message whether it may go out now. What cannot be in
// time is told at once, and not only when the time is over.
func (a *applier) judge(r pinned) verdict {
	s := r.sendOf(r.current())
	c := a.e.category(r.flow, s.Category)
	switch {
	case !a.e.State.allows(r.Profile):
		return verdict{reason: ReasonOutbound}
	case !c.Always && a.optedOut(r.Profile, s.Category):
		return verdict{reason: ReasonOptedOut}
	case a.expired(r):
		return verdict{reason: ReasonExpired, detail: "it waited longer than its expires of " + s.Expires.String()}
	case c.Window == nil && s.Window == nil && c.AtMost == 0 && s.MaxDelay == (flows.Duration{}):
		return verdict{}
	}
	zone, latest := a.zoneOf(r), a.latest(r)
	if latest != 0 && a.now > latest {
		return verdict{reason: ReasonLate, detail: "held too long, for more than its max_delay of " + s.MaxDelay.String()}
	}
	return a.inHours(r.Run, s, c, zone, latest)
}

// inHours asks for the hours of a message and, within them, for a place under its cap.
func (a *applier) inHours(r *Run, s *flows.Send, c *flows.Category, zone *time.Location, latest Instant) verdict {
	hours := c.Window.And(s.Window)
	opens, until, ok := a.opening(r.Profile, hours, a.now, zone, latest)
	switch {
	case !ok:
		return verdict{reason: ReasonLate, detail: "its window and that of its category have no hour in common"}
	case latest != 0 && opens > latest:
		return verdict{reason: ReasonLate, detail: fmt.Sprintf("held too long, as its window opens %s, after its max_delay of %s", opens, s.MaxDelay)}
	case opens > a.now:
		return verdict{reason: "window", detail: "outside its window", until: until}
	}
	room := a.capOpensAt(r.Profile, s.Category, c, zone)
	if room <= a.now {
		return verdict{}
	}
	capped := verdict{reason: ReasonCapped, detail: fmt.Sprintf("%d per %s is the cap of %s", c.AtMost, c.Per, s.Category)}
	if latest == 0 {
		return capped
	}
	if opens, until, ok = a.opening(r.Profile, hours, room, zone, latest); !ok || opens > latest {
		capped.detail = fmt.Sprintf("held too long, as no place comes free within its max_delay of %s", s.MaxDelay)
		return capped
	}
	capped.until = until
	return capped
}

// opening is the first instant from one on that lies within hours, and when a person's
// message goes out then: not everybody's in the same second. Not ok: there is no such
// hour.
func (a *applier) opening(profile string, hours flows.Windows, from Instant, zone *time.Location, latest Instant) (opens, until Instant, ok bool) {
	start, end, ok := hours.Next(from.Time(), zone)
	opens = InstantOf(start)
	if until = opens; opens > from {
		until = opens.Add(spread(profile, opens, end.Sub(start)))
	}
	if latest != 0 {
		until = min(until, max(latest, opens))
	}
	return opens, until, ok
}

// spread is how long after the opening of a window the messages of a person go out: the
// same for all of them, so that they keep their order, and in every replay.
func spread(profile string, opens Instant, length time.Duration) time.Duration {
	most := min(OpeningSpread, length/openingShare)
	h := fnv.New64a()
	mix(h, profile, opens.String())
	return (time.Duration(h.Sum64()%uint64(most)) / time.Millisecond) * time.Millisecond
}

// latest is how late the run's newest message is still useful, counted from when the run
// came to its step; 0 for any time.
func (a *applier) latest(r pinned) Instant {
	m := r.current()
	d := r.sendOf(m).MaxDelay
	if d == (flows.Duration{}) {
		return 0
	}
	return InstantOf(d.After(m.Reached.Time(), a.zoneOf(r)))
}

// tooLate reports whether the message that the run is parked on is of no use at an
// instant.
func (a *applier) tooLate(r *Run, at Instant) bool {
	latest := a.latest(a.e.pin(r))
	return latest != 0 && at > latest
}

// optedOut reports whether the person does not want messages of a category.
func (a *applier) optedOut(profile, category string) bool {
	p := a.ws.person(profile)
	if p == nil || len(p.OptOuts) == 0 {
		return false
	}
	_, all := slices.BinarySearch(p.OptOuts, OptOutAll)
	_, this := slices.BinarySearch(p.OptOuts, category)
	return all || this
}

// category is the category of a message as the active flows have it: hours and caps are
// the project's word of today, for the runs of every version. One that the project has no
// more is as the flow knew it.
func (e *Engine) category(f *flows.Flow, name string) *flows.Category {
	if c := e.categories[name]; c != nil {
		return c
	}
	if c := f.Categories[name]; c != nil {
		return c
	}
	return &anyCategory
}

// anyCategory is that of messages of which the project says nothing.
var anyCategory flows.Category

// keepBack does what the gate says of a message that does not go out now.
func (a *applier) keepBack(r pinned, v verdict) (next int, parked bool) {
	if v.until != 0 {
		a.delay(r.Run, v)
		return 0, true
	}
	r.clearAlarms(AtMessage)
	a.withhold(r.Run, len(r.Messages), v)
	return r.flow.Steps[r.current().Step].Next, false
}

// delay holds the run's newest message until an instant.
func (a *applier) delay(r *Run, v verdict) {
	m := r.current()
	m.Status, m.Reason = Held, v.reason
	r.clearAlarms(AtMessage)
	r.setAlarm(Alarm{At: v.until, Place: AtMessage})
	r.log(Entry{At: a.now, Kind: KindDelayed, Step: m.Step, Message: len(r.Messages), Detail: v.until.String() + ", " + v.detail})
}

// withhold holds a message back for good. Where an earlier attempt has an unknown outcome
// it is not sent again, and stays as unknown as it was.
func (a *applier) withhold(r *Run, message int, v verdict) {
	m := r.Message(message)
	e := Entry{At: a.now, Kind: KindUnsent, Step: m.Step, Message: message, Detail: v.reason}
	if v.detail != "" {
		e.Detail += ": " + v.detail
	}
	m.Status, m.Reason = Unsent, v.reason
	if m.Resends > 0 {
		m.Status, e.Kind, e.Detail = Unknown, KindGaveUp, "not sent again, "+e.Detail
	}
	r.log(e)
}

// reopen looks again at a message that was held: first at what may end the run or its
// loops, then at the condition of its step, then at all that the gate asks.
func (a *applier) reopen(r pinned) {
	if a.watchIfs(r) {
		return
	}
	s := r.step()
	ok, err := true, error(nil)
	if s.If != nil {
		ok, err = a.truth(s.If, a.scope(r), r)
	}
	switch {
	case err != nil:
		a.fail(r.Run, r.At, err.Error())
	case !ok:
		a.withhold(r.Run, len(r.Messages), verdict{reason: ReasonSkipped})
		a.advance(r, s.Next)
	default:
		a.submit(r)
	}
}
