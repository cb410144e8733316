package engine

import (
	"cmp"
	"slices"

	"nudge/channels"
	"nudge/flows"
)

// reply gives an inbound message to one run: the first of the run whose message it
// answers, the run of the newest message in its conversation, and the runs that
// wait for a reply of the person, the one that wrote last first, whose line takes
// it. Where none does, the run it most likely answers keeps it for a later wait.
func (a *application) reply(rp *channels.Reply) {
	a.changed = true // the journal has every reply, also one that nobody took
	h := Happening{At: a.now, Who: rp.Profile, Text: cut(rp.Text, MaxReplyBytes), Conv: rp.Conversation}
	candidates, likely := a.candidates(rp)
	for _, r := range candidates {
		if a.wakeOnReply(r, &h) {
			return
		}
	}
	if likely != nil && hearsReplies(a.e.flowOf(likely)) {
		likely = a.edit(likely.ID)
		a.hold(likely, h)
		a.decide(likely, DidHold, "for a later wait")
		return
	}
	a.ignore("no run waits for it")
}

// candidates returns the person's live runs in the order in which they are asked,
// and the run that the reply most likely answers, or nil.
func (a *application) candidates(rp *channels.Reply) (runs []*Run, likely *Run) {
	runs = a.ws.liveOf(rp.Profile)
	rank := func(r *Run) int {
		switch {
		case !rp.Answers.IsZero() && rp.Answers.Run == r.ID.String():
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

// lastIn is when the run last wrote in a conversation; 0 when it never has.
func (r *Run) lastIn(conversation string) Instant {
	var last Instant
	for i := range r.Messages {
		if r.Messages[i].Conv == conversation {
			last = max(last, r.Messages[i].Posted)
		}
	}
	return last
}

// wakeOnReply ends the run's wait when one of its lines takes the reply.
func (a *application) wakeOnReply(r *Run, h *Happening) bool {
	if r.Status != Waiting {
		return false
	}
	a.blamed = r.ID
	f := a.e.flowOf(r)
	for i := range f.Steps[r.At].Wait.Lines {
		line := &f.Steps[r.At].Wait.Lines[i]
		if line.Signal != flows.SignalReply || !answers(line, r, h) || !a.holds(line.If, r, f, h) {
			continue
		}
		r = a.edit(r.ID)
		r.log(Entry{At: a.now, Kind: KindReply, Step: r.At, Detail: cut(h.Text, MaxReasonBytes)})
		a.decide(r, DidAdvance, line.As)
		a.take(r, f, line, h)
		return true
	}
	return false
}

// hearsReplies reports whether any wait of the flow listens to replies.
func hearsReplies(f *flows.Flow) bool {
	for i := range f.Steps {
		for j := 0; f.Steps[i].Wait != nil && j < len(f.Steps[i].Wait.Lines); j++ {
			if f.Steps[i].Wait.Lines[j].Signal == flows.SignalReply {
				return true
			}
		}
	}
	return false
}
