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

// apply offers an inbound message to the runs of its person, in the order of offersOf. The
// first run with a line for it takes it. Then lines that hear every conversation are asked.
// If none takes it, the run that it most likely answers keeps it for a later wait.
func (rp *Reply) apply(a *applier) {
	a.changed = true // the journal has every reply, even one that nobody took
	h := Signal{At: a.now, Who: rp.Profile, Text: cut(rp.Text, MaxReplyBytes), Conversation: rp.Conversation, Data: besideText(&rp.Reply)}
	if a.replyTriggers(&h, true) {
		return
	}
	a.learnConversation(&rp.Reply)
	offers, likely := a.offersOf(&rp.Reply, h)
	for i := range offers {
		if a.wakeOnReply(a.e.pin(offers[i].run), &offers[i].reply, false) {
			return
		}
	}
	live := a.newestFirst(rp.Profile)
	for _, r := range live {
		if a.wakeOnReply(a.e.pin(r), &h, true) {
			return
		}
	}
	if likely != nil && likely.run.Leaving == 0 && hearsReplies(a.e.flowOf(likely.run)) {
		r := a.edit(likely.run.ID)
		a.hold(r, likely.reply)
		a.decide(r, DidHold, "for a later wait")
		return
	}
	passed := a.waitsElsewhere(live, &h)
	switch started := a.replyTriggers(&h, false); {
	case started:
	case passed:
		a.ignore(ignoredElsewhere)
	default:
		a.ignore(ignoredReply)
	}
}

// The reasons why a reply affected nobody.
const (
	ignoredReply     = "no run waits for it"
	ignoredElsewhere = "no run waits for it in its conversation"
)

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
	profile := a.profileView(h.Who, f)
	ok, err := a.triggerTruth(t.If, map[string]any{
		flows.NameReply:   h.view(localeOf(profile, f)),
		flows.NameProfile: profile,
		flows.NameNow:     shape.TimeOf(a.now.Time()),
		flows.NameToday:   a.today(h.Who, f),
	}, f, h.Who)
	if err != nil {
		a.skip(f, err.Error())
	}
	return ok
}

// offer is a reply as it is offered to one run.
type offer struct {
	run   *Run
	reply Signal
}

// offersOf returns to whom a reply is offered, in this order:
//
//  1. the run whose message it answers, if the provider says so;
//  2. the runs that have written in its conversation, the newest message there first; if
//     there is none, the runs with a message whose conversation is not known yet;
//  3. if it names no conversation, all runs, the newest message first.
//
// A run that has written only in other conversations gets no offer. Likely is the run that
// the reply most likely answers; nil if nothing points to one.
func (a *applier) offersOf(rp *channels.Reply, h Signal) (offers []offer, likely *offer) {
	live := a.newestFirst(rp.Profile)
	add := func(r *Run) {
		if len(offers) == 0 || offers[0].run != r {
			offers = append(offers, offer{r, h})
		}
	}
	for _, r := range live {
		if m := r.answeredBy(rp); m != nil {
			if m.Conversation != "" && r.lastIn(h.Conversation) == 0 {
				h.Conversation = m.Conversation // the reply names no conversation, or one that the run does not know
			}
			add(r)
			break
		}
	}
	if h.Conversation == "" {
		sure := len(offers) > 0
		for _, r := range live {
			add(r)
		}
		if sure {
			likely = &offers[0]
		}
		return offers, likely
	}
	writers := slices.DeleteFunc(slices.Clone(live), func(r *Run) bool { return r.lastIn(h.Conversation) == 0 })
	slices.SortStableFunc(writers, func(x, y *Run) int {
		return cmp.Compare(y.lastIn(h.Conversation), x.lastIn(h.Conversation))
	})
	if len(writers) == 0 {
		writers = slices.DeleteFunc(live, func(r *Run) bool { return !r.writesAnywhere() })
	}
	for _, r := range writers {
		add(r)
	}
	if len(offers) > 0 {
		likely = &offers[0]
	}
	return offers, likely
}

