package engine

import (
	"slices"

	"nudge/channels"
	"nudge/flows"
)

// StatusCheck is the provider's answers that a run waits for before its timers fire. Timers
// that become due meanwhile are held, and fire in their own order when the check is over.
type StatusCheck struct {
	Until    Instant // when they fire without an answer; 0: no check is under way
	Messages []int   // numbers of the messages without an answer yet
	Held     []Alarm
	Busy     bool  // the account queue was full: the run repeats the check at Until
	Failed   bool  // some question got no answer
	Tries    uint8 // how often the account queue was full
}

// StatusQuery is the engine's request to ask the provider for the status of a message. Carry
// it out only after the commit, and return its answer as a [StatusAnswer]. After a crash it
// is asked again.
type StatusQuery struct {
	Account    string // the account that sent the message; empty for the default one
	Run        RunID
	Message    int
	ProviderID string
}

// StatusAnswer is the provider's answer to a status query.
type StatusAnswer struct {
	Run     RunID            `json:"run,omitzero"`
	Message int              `json:"message,omitempty"`
	Receipt channels.Receipt `json:"receipt,omitzero"` // a receipt without a status adds nothing new
	Failed  string           `json:"failed,omitempty"` // why asking failed; empty if it succeeded
	Busy    bool             `json:"busy,omitempty"`   // the account queue was full
}

// RecheckRuns makes runs check the status of their messages. These are runs whose answers
// were lost with the process that asked. With Survey they are the next of all runs, after a
// long stop.
type RecheckRuns struct {
	Runs   []RunID `json:"runs,omitempty"` // in order
	Survey bool    `json:"survey,omitempty"`
	Last   bool    `json:"last,omitempty"` // these are the last runs of the survey
}

// asksFirst starts a status check before a due timer fires, if the event that the lines wait
// for may have happened already. It reports whether the timer is held for that.
func (a *applier) asksFirst(r pinned, due Instant) bool {
	if due <= r.StatusChecked || len(a.e.State.Accounts) == 0 {
		return false
	}
	for _, w := range r.watches().All() {
		isDue := func(x Alarm) bool { return x.Place == w.Place && x.At <= due }
		if w.Place == AtExits || !slices.ContainsFunc(r.Alarms, isDue) {
			continue
		}
		unread := awaitedMessages(r.Run, w.Lines)
		if r.StatusCheck.Until == 0 {
			a.ask(r.Run, a.worthAsking(r.Run, unread))
		}
		if !slices.ContainsFunc(unread, func(n int) bool { return slices.Contains(r.StatusCheck.Messages, n) }) {
			continue
		}
		for _, x := range r.Alarms {
			if isDue(x) {
				r.StatusCheck.Held = append(r.StatusCheck.Held, x)
			}
		}
		r.Alarms = slices.DeleteFunc(r.Alarms, isDue)
		r.setDeadline()
		return true
	}
	return false
}

// awaitedMessages returns the messages whose receipts the lines wait for, newest first, at
// most MaxAsks.
func awaitedMessages(r *Run, lines []flows.Line) (numbers []int) {
	for i := len(r.Messages) - 1; i >= 0 && len(numbers) < MaxAsks; i-- {
		m := &r.Messages[i]
		if m.Status < Accepted || m.Status.lost() || m.ProviderID == "" {
			continue
		}
		if slices.ContainsFunc(lines, func(l flows.Line) bool {
			return (l.Signal == flows.SignalRead || l.Signal == flows.SignalDelivered) && named(&l, m) &&
				(l.Step == flows.AnyStep || m == r.sentBy(l.Step)) && !satisfies(m.Status, l.Signal)
		}) {
			numbers = append(numbers, m.Number)
		}
	}
	return numbers
}

// worthAsking returns the messages whose status must be checked: their account always wants
// a check, or their webhooks may have been lost in a long stop.
func (a *applier) worthAsking(r *Run, numbers []int) []int {
	state := &a.e.State
	return slices.DeleteFunc(numbers[:len(numbers):len(numbers)], func(n int) bool {
		m := r.Message(n)
		p := state.policyOf(m.Account)
		missed := m.Posted < state.Down && r.StatusChecked < state.Down
		return !p.Asks || !p.Verify && !missed
	})
}

// ask starts a status check of messages, if there are any.
func (a *applier) ask(r *Run, numbers []int) {
	if len(numbers) == 0 {
		return
	}
	r.StatusCheck.Messages = slices.Clone(numbers)
	a.askAgain(r)
}

// askAgain repeats the questions that have no answer yet.
func (a *applier) askAgain(r *Run) {
	r.StatusCheck.Busy = false
	a.awaitAnswers(r, a.now.Add(AskTime))
	for _, n := range r.StatusCheck.Messages {
		m := r.Message(n)
		a.out.StatusQueries = append(a.out.StatusQueries, StatusQuery{Account: m.Account, Run: r.ID, Message: n, ProviderID: m.ProviderID})
	}
}

