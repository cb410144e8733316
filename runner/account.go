package runner

import (
	"cmp"
	"fmt"
	"time"

	"nudge/channels"
	"nudge/flows"
)

const (
	defaultSenders = 64      // requests to one account at the same time, or `senders` of the account; more messages wait, planned
	maxSenders     = 4096    // the largest Account.Senders; a larger one is an error of New
	defaultBatch   = 500     // messages in one request where the channel takes several; further ones go into the next request
	maxPlaces      = 1 << 13 // messages of one account that are claimed and without an outcome; more wait, planned
)

// Account is one way to the provider.
type Account struct {
	Name    string           // by which flows name it; may be empty when it is the only one
	Channel channels.Channel // carries the messages; required
	Senders int              // requests at the same time; 0: 64, at most 4096
	Batch   int              // messages in one request, where the channel takes several; 0: 500
	Rate    flows.Rate       // messages that it takes; zero for any number
	ByID    bool             // its receipts name a message by the provider's ID alone
	Verify  bool             // it is asked before a timer of a wait for a receipt counts; the channel must be an Asker
}

func (a Account) withDefaults() (Account, error) {
	a.Senders, a.Batch = cmp.Or(a.Senders, defaultSenders), cmp.Or(a.Batch, defaultBatch)
	switch {
	case a.Channel == nil:
		return a, a.wrong("Channel is required")
	case a.Senders < 1 || a.Senders > maxSenders:
		return a, a.wrong("Senders is %d, must be 1 to %d", a.Senders, maxSenders)
	case a.Batch < 1:
		return a, a.wrong("Batch is %d, must be 1 or more", a.Batch)
	case a.Rate.Messages < 0, a.Rate.Messages > 0 && a.Rate.Per < time.Millisecond:
		return a, a.wrong("Rate is %d in %v, must be 1 or more in 1ms or more", a.Rate.Messages, a.Rate.Per)
	}
	if _, ok := a.Channel.(channels.Asker); a.Verify && !ok {
		return a, a.wrong("Verify is set, but its channel cannot be asked")
	}
	if batcher, ok := a.Channel.(channels.Batcher); ok {
		a.Batch = min(a.Batch, max(batcher.BatchLimit(), 1))
	} else {
		a.Batch = 1
	}
	return a, nil
}

func (a Account) wrong(format string, args ...any) error {
	which := "Config."
	if a.Name != "" {
		which = fmt.Sprintf("account %s: ", a.Name)
	}
	return fmt.Errorf("runner: "+which+format, args...)
}

// places returns how many messages may be claimed without an outcome: those that the
// senders take at a time, and those that may wait behind them.
func (a Account) places() int {
	if a.Batch == 1 {
		return a.Senders
	}
	return min((a.Senders+ahead)*a.Batch, maxPlaces)
}
