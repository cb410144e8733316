package engine

import (
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"nudge/channels"
	"nudge/engine/gate"
	"nudge/flows"
)

// send plans a message, and claims it at once if a slot is free.
func (a *applier) send(r pinned, s *flows.Step) (next int, parked bool) {
	if r.sends() >= MaxMessagesPerRun && !r.endless() {
		a.fail(r.Run, r.At, fmt.Sprintf("more than %d messages in one run", MaxMessagesPerRun))
		return 0, true
	}
	r.addMessage(Message{Step: r.At, Reached: a.now, Account: s.Send.Account})
	return a.plan(r)
}

// plan handles the run's newest message by the gate's verdict: it claims the message if a
// slot is free, leaves it in the outbox to wait for a slot, or holds it back.
func (a *applier) plan(r pinned) (next int, parked bool) {
	m := r.current()
	m.Status, m.Order = Planned, a.seq
	if m.Attempt == 0 {
		m.Planned = a.now
	}
	r.Status = Sending
	r.clearAlarms(AtMessage)
	if a.claimable(m.Account) {
		return a.claim(r)
	}
	if v := a.judge(r); v.Reason != "" {
		return a.keepBack(r, v)
	}
	a.queue(r)
	return 0, true
}

// submit plans the newest message of the run that is parked on it, and continues if the run
// need not wait for it.
func (a *applier) submit(r pinned) {
	if next, parked := a.plan(r); !parked {
		a.advance(r, next)
	}
}

// claimable reports whether a message of an account may be claimed now.
func (a *applier) claimable(account string) bool {
	return a.left.free(account) > 0 && !a.e.State.Holding()
}

// queue leaves a planned message to wait for a free slot, for as long as it is useful.
func (a *applier) queue(r pinned) {
	m := r.current()
	a.setExpiryAlarm(r)
	n := r.Newest()
	r.log(Entry{At: a.now, Kind: KindPlanned, Step: m.Step, Message: n})
	a.await(r.Run, m, n)
}

// setExpiryAlarm sets the alarm of a planned message that is useful only for a limited time.
func (a *applier) setExpiryAlarm(r pinned) {
	if latest := a.latest(r); latest != 0 {
		r.setAlarm(Alarm{At: latest, Place: AtMessage})
	}
}

// await records that a planned message waits for a slot.
func (a *applier) await(r *Run, m *Message, n int) {
	a.out.Planned = append(a.out.Planned,
		OutboxEntry{OutboxRef: OutboxRef{Order: m.Order, Run: r.ID, Message: n}, Account: m.Account})
}

// claim is the last gate before the provider. It hands the run's newest message to the
// channel, or says why it does not go out.
func (a *applier) claim(r pinned) (next int, parked bool) {
	m, n := r.current(), r.Newest()
	if next, parked, yes := a.overtaken(r); yes {
		return next, parked
	}
	if v := a.judge(r); v.Reason != "" {
		return a.keepBack(r, v)
	}
	content, err := r.sendOf(m).Message.Render(r.Profile, a.renderScope(r, m))
	if errors.Is(err, flows.ErrMergeField) { // a person's own text must not end their run
		return a.keepBack(r, gate.Verdict{Reason: ReasonMergeField, Detail: err.Error()})
	}
	if err != nil {
		m.Status, m.Reason = Unsent, ReasonTemplate
		a.fail(r.Run, m.Step, err.Error())
		return 0, true
	}
	m.Attempt++
	m.Status, m.Posted, m.Conversation, m.Reason = Claimed, a.now, content.Conversation, ""
	m.ByID = m.ByID || a.e.State.policyOf(m.Account).ByID
	content.Expires = a.expiryOf(r, m)
	content.Ref = channels.Ref{
		Installation: a.e.State.Installation.String(), Run: r.ID.String(), Message: n, Attempt: m.Attempt,
	}
	r.clearAlarms(AtMessage)
	a.takePlace(r, m)
	a.left = a.left.without(m.Account)
	a.out.Posts = append(a.out.Posts, Post{Account: m.Account, Run: r.ID, Message: n, Attempt: m.Attempt, Content: content, Trace: r.Trace,
		Planned: m.Planned, Category: r.sendOf(m).Category})
	r.log(Entry{At: a.now, Kind: KindClaimed, Step: m.Step, Message: n, Attempt: m.Attempt})
	return 0, true
}

