package runner

import (
	"cmp"
	"math"

	"nudge/engine"
)

// accountQueue holds the planned messages of one account, in order, and says how many of
// them may be claimed.
type accountQueue struct {
	account string
	policy  engine.AccountPolicy
	limit   limiter

	backlog []engine.OutboxRef // planned messages, in order
	more    bool               // there may be planned messages after the backlog
	read    engine.OutboxRef   // the outbox is known up to here
	claims  int                // taken off the backlog for this step and not yet applied
	waits   bool               // the batch in hand has planned a message
}

func newAccountQueue(x AccountSettings) *accountQueue {
	return &accountQueue{account: x.Account, limit: limiter{places: x.Places, rate: x.Rate, room: math.MaxInt}, more: true,
		policy: engine.AccountPolicy{Account: x.Account, ByID: x.ByID, Verify: x.Verify, Asks: x.Asks}}
}

// queueOf returns the queue of an account's messages; nil if no account carries them.
func (l *Loop) queueOf(account string) *accountQueue {
	for _, x := range l.accounts {
		if x.account == account || x.account == engine.AnyAccount {
			return x
		}
	}
	if account == "" {
		return l.accounts[0]
	}
	return nil
}

// free returns how many messages of an account may be claimed now.
func (l *Loop) free(x *accountQueue) int {
	if l.hold || l.core.State.Holding() {
		return 0
	}
	return x.limit.free(l.now)
}

// refill reads planned messages from the outbox once the backlog is used up. It skips the
// messages of other accounts.
func (l *Loop) refill(x *accountQueue) error {
	for x.more && len(x.backlog) == 0 && l.free(x) > 0 {
		found, err := l.store.Outbox(x.read, maxBacklog)
		if err != nil {
			return err
		}
		for _, e := range found {
			if !e.Claimed && l.queueOf(e.Account) == x {
				x.backlog = append(x.backlog, e.OutboxRef)
			}
		}
		if x.more = len(found) == maxBacklog; len(found) > 0 {
			x.read = found[len(found)-1].OutboxRef
		}
	}
	return nil
}

// plan adds a message that waits for a place.
func (x *accountQueue) plan(ref engine.OutboxRef) {
	n := len(x.backlog)
	switch {
	case compareRefs(ref, x.read) <= 0 || n > 0 && compareRefs(ref, x.backlog[n-1]) < 0:
		// It was claimed and taken back. It comes before the messages read so far, so
		// read again from the start.
		x.backlog, x.read, x.more = x.backlog[:0], engine.OutboxRef{}, true
	case x.more:
	case n >= maxBacklog:
		x.more = true
	default:
		x.backlog = append(x.backlog, ref)
		x.read = ref
	}
}

// compareRefs orders messages as the outbox does.
func compareRefs(a, b engine.OutboxRef) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order), a.Run.Compare(b.Run), cmp.Compare(a.Message, b.Message))
}
