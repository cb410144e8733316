package model

import (
	"slices"

	"nudge/channels"
	"nudge/engine"
)

// asking is what a run waits to hear from the provider before its timers count.
type asking struct {
	until    engine.Instant // when they count without an answer; 0: nothing is asked
	messages []int          // without an answer, by number
	held     []heldTimer
	busy     bool // nobody was free to ask
	tries    int  // that found nobody free
	failed   bool // some question had no answer
}

// heldTimer is a timer that came due while the provider was asked. It goes with its list.
type heldTimer struct {
	list *list
	line int // or endOfRound
	due  engine.Instant
}

const endOfRound = -1

// mark notes a state worth having been in, if the fact in hand is the last.
func (w *walk) mark(state string) {
	w.effects = append(w.effects, effect{kind: "reached", name: state})
}

// unread are the messages on whose receipts lines wait, the newest first: the provider has
// them, knows them by an ID, and they may still come to where a line waits for them.
func (w *walk) unread(lines []line) (numbers []int) {
	for n := len(w.messages); n > 0 && len(numbers) < engine.MaxAsks; n-- {
		m := &w.messages[n-1]
		if rung(m.status) == 0 || lost(m.status) || m.provider == "" {
			continue
		}
		if slices.ContainsFunc(lines, func(l line) bool {
			return (l.signal == "read" || l.signal == "delivered") && w.meant(&l, n) && !satisfies(m.status, l.signal)
		}) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// meant reports whether a line names a message, and no newer one of the same step.
func (w *walk) meant(l *line, n int) bool {
	return w.named(l, &w.messages[n-1]) && (l.of == "any" ||
		!slices.ContainsFunc(w.messages[n:], func(newer Message) bool { return w.named(l, &newer) }))
}

// worth are those messages about which the provider is to be asked now.
func (w *walk) worth(numbers []int) (worth []int) {
	for _, n := range numbers {
		m := &w.messages[n-1]
		p := policyOf(w.f.accounts, m.account)
		missed := m.posted < w.f.down && w.asked < w.f.down
		if p.Asks && (p.Verify || missed) {
			worth = append(worth, n)
		}
	}
	return worth
}

// policyOf is how an account behaves.
func policyOf(accounts []engine.AccountPolicy, account string) engine.AccountPolicy {
	for i, p := range accounts {
		if p.Account == account || p.Account == engine.AnyAccount || account == "" && i == 0 {
			return p
		}
	}
	return engine.AccountPolicy{}
}

// asksFirst asks the provider before what is due counts, where it may know of that for which
// the lines wait. It reports whether a timer is held for that.
func (w *walk) asksFirst(due engine.Instant) bool {
	if due <= w.asked { // it was held, or everything was known already
		return false
	}
	for _, l := range w.lists[1:] {
		if l.rest != due && !slices.Contains(l.due, due) {
			continue
		}
		unread := w.unread(l.lines)
		if w.asking.until == 0 {
			w.question(w.worth(unread))
		}
		if !slices.ContainsFunc(unread, func(n int) bool { return slices.Contains(w.asking.messages, n) }) {
			continue
		}
		w.mark("asked before a timer counts")
		if l.rest == due {
			w.asking.held, l.rest = append(w.asking.held, heldTimer{l, endOfRound, due}), 0
		}
		for i := range l.due {
			if l.due[i] == due {
				w.asking.held, l.due[i] = append(w.asking.held, heldTimer{l, i, due}), 0
			}
		}
		return true
	}
	return false
}

// question begins to ask about messages, where there are any.
func (w *walk) question(messages []int) {
	if len(messages) > 0 {
		w.asking.messages = slices.Clone(messages)
		w.questionAgain()
	}
}

// questionAgain asks about all that has no answer.
func (w *walk) questionAgain() {
	w.asking.busy, w.asking.until = false, w.f.now.Add(engine.AskTime)
	for _, n := range w.asking.messages {
		m := &w.messages[n-1]
		w.effects = append(w.effects, effect{kind: "ask", ask: engine.StatusQuery{Account: m.account, Run: w.run.id, Message: n, ProviderID: m.provider}})
	}
}

// hearsAnswer takes what the provider says of a message, which may be of use though nobody
// waits for it any more. It reports whether there is news.
func (w *walk) hearsAnswer() (news bool) {
	in := w.f.answer
	m := &w.messages[in.Message-1]
	news = rung(receiptSays[in.Receipt.Status]) > rung(m.status)
	if !news && !slices.Contains(w.asking.messages, in.Message) {
		return false
	}
	w.moved = true
	if in.Busy {
		w.mark("nobody was free to ask")
		if !w.asking.busy { // all that find nobody free in one go are one try
			w.asking.tries++
		}
		w.asking.busy, w.asking.until = true, w.f.now.Add(engine.AskPause)
		return false
	}
	w.note(engine.KindAsked, m.step, in.Message, answerSays(in))
	w.asking.failed = w.asking.failed || in.Failed != ""
	if news {
		w.lift(m, &in.Receipt)
	}
	return news
}

func answerSays(in *engine.StatusAnswer) string {
	switch {
	case in.Failed != "":
		return "it could not be asked, " + in.Failed
	case in.Receipt.Status == 0:
		return "nothing new, " + in.Receipt.Reason
	case in.Receipt.Reason != "":
		return in.Receipt.Status.String() + ": " + in.Receipt.Reason
	}
	return in.Receipt.Status.String()
}

// crossOut ends a question once its answer, and all that it led to, is known. With the last
// of them the timers count that were held.
func (w *walk) crossOut() {
	if w.f == nil || w.f.kind != told || w.f.answer.Busy {
		return
	}
	i := slices.Index(w.asking.messages, w.f.answer.Message)
	if i < 0 {
		return
	}
	if w.asking.messages = slices.Delete(w.asking.messages, i, i+1); len(w.asking.messages) == 0 {
		w.answersIn()
	}
}

// answersIn lets the timers count that were held. Where none was, and a question had no
// answer, it may be asked again.
func (w *walk) answersIn() {
	if len(w.asking.held) > 0 || !w.asking.failed {
		w.asked = w.f.now
	}
	for _, h := range w.asking.held {
		if h.line == endOfRound {
			h.list.rest = h.due
		} else {
			h.list.due[h.line] = h.due
		}
	}
	w.asking = asking{}
}

// noAnswer is the end of the time for an answer, or of the pause after which somebody may be
// free to ask.
func (w *walk) noAnswer() {
	if w.asking.busy && w.asking.tries < engine.MaxAskTries {
		w.questionAgain()
		return
	}
	w.mark("a question without an answer")
	for _, n := range w.asking.messages {
		w.note(engine.KindAsked, w.messages[n-1].step, n, "no answer in time")
	}
	w.asking.failed = true
	w.answersIn()
}

// leaveLists leaves all lists but the outermost, with the timers of theirs that were held.
// Where no other is held, nobody waits for the answers.
func (w *walk) leaveLists(but int) {
	gone := w.lists[but:]
	w.lists = w.lists[:but]
	if len(w.asking.held) == 0 {
		return
	}
	w.asking.held = slices.DeleteFunc(w.asking.held, func(h heldTimer) bool { return slices.Contains(gone, h.list) })
	if len(w.asking.held) == 0 {
		w.asking = asking{}
	}
}

// isSurveyed asks about all for whose receipts the run waits, before any timer is due.
func (w *walk) isSurveyed() {
	if w.asking.until != 0 {
		return
	}
	var unread []int
	for _, l := range w.lists {
		unread = append(unread, w.unread(l.lines)...)
	}
	slices.Sort(unread)
	unread = w.worth(slices.Compact(unread))
	if len(unread) > 0 {
		w.moved = true
		w.question(unread[max(0, len(unread)-engine.MaxAsks):])
	}
}

// lift gives a message the status that the provider tells of.
func (w *walk) lift(m *Message, rc *channels.Receipt) {
	if m.conv == "" {
		m.conv = rc.Conversation
	}
	m.status, m.reason, m.accepted = receiptSays[rc.Status], "", true
	if m.status == engine.Read {
		m.readAt = w.f.now
	}
	if m.provider == "" {
		m.provider = rc.ProviderID
	}
	w.keepPlace(m)
}