// expiryOf returns when the provider may give up on a message; zero for never. It counts
// from when the first attempt was planned, so every attempt has the same expiry.
func (a *applier) expiryOf(r pinned, m *Message) time.Time {
	within := r.sendOf(m).Expires
	if within == (flows.Duration{}) {
		return time.Time{}
	}
	return within.After(m.Planned.Time(), a.zoneOf(r))
}

// Kind is InputClaim.
func (ref *Claim) Kind() InputKind { return InputClaim }

func (ref *Claim) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, ref.Run)
}

// apply gives a free slot to a planned message.
func (ref *Claim) apply(a *applier) {
	r := a.ws.Run(ref.Run)
	if r == nil || !r.Live() || r.Message(ref.Message) == nil || r.Message(ref.Message).Status != Planned {
		a.ignore("the message is no longer planned")
		return
	}
	if m := r.Message(ref.Message); !a.claimable(m.Account) {
		a.await(r, m, ref.Message)
		a.ignore("nothing may go out now")
		return
	}
	a.post(a.e.pin(a.edit(ref.Run)))
}

// post claims the newest message of a run, which is planned, and continues if the message
// need not be posted.
func (a *applier) post(r pinned) {
	if next, parked := a.claim(r); !parked {
		a.advance(r, next)
	}
}

// Kind is InputResult.
func (res *SendResult) Kind() InputKind { return InputResult }

func (res *SendResult) needs(e *Engine, n *Needs) {
	n.Runs = append(n.Runs, res.Run)
	e.providerNeeds(res.ProviderID, n)
}

// apply applies the outcome of a post.
func (res *SendResult) apply(a *applier) {
	r := a.ws.Run(res.Run)
	if r == nil || r.Message(res.Message) == nil {
		a.ignore("there is no such message")
		return
	}
	if m := r.Message(res.Message); m.Attempt != res.Attempt && (res.Returned || res.Outcome != channels.Accepted) {
		a.ignore("a newer attempt is under way")
		return
	}
	r = a.edit(res.Run)
	if r.forgotten() {
		res.Conversation = "" // the journal gets it so
	}
	m := r.Message(res.Message)
	log := func(kind Kind, detail string) {
		r.log(Entry{At: a.now, Kind: kind, Step: m.Step, Message: res.Message, Attempt: res.Attempt, Detail: detail})
	}
	if res.Returned {
		a.takeBack(r, m, res)
		return
	}
	switch res.Outcome {
	case channels.Accepted:
		a.accept(r, m, res)
		log(KindAccepted, res.ProviderID)
		a.adopt(r, res.Message)
	case channels.Refused:
		log(KindRefused, cut(res.Reason, MaxReasonBytes))
		a.markRefused(r, m, res.Reason)
	case channels.Deferred:
		log(KindDeferred, cut(res.Reason, MaxReasonBytes))
		a.postpone(r, m, res)
	case channels.Unknown:
		log(KindUnknown, cut(res.Reason, MaxReasonBytes))
		a.markUnknown(r, m, res.Reason)
	default:
		panic("engine: result with unknown outcome")
	}
	a.goOn(r, res.Message)
}

// takeBack plans a message again that was claimed and never posted. The message keeps its
// place in the outbox and its attempt number. If another process has taken over meanwhile, the
// message is unknown until the one that claimed it says so.
func (a *applier) takeBack(r *Run, m *Message, res *SendResult) {
	if !a.unsettled(r, m) {
		return
	}
	r.log(Entry{At: a.now, Kind: KindReturned, Step: m.Step, Message: res.Message, Attempt: res.Attempt, Detail: cut(res.Reason, MaxReasonBytes)})
	a.giveBack(r, m)
	m.Attempt--
	if m.Attempt == 0 {
		m.Posted = 0
	}
	if !a.underWay(r, m) {
		a.withhold(r, res.Message, gate.Verdict{Reason: ReasonRunAhead})
		return
	}
	m.Status = Planned
	a.setExpiryAlarm(a.e.pin(r))
	a.await(r, m, res.Message)
}

// unsettled reports whether the outcome of a message's attempt is still to come, and makes one of unknown outcome wait for
// nothing else any more.
func (a *applier) unsettled(r *Run, m *Message) bool {
	switch {
	case m.Status == Claimed:
		return true
	case m.Status != Unknown || m.Accepted: // the latter: it counts as accepted, and the run went on
		return false
	}
	if a.underWay(r, m) {
		r.clearAlarms(AtMessage)
	}
	return true
}

