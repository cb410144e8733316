package engine

import (
	"cmp"
	"slices"

	"nudge/channels"
	"nudge/flows"
	"nudge/lang/shape"
)

// Kind is InputReply.
func (rp *Reply) Kind() InputKind { return InputReply }

func (rp *Reply) needs(_ *Engine, n *Needs) {
	n.People = append(n.People, rp.Profile)
}

// apply offers an inbound message to runs in this order: the run whose message it answers,
// the run of the newest message in its conversation, then the person's runs that wait for a
// reply, the last writer first. The first run with a line for it takes it. If none does, the
// run that it most likely answers keeps it for a later wait.
func (rp *Reply) apply(a *applier) {
	a.changed = true // the journal has every reply, even one that nobody took
	h := Signal{At: a.now, Who: rp.Profile, Text: cut(rp.Text, MaxReplyBytes), Conversation: rp.Conversation, Data: besideText(&rp.Reply)}
	if a.replyTriggers(&h, true) {
		return
	}
	candidates, likely := a.candidates(&rp.Reply)
	for _, r := range candidates {
		if a.wakeOnReply(a.e.pin(r), &h) {
			return
		}
	}
	if likely != nil && hearsReplies(a.e.flowOf(likely)) {
		likely = a.edit(likely.ID)
		a.hold(likely, h)
		a.decide(likely, DidHold, "for a later wait")
		return
	}
	if !a.replyTriggers(&h, false) {
		a.ignore("no run waits for it")
	}
}

// replyTriggers starts runs by a reply. With beforeWaits it asks the flows that go before
// waiting runs, and only one of them may answer. Otherwise, if nobody took the reply, it
// starts every flow whose condition is true.
func (a *applier) replyTriggers(h *Signal, beforeWaits bool) (claimed bool) {
	for _, f := range a.e.active {
		for i := range f.Triggers {
			t := &f.Triggers[i]
			if !t.Reply || t.BeforeWaits != beforeWaits || !a.wantsReply(f, t, h) {
				continue
			}
			claimed = true
			a.enter(f, &entrant{profile: h.Who, by: startedByReply, who: h.Who, reply: h})
			if beforeWaits {
				return true
			}
			break
		}
	}
	return claimed
}

// wantsReply evaluates a reply trigger's condition.
func (a *applier) wantsReply(f *flows.Flow, t *flows.Trigger, h *Signal) bool {
	ok, err := a.triggerTruth(t.If, map[string]any{
		flows.NameReply:   h.view(),
		flows.NameProfile: a.profileView(h.Who, f),
		flows.NameNow:     shape.TimeOf(a.now.Time()),
	}, f, h.Who)
	if err != nil {
		a.skip(f, err.Error())
	}
	return ok
}

// candidates returns the person's live runs in the order in which they are offered the
// reply, and the run that the reply most likely answers, or nil.
func (a *applier) candidates(rp *channels.Reply) (runs []*Run, likely *Run) {
	runs = a.ws.liveOf(rp.Profile)
	rank := func(r *Run) int {
		switch {
		case !rp.Answers.IsZero() && rp.Answers.Run == r.ID.String(), rp.AnswersID != "" && r.hasSent(rp.AnswersID):
			return 0
		case rp.Conversation != "" && r.lastIn(rp.Conversation) != 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(runs, func(x, y *Run) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)),
			cmp.Compare(y.lastPosted(), x.lastPosted()), y.ID.Compare(x.ID))
	})
	if len(runs) > 0 && rank(runs[0]) < 2 {
		likely = runs[0]
	}
	return runs, likely
}

// hasSent reports whether a message of the run has that ID at the provider.
func (r *Run) hasSent(providerID string) bool {
	return slices.ContainsFunc(r.Messages, func(m Message) bool { return m.ProviderID == providerID })
}

// lastIn returns when the run last wrote in a conversation; 0 for never.
func (r *Run) lastIn(conversation string) Instant {
	var last Instant
	for i := range r.Messages {
		if r.Messages[i].Conversation == conversation {
			last = max(last, r.Messages[i].Posted)
		}
	}
	return last
}

// wakeOnReply follows the first line in effect that takes the reply.
func (a *applier) wakeOnReply(r pinned, h *Signal) bool {
	a.blamed = r.ID
	for _, w := range r.watches().All() {
		for i := range w.Lines {
			line := &w.Lines[i]
			if line.Signal != flows.SignalReply || !answers(line, r.Run, h) || !a.holds(line.If, r, h) {
				continue
			}
			r = a.editPinned(r)
			r.log(Entry{At: a.now, Kind: KindReply, Step: w.Place, Detail: cut(h.Text, MaxReasonBytes)})
			a.decide(r.Run, DidAdvance, line.As)
			a.take(r, w.Place, line, h)
			return true
		}
	}
	return false
}

// hearsReplies reports whether any line of the flow listens to replies.
func hearsReplies(f *flows.Flow) bool {
	hears := func(lines []flows.Line) bool {
		return slices.ContainsFunc(lines, func(l flows.Line) bool { return l.Signal == flows.SignalReply })
	}
	return slices.ContainsFunc(f.Steps, func(s flows.Step) bool {
		return s.Wait != nil && hears(s.Wait.Lines) || s.Collect != nil && hears(s.Collect.Until)
	})
}
