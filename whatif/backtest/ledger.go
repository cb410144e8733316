package backtest

import (
	"nudge/engine"
)

// ledger is what a world led to.
type ledger struct {
	messages   []sent
	started    int
	live       int
	endings    map[flowWord]int
	unsent     map[string]int
	assumed    [asLast]int
	unanswered int // fetches without a recorded answer
	unfrozen   int // campaigns without a recorded audience
}

// flowWord is a word about a flow.
type flowWord struct{ flow, word string }

// sent is one message that left.
type sent struct {
	at      engine.Instant
	started engine.Instant // of its run
	self    runKey
	key     messageKey
	text    uint64 // a hash of what the person sees
}

// how says where what came back for a message was taken from.
type how int

const (
	asRecorded how = iota // it is what really came back
	asOthers              // what came back for another person's message of the same template
	asUnread              // accepted, and never heard of again
	asLast
)

func newLedger() ledger {
	return ledger{endings: map[flowWord]int{}, unsent: map[string]int{}}
}

// change takes down what a step changed of a run.
func (l *ledger) change(c engine.Change) {
	if c.Before == nil {
		l.started++
		l.live++
	}
	wasLive := c.Before == nil || c.Before.Live()
	if wasLive && !c.After.Live() {
		l.live--
		l.endings[flowWord{c.After.Flow, c.After.Outcome}]++
	}
	for _, m := range c.After.Messages {
		if m.Status == engine.Unsent && (c.Before == nil || c.Before.Message(m.Number) == nil || c.Before.Message(m.Number).Status != engine.Unsent) {
			l.unsent[m.Reason]++
		}
	}
}

func (l *ledger) sent(r *engine.Run, key messageKey, at engine.Instant, text uint64) {
	l.messages = append(l.messages, sent{at: at, started: r.Started(), self: runKey{r.Flow, r.Profile, r.Key}, key: key, text: text})
}