func (a *applier) accept(r *Run, m *Message, res *SendResult) {
	m.ProviderID, m.Accepted = res.ProviderID, true
	if res.Conversation != "" {
		m.Conversation = res.Conversation
	}
	if m.Status < Accepted {
		m.Status, m.Reason = Accepted, ""
	}
}

// markRefused ends a message that the provider refuses, unless a receipt has proved that the
// provider accepted it.
func (a *applier) markRefused(r *Run, m *Message, reason string) {
	if m.Status < Accepted {
		a.giveBack(r, m)
		m.Status, m.Reason = Failed, cut(reason, MaxReasonBytes)
	}
}

// postpone sets the timer for the next attempt of a message that was certainly not accepted.
func (a *applier) postpone(r *Run, m *Message, res *SendResult) {
	if !a.unsettled(r, m) {
		return
	}
	a.giveBack(r, m)
	again := a.now.Add(pause(r.ID, m.Attempt, res.RetryAfter))
	switch {
	case !a.underWay(r, m):
		a.withhold(r, res.Message, gate.Verdict{Reason: ReasonRunAhead})
	case m.Resends == 0 && a.tooLate(r, again):
		a.withhold(r, res.Message, gate.Verdict{Reason: ReasonLate, Detail: "held too long, as the provider deferred it until " + again.String()})
	case m.Attempt-r.settled(m.Number) >= MaxAttempts:
		m.Status, m.Reason = Failed, cut(res.Reason, MaxReasonBytes)
		r.log(Entry{At: a.now, Kind: KindGaveUp, Step: m.Step, Message: res.Message, Detail: "after the most attempts allowed"})
	default:
		m.Status, m.Reason = Retrying, cut(res.Reason, MaxReasonBytes)
		r.setAlarm(Alarm{At: again, Place: AtMessage})
	}
}

// pause returns how long to wait before the next attempt. It uses what the provider asked
// for, else a growing pause. The jitter is a hash of the message, so it is the same in every
// replay.
func pause(run RunID, attempt int, asked time.Duration) time.Duration {
	grown := min(firstRetry<<min(attempt-1, 16), maxRetry)
	h := fnv.New64a()
	h.Write(run[:])
	h.Write([]byte{byte(attempt)})
	jitter := time.Duration(h.Sum64() % uint64(grown/2))
	return max(asked, grown/2) + jitter
}

// markUnknown holds a message when it is not known whether the provider accepted it.
func (a *applier) markUnknown(r *Run, m *Message, reason string) {
	if m.Status != Claimed {
		return
	}
	m.Status, m.Reason = Unknown, cut(reason, MaxReasonBytes)
	if a.underWay(r, m) {
		r.setAlarm(Alarm{At: a.now.Add(UnknownHold), Place: AtMessage})
		return
	}
	if r.Live() && m.Step >= 0 { // the run went on already
		p := a.e.pin(r)
		m.Accepted = p.sendOf(m).OnUnknown != flows.OnUnknownFail
	}
}

// goOn moves the run past its send step when its message is no longer pending.
func (a *applier) goOn(r *Run, message int) {
	if r.Status != Sending || message != r.Newest() || r.current().Status.Pending() {
		return
	}
	r.clearAlarms(AtMessage)
	p := a.e.pin(r)
	a.advance(p, p.step().Next)
}

// underWay reports whether the run is parked on the message. It is not if the run has ended,
// or left its loop, while the message was posted.
func (a *applier) underWay(r *Run, m *Message) bool {
	return r.Status == Sending && r.current() == m
}

// decideUnknown applies on_unknown when no webhook has proved the message in time.
func (a *applier) decideUnknown(r pinned) {
	m, n := r.current(), r.Newest()
	log := func(kind Kind, detail string) {
		r.log(Entry{At: a.now, Kind: kind, Step: m.Step, Message: n, Attempt: m.Attempt, Detail: detail})
	}
	policy := r.sendOf(m).OnUnknown
	if policy == flows.OnUnknownResend && m.Resends < MaxResends {
		log(KindResend, m.Reason)
		m.Resends++
		a.submit(r)
		return
	}
	if policy == flows.OnUnknownFail {
		m.Status = Failed
		log(KindGaveUp, "on_unknown: fail")
	} else {
		m.Accepted = true
		log(KindGaveUp, "on_unknown: continue")
	}
	a.advance(r, r.step().Next)
}
