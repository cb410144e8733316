package engine

import "nudge/channels"

// Message is one send of one run, as far as the engine knows it.
type Message struct {
	Number       int // in the run, from 1
	Step         int // index of the send step
	Status       MessageStatus
	Counted      bool    // the cap counts the newest attempt
	ByID         bool    // its receipts name it only by ProviderID
	Accepted     bool    // the provider has it; or nobody can say, and the run went on
	Replied      bool    // a step has taken a reply to it
	Goal         bool    // the run reached its goal after it
	Attempt      int     // number of the newest post, from 1; 0 before the first
	Resends      int     // posts after an unknown outcome
	Reached      Instant // when the run came to its step; max_delay counts from here
	Planned      Instant // when it was planned: the "now" of its template
	Order        uint64  // place in the outbox: the number of the input that planned it
	Posted       Instant // when the newest attempt was claimed
	ReadAt       Instant // when its reading became known; 0 for never
	Cap          string  // category whose cap counts it; empty for none
	Reason       string  // why it is held, unsent, failed, deferred or unknown
	ProviderID   string  // the provider's message ID, once known
	Conversation string  // conversation it was posted to; empty until the provider has said which it assigned
	Account      string  // the account that sends it; empty for the default one
}

// MessageStatus is the status of a message. The constants are in rising order. A status
// never falls, with one exception: until the message is proved accepted, it may go from
// Claimed back to Retrying, and from Held, Retrying or Unknown back to Planned. When an operator
// tries a run again, its last message begins anew if it certainly failed.
type MessageStatus uint8

const (
	Planned   MessageStatus = iota + 1 // to be sent; in the outbox
	Held                               // until its window opens or its cap has room; a timer plans it again
	Retrying                           // deferred by the provider; a timer plans it again
	Claimed                            // posted, or about to be; in the outbox
	Unknown                            // it is not known whether the provider accepted it
	Unsent                             // the engine held it back
	Accepted                           // the provider has it
	Sent                               // it went out
	Expired                            // it ended undelivered
	Failed                             // refused, or it did not arrive
	Delivered                          // it reached the person's device
	Read                               // the person saw it
)

var messageStatusNames = [...]string{
	Planned: "planned", Held: "held", Retrying: "retrying", Claimed: "claimed", Unknown: "unknown",
	Unsent: "unsent", Accepted: "accepted", Sent: "sent", Expired: "expired",
	Failed: "failed", Delivered: "delivered", Read: "read",
}

// String is the word for a status in YAML, timelines, logs and metrics.
func (s MessageStatus) String() string { return word(messageStatusNames[:], int(s), "status") }

// Pending reports whether the send is still under way, so that the run waits for it.
func (s MessageStatus) Pending() bool { return s < Unsent }

// Outbox reports whether a message of this status is in the outbox: it must still be posted,
// or its post has no outcome yet.
func (s MessageStatus) Outbox() bool { return s == Planned || s == Claimed }

// lost reports whether the message certainly did not reach the person.
func (s MessageStatus) lost() bool { return s == Unsent || s == Failed || s == Expired }

// skipped reports whether the message stands for a send whose condition was false.
func (m *Message) skipped() bool { return m.Status == Unsent && m.Reason == ReasonSkipped }

func statusOf(s channels.Status) MessageStatus {
	switch s {
	case channels.Sent:
		return Sent
	case channels.Delivered:
		return Delivered
	case channels.Read:
		return Read
	case channels.Failed:
		return Failed
	case channels.Expired:
		return Expired
	}
	panic("engine: receipt with unknown status")
}