// learnConversation notes the conversation of a message that the provider assigned it to, if
// the reply to it is the first to tell.
func (a *applier) learnConversation(rp *channels.Reply) {
	for _, r := range a.ws.liveOf(rp.Profile) {
		m := r.answeredBy(rp)
		if m == nil {
			continue
		}
		if m.Conversation == "" && rp.Conversation != "" {
			a.edit(r.ID).answeredBy(rp).Conversation = rp.Conversation
		}
		return
	}
}

// newestFirst returns the person's live runs, the one that wrote last first.
func (a *applier) newestFirst(profile string) []*Run {
	runs := a.ws.liveOf(profile)
	slices.SortStableFunc(runs, func(x, y *Run) int {
		return cmp.Or(cmp.Compare(y.lastPosted(), x.lastPosted()), y.ID.Compare(x.ID))
	})
	return runs
}

// answeredBy returns the message of the run that a reply answers, as far as the provider says
// so; else nil.
func (r *Run) answeredBy(rp *channels.Reply) *Message {
	if rp.Answers.Run == r.ID.String() {
		return r.Message(rp.Answers.Message)
	}
	for i := range r.Messages {
		if rp.AnswersID != "" && r.Messages[i].ProviderID == rp.AnswersID {
			return &r.Messages[i]
		}
	}
	return nil
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

// writesAnywhere reports whether the run has a message whose conversation is not known yet.
func (r *Run) writesAnywhere() bool { return slices.ContainsFunc(r.Messages, Message.placeless) }

// placeless reports whether the message went out, and the provider has not said yet into
// which conversation.
func (m Message) placeless() bool { return m.Posted != 0 && m.Conversation == "" && !m.Status.lost() }

// wakeOnReply follows the first line in effect that takes the reply. With anywhere it asks
// only the lines that hear every conversation.
func (a *applier) wakeOnReply(r pinned, h *Signal, anywhere bool) bool {
	a.blamed = r.ID
	for _, w := range r.watches().All() {
		for i := range w.Lines {
			line := &w.Lines[i]
			if anywhere && !line.Anywhere || !r.mayTake(line) || !answers(line, r.Run, h) || !a.holds(line.If, r, h) {
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

// answers reports whether a reply can be to a message that the line names: it came after the
// message was posted, and in the message's conversation. A message whose conversation is not
// known yet may be in any, unless the run has written in the reply's.
func answers(line *flows.Line, r *Run, h *Signal) bool {
	if line.Signal != flows.SignalReply {
		return false
	}
	anywhere := line.Anywhere || h.Conversation == ""
	wrote := !anywhere && r.lastIn(h.Conversation) != 0
	for i := range r.Messages {
		m := &r.Messages[i]
		if !named(line, m) || m.Posted == 0 || m.Posted > h.At {
			continue
		}
		if anywhere || m.Conversation == h.Conversation || !wrote && m.placeless() {
			return true
		}
	}
	return false
}

// waitsElsewhere names, for the reply's answer, the run that wrote last and would have taken a reply
// that nobody took, had it come in another conversation.
func (a *applier) waitsElsewhere(live []*Run, h *Signal) bool {
	everywhere := *h
	everywhere.Conversation = ""
	for _, r := range live {
		p := a.e.pin(r)
		for _, w := range p.watches().All() {
			for i := range w.Lines {
				line := &w.Lines[i]
				if !p.mayTake(line) || !answers(line, r, &everywhere) || answers(line, r, h) {
					continue
				}
				scope := a.scope(p)
				a.bindSignal(scope, p.flow, h)
				if ok, err := truth(line.If, scope); ok && err == nil {
					a.decide(r, DidPass, "it waits for a reply, but not in the conversation "+h.Conversation)
					return true
				}
			}
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
