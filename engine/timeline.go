package engine

import "strings"

// Entry is one thing that happened to a run, in compact form: the input, the step, the
// decision. Describe makes the words when it is read.
type Entry struct {
	At      Instant
	Kind    Kind
	Step    int    // index of the step concerned; NoStep for none
	Message int    // number of the message concerned; 0 for none
	Attempt int    // of the message; 0 for none
	Detail  string // event type, outcome, reason or text; the kind says which
}

// UnsentReason returns why the message of the entry is unsent, one of UnsentReasons, or
// nothing if the entry is about something else.
func (e *Entry) UnsentReason() string {
	switch {
	case e.Kind == KindUnsent:
		reason, _, _ := strings.Cut(e.Detail, ":")
		return reason
	case e.Kind == KindSkipped && e.Message != 0:
		return ReasonSkipped
	}
	return ""
}

// NoStep is the Entry.Step of an entry that concerns no step.
const NoStep = -1

// Kind says what happened in an entry of a timeline.
type Kind uint8

const (
	KindStarted     Kind = iota + 1 // Detail: event type
	KindSkipped                     // step's condition was false
	KindPlanned                     // message waits for a free slot
	KindClaimed                     // message is handed to the channel
	KindAccepted                    // Detail: the provider's message ID
	KindRefused                     // Detail: reason
	KindDeferred                    // Detail: reason
	KindUnknown                     // Detail: reason
	KindResend                      // after an unknown outcome
	KindGaveUp                      // Detail: reason
	KindUnsent                      // Detail: reason
	KindReceipt                     // Detail: status, and reason after ": "
	KindWaiting                     // Detail: the deadline in RFC 3339, empty for none
	KindWaitEnded                   // Detail: outcome
	KindEvent                       // Detail: event type; it concerned the run
	KindReply                       // Detail: text
	KindHeld                        // Detail: event type or text; kept for the next wait
	KindDropped                     // Detail: event type or text; the mailbox was full
	KindBranch                      // Detail: name of the arm taken; empty for none
	KindSet                         // Detail: names
	KindEnded                       // Detail: outcome
	KindError                       // Detail: what broke, with its place
	KindQuarantined                 // Detail: why: a fault of the engine, or damage to the record
	KindRound                       // Detail: number of the round that begins
	KindItem                        // Detail: event type; collected
	KindEmitted                     // Detail: event type
	KindCalled                      // Detail: flow
	KindFetch                       // Detail: method and host
	KindFetched                     // Detail: status, or why there was no answer
	KindOpted                       // Detail: in or out, and of what
	KindLeft                        // Detail: event type or text; held, and no step took it
	KindScheduled                   // Detail: the person's own time in RFC 3339; empty until it is read
	KindDelayed                     // Detail: the end of the hold in RFC 3339, and the reason after ", "
	KindMoved                       // Detail: from which step of which version, or out
	KindReturned                    // Detail: the reason why the message was not posted; it is planned again
	KindAsked                       // Detail: the provider's answer to a status check
	KindLeftOut                     // Detail: why, one of the Left constants
	KindPassedOver                  // Detail: the timer of a line, and why it is not taken after ": "
	KindTakenBack                   // Detail: event type; it took an item back
	KindLeaving                     // Detail: the outcome of the exit whose steps follow
	KindDo                          // Detail: the signal of the line whose do is taken
	KindRetried                     // Detail: where it had failed, and why it is tried again after ': '
)

var kindNames = [...]string{
	KindStarted: "started", KindSkipped: "skipped", KindPlanned: "planned", KindClaimed: "claimed",
	KindAccepted: "accepted", KindRefused: "refused", KindDeferred: "deferred", KindUnknown: "unknown",
	KindResend: "resend", KindGaveUp: "gave up", KindUnsent: "unsent", KindReceipt: "receipt",
	KindWaiting: "waiting", KindWaitEnded: "wait ended", KindEvent: "event", KindReply: "reply",
	KindHeld: "held", KindDropped: "dropped", KindBranch: "branch", KindSet: "set", KindEnded: "ended",
	KindError: "error", KindQuarantined: "quarantined", KindRound: "round", KindItem: "item",
	KindEmitted: "emitted", KindCalled: "called", KindFetch: "fetch", KindFetched: "fetched", KindOpted: "opted", KindLeft: "left",
	KindScheduled: "scheduled", KindDelayed: "delayed", KindMoved: "moved", KindReturned: "returned",
	KindAsked: "asked", KindLeftOut: "left out",
	KindPassedOver: "passed over",
	KindTakenBack:  "taken back",
	KindLeaving:    "leaving",
	KindDo:         "do",
	KindRetried:    "retried",
}

// String is the word for a kind in the API.
func (k Kind) String() string { return word(kindNames[:], int(k), "kind") }

// MarshalText writes the word.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