func (a *applier) awaitAnswers(r *Run, until Instant) {
	r.StatusCheck.Until = until
	r.setAlarm(Alarm{At: until, Place: AtAsk})
}

// Kind is InputStatusAnswer.
func (in *StatusAnswer) Kind() InputKind { return InputStatusAnswer }

func (in *StatusAnswer) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, in.Run)
}

// apply applies the provider's answer to a status query.
func (in *StatusAnswer) apply(a *applier) {
	r := a.ws.Run(in.Run)
	if r == nil || r.Message(in.Message) == nil {
		a.ignore("there is no such message")
		return
	}
	news := in.Receipt.Status != 0 && statusOf(in.Receipt.Status) > r.Message(in.Message).Status
	if !news && !slices.Contains(r.StatusCheck.Messages, in.Message) {
		a.ignore("nobody waits for this answer")
		return
	}
	r = a.edit(in.Run)
	if in.Busy {
		if !r.StatusCheck.Busy { // several questions at once are one try
			r.StatusCheck.Tries++
		}
		r.StatusCheck.Busy = true
		a.awaitAnswers(r, a.now.Add(AskPause))
		return
	}
	r.log(Entry{At: a.now, Kind: KindAsked, Step: r.Message(in.Message).Step, Message: in.Message, Detail: askedDetail(in)})
	r.StatusCheck.Failed = r.StatusCheck.Failed || in.Failed != ""
	if news {
		a.upgradeStatus(r, in.Message, &in.Receipt)
	}
	if i := slices.Index(r.StatusCheck.Messages, in.Message); i >= 0 {
		if r.StatusCheck.Messages = slices.Delete(r.StatusCheck.Messages, i, i+1); len(r.StatusCheck.Messages) == 0 {
			r.endAsking(a.now)
		}
	}
}

func askedDetail(in *StatusAnswer) string {
	switch {
	case in.Failed != "":
		return "it could not be asked, " + cut(in.Failed, MaxReasonBytes)
	case in.Receipt.Status != 0:
		return receiptDetail(&in.Receipt)
	}
	return "nothing new, " + cut(in.Receipt.Reason, MaxReasonBytes)
}

// endAsking lets the held timers fire. If no timer was held, and some question got no
// answer, the check decides nothing: the next timer asks again.
func (r *Run) endAsking(now Instant) {
	if len(r.StatusCheck.Held) > 0 || !r.StatusCheck.Failed {
		r.StatusChecked = now
	}
	r.Alarms = append(slices.DeleteFunc(r.Alarms, func(x Alarm) bool { return x.Place == AtAsk }), r.StatusCheck.Held...)
	r.StatusCheck = StatusCheck{}
	r.setDeadline()
}

// fireCheckAlarm ends the time for an answer, or repeats the check if the account queue was full.
func (a *applier) fireCheckAlarm(r *Run) {
	if r.StatusCheck.Busy && r.StatusCheck.Tries < MaxAskTries {
		a.askAgain(r)
		return
	}
	for _, n := range r.StatusCheck.Messages {
		r.log(Entry{At: a.now, Kind: KindAsked, Step: r.Message(n).Step, Message: n, Detail: "no answer in time"})
	}
	r.StatusCheck.Failed = true
	r.endAsking(a.now)
}

// dropHeld drops the held timers of a place. If no other timer waits for the answers, it
// ends the status check.
func (r *Run) dropHeld(place int) {
	if len(r.StatusCheck.Held) == 0 {
		return
	}
	r.StatusCheck.Held = slices.DeleteFunc(r.StatusCheck.Held, func(x Alarm) bool { return x.Place == place })
	if len(r.StatusCheck.Held) == 0 {
		r.StatusCheck = StatusCheck{}
		r.clearAlarms(AtAsk)
	}
}

// Kind is InputRecheckRuns.
func (in *RecheckRuns) Kind() InputKind { return InputRecheckRuns }

func (in *RecheckRuns) needs(_ *Engine, n *Needs) {
	n.Runs = append(n.Runs, in.Runs...)
}

// apply makes the runs start a status check.
func (in *RecheckRuns) apply(a *applier) {
	for _, id := range in.Runs {
		r := a.ws.Run(id)
		if r == nil || !r.Live() {
			continue
		}
		a.blamed = id
		if asking := r.StatusCheck.Until != 0; asking || !in.Survey {
			if asking && !in.Survey {
				a.askAgain(a.edit(id))
			}
			continue // it has a check under way, or has continued since it asked
		}
		var unread []int
		for _, w := range a.e.pin(r).watches().All() {
			unread = append(unread, awaitedMessages(r, w.Lines)...)
		}
		slices.Sort(unread)
		unread = slices.Compact(unread)
		if unread = a.worthAsking(r, unread); len(unread) > 0 {
			a.ask(a.edit(id), unread[max(len(unread)-MaxAsks, 0):])
		}
	}
	if !in.Survey {
		return
	}
	a.changed = true
	a.e.State.Surveying = !in.Last
	if n := len(in.Runs); n > 0 {
		a.e.State.Surveyed = in.Runs[n-1]
	}
}
