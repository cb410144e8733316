package model

import (
	"slices"

	"nudge/engine"
)

// retry lets a run go on that has ended, where something of it has failed.
func (w *World) retry(in *engine.Retry) {
	r := w.known(in.Run)
	to := w.activeNamed(r.flow.Name)
	switch {
	case !r.over() || r.forgotten || r.lost:
		w.fail("run %s is tried again, which is live or gone", r.id)
	case to == nil:
		w.fail("run %s is tried again, and its flow is not active", r.id)
	case r.campaign != nil && r.campaign.status == engine.CampaignCancelled:
		w.fail("run %s is tried again, and its campaign was cancelled", r.id)
	case in.Profile != r.profile || w.forgot > in.AsOf:
		w.fail("run %s is tried again, and its person may be being erased", r.id)
	case to.running != "" && to.running != "parallel" && len(sameAs(w.begunOf(r.profile), to, r.key)) > 0:
		w.fail("run %s is tried again, and another one is live", r.id)
	}
	w.Reached["tried again"]++
	if to != r.now.flow {
		w.Reached["tried again in another version"]++
		r.seen, r.logged = 0, 0 // the steps of its timeline have other numbers now
	}
	r.parent = engine.RunID{} // which has gone on
	if r.campaign != nil {
		w.Reached["tried again in a campaign"]++
		w.fired[r.campaign] = true
	}
	at, _ := slices.BinarySearchFunc(w.order, r, func(x, y *Run) int { return x.id.Compare(y.id) })
	w.order = slices.Insert(w.order, at, r)
	if !w.feed(r, fact{kind: retries, to: to}) {
		w.fail("run %s is tried again, and nothing of it has failed", r.id)
	}
}

// failedAt is the step at which a run that has ended failed; nil for none.
func (w *walk) failedAt() *step {
	switch w.outcome {
	case engine.OutcomeFailed, engine.OutcomeQuarantined:
		return w.flow.byIndex[w.at]
	case engine.OutcomeCancelled, engine.OutcomeForgotten, engine.OutcomeRestarted:
		return nil
	}
	for i := len(w.messages) - 1; i >= 0; i-- {
		if m := &w.messages[i]; !passedOver(m) {
			if m.mayGoAgain() && m.step >= 0 {
				return w.flow.byIndex[m.step]
			}
			break
		}
	}
	return nil
}

// mayGoAgain reports whether a message certainly did not arrive, and no rule held it back.
func (m *Message) mayGoAgain() bool {
	switch m.status {
	default:
		return false
	case engine.Failed, engine.Expired:
		return m.sure()
	case engine.Unsent:
		return m.sure() && slices.Contains([]string{engine.ReasonLate, engine.ReasonExpired, engine.ReasonMergeField}, m.reason)
	}
}

// goesAgain is where a run goes on in the version that it belongs to from now on, or the outcome that this version has for it.
func (w *walk) goesAgain(to *Flow) (goal *step, out string) {
	at := w.failedAt()
	if at == nil || w.leaving || !w.flow.beginsAt(at) {
		return nil, ""
	}
	goal = at
	if to != w.flow {
		if !to.fits(w.run.data) {
			return nil, ""
		}
		switch m, led := to.takes(at, false); {
		case m != nil && m.exit != "":
			return nil, m.exit
		case m != nil:
			goal = led
		default:
			if goal = to.named(at.id); goal == nil || goal.kind() != at.kind() {
				return nil, ""
			}
		}
	}
	if goal != nil && !to.beginsAt(goal) {
		return nil, ""
	}
	return goal, ""
}

// again goes on where the run had failed.
func (w *walk) again() *way {
	to := w.f.to
	goal, out := w.goesAgain(to)
	if goal == nil && out == "" {
		return &way{kind: over}
	}
	w.moved = true
	if to != w.flow {
		w.goes(engine.CountMovedOut, engine.NoStep, 0, "")
		w.renumber(to)
		w.flow = to
		w.goes(engine.CountMovedIn, engine.NoStep, 0, "")
	}
	w.status, w.outcome, w.goal, w.ended, w.loops, w.alarm, w.asking = engine.Waiting, "", false, 0, nil, 0, asking{}
	for i := range w.messages {
		w.messages[i].goal = false // what the run reached, it has not reached any more
	}
	exits := &list{place: engine.AtExits, lines: w.flow.exits}
	w.lists = []*list{exits}
	if out != "" {
		w.note(engine.KindRetried, engine.NoStep, 0, "")
		return w.finish(out, false)
	}
	w.note(engine.KindRetried, goal.index, 0, "")
	w.at = goal.index
	w.armSince(exits, w.run.facts[0].now.Time())
	if out := w.leaveByIf(); out != nil {
		return out
	}
	if n := len(w.messages); n > 0 && goal.verb == "send" && w.messages[n-1].step == goal.index && !passedOver(&w.messages[n-1]) {
		w.resends = goal
	}
	_, way := w.resume(w.flow.steps, goal)
	return way
}

// sendAgain sends the newest message again under its number, if it has certainly not gone out.
func (w *walk) sendAgain(s *step) *way {
	w.resends = nil
	m := w.current()
	w.status, w.at = engine.Sending, s.index
	switch {
	case m.status == engine.Claimed: // its post has not ended yet
		w.mark("tried again while its message was being posted")
	case lost(m.status) && m.sure():
		account := text(get(s.node, "account"))
		if account == "" {
			account = w.flow.account
		}
		w.mark("a message sent again")
		m.settled, m.reached, m.planned, m.resends, m.accepted, m.provider, m.conv, m.account = m.attempt, w.f.now, w.f.now, 0, false, "", "", account
		if way := w.plan(s); way != nil {
			return skipOnward(way)
		}
	default:
		w.mark("tried again behind a message that may have gone out")
		m.accepted = m.accepted || m.status == engine.Unknown
		return nil
	}
	return w.sending(s)
}

// sure reports whether it is known of each attempt how it ended.
func (m *Message) sure() bool {
	return !slices.ContainsFunc(m.doubted, func(attempt int) bool { return attempt > m.settled && !slices.Contains(m.heard, attempt) })
}

// beginsAt reports whether a run can begin at a step: not in a repeat, not under a do, and not in the steps of an exit.
func (f *Flow) beginsAt(goal *step) bool {
	var among func(steps []*step) bool
	among = func(steps []*step) bool {
		for _, s := range steps {
			if s == goal {
				return true
			}
			inner := [][]*step{}
			if s.verb != "repeat" {
				inner = append(inner, s.body)
			}
			for _, a := range s.arms {
				inner = append(inner, a.then)
			}
			for _, l := range s.lines {
				inner = append(inner, l.then)
			}
			if slices.ContainsFunc(inner, among) {
				return true
			}
		}
		return false
	}
	return among(f.steps)
}
