package engine

import (
	"slices"

	"nudge/channels"
	"nudge/flows"
)

// StatusCheck is what a run waits to hear from the provider before its timers count. Those
// that come due meanwhile are held, and ring in their own order once it is over.
type StatusCheck struct {
	Until    Instant // when they count without an answer; 0: nothing is asked
	Messages []int   // asked about and not answered, by number
	Held     []Alarm
	Busy     bool // nobody was free to ask: it is asked again at Until
	Tries    int  // that found nobody free
	Failed   bool // some question had no answer
}

// StatusQuery is an effect: ask the provider how a message stands. It may be carried out only
// after the commit, and its answer must come back as an [Asked]. After a crash it is
// asked again.
type StatusQuery struct {
	Account    string // that carried the message; empty for the default one
	Run        RunID
	Message    int
	ProviderID string
}

// StatusAnswer is what the provider said of a message when it was asked.
type StatusAnswer struct {
	Run     RunID            `json:"run,omitzero"`
	Message int              `json:"message,omitempty"`
	Receipt channels.Receipt `json:"receipt,omitzero"` // one without a status says nothing new
	Failed  string           `json:"failed,omitempty"` // why it could not be asked; empty where it was
	Busy    bool             `json:"busy,omitempty"`   // nobody was free to ask
}

// RecheckRuns has runs ask about their messages: those whose answers were lost with the
// process that had asked, or, as Survey says, the next of all after a long stop.
type RecheckRuns struct {
	Runs   []RunID `json:"runs,omitempty"` // in order
	Survey bool    `json:"survey,omitempty"`
	Last   bool    `json:"last,omitempty"` // of the survey
}

// asksFirst asks the provider before what is due counts, where that may have happened
// already for which the lines wait. It reports whether what is due is held for that.
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

// awaitedMessages are the messages on whose receipts lines wait, newest first and no more
// than may be asked about.
func awaitedMessages(r *Run, lines []flows.Line) (numbers []int) {
	for n := len(r.Messages); n > 0 && len(numbers) < MaxAsks; n-- {
		m := r.Message(n)
		if m.Status < Accepted || m.Status.lost() || m.ProviderID == "" {
			continue
		}
		if slices.ContainsFunc(lines, func(l flows.Line) bool {
			return (l.Signal == flows.SignalRead || l.Signal == flows.SignalDelivered) && named(&l, m) &&
				(l.Step == flows.AnyStep || m == r.sentBy(l.Step)) && !satisfies(m.Status, l.Signal)
		}) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// worthAsking are those of the messages about which the provider is to be asked: their
// account wants that always, or their webhooks may have been lost in a long stop.
func (a *applier) worthAsking(r *Run, numbers []int) []int {
	state := &a.e.State
	return slices.DeleteFunc(numbers[:len(numbers):len(numbers)], func(n int) bool {
		m := r.Message(n)
		p := state.policyOf(m.Account)
		missed := m.Posted < state.Down && r.StatusChecked < state.Down
		return !p.Asks || !p.Verify && !missed
	})
}

// ask begins to ask about messages, where there are any.
func (a *applier) ask(r *Run, numbers []int) {
	if len(numbers) == 0 {
		return
	}
	r.StatusCheck.Messages = slices.Clone(numbers)
	a.askAgain(r)
}

// askAgain asks about what has no answer yet.
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

// apply applies what the provider said when it was asked.
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
		if !r.StatusCheck.Busy { // of several questions at once all are one try
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

// endAsking lets the timers count that were held. Where none was, and some question had no
// answer, nothing was decided: the next timer asks again.
func (r *Run) endAsking(now Instant) {
	if len(r.StatusCheck.Held) > 0 || !r.StatusCheck.Failed {
		r.StatusChecked = now
	}
	r.Alarms = append(slices.DeleteFunc(r.Alarms, func(x Alarm) bool { return x.Place == AtAsk }), r.StatusCheck.Held...)
	r.StatusCheck = StatusCheck{}
	r.setDeadline()
}

// ringAsking ends the time for an answer, or asks where nobody was free to.
func (a *applier) ringAsking(r *Run) {
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

// dropHeld forgets the timers of a place that were held. Where no other waits for the
// answers, nobody does.
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

// apply has runs ask.
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
			continue // it asks already, or has gone on since it asked
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
