package model

import (
	"nudge/channels"
	"nudge/engine"
)

// fact is one thing that happened to one run. A run's history is nothing but its
// facts, in order.
type fact struct {
	kind  factKind
	now   engine.Instant
	seq   uint64
	depth int

	slots  slots                  // messages that may be claimed in it
	paused bool                   // the run's campaign
	allows bool                   // outbound mode lets messages to the person out
	entry  string                 // why the flow's entry would leave a parked run out
	lanes  map[engine.Instant]int // of a parked run's campaign: who was due when, and came before
	kept   []happening            // of one that begins: what came before its row was taken
	known  map[string]any         // of the person, before it; never changed
	outs   map[string]bool        // what the person is opted out of, before it; never changed
	homes  []home                 // where the person lived before, likewise
	places []place                // that the person's messages take up, before it; never changed

	categories map[string]*Category // of the project then; never changed

	h        *happening
	anywhere bool // offer it only to lines that hear every conversation
	receipt  *channels.Receipt
	result   *engine.SendResult
	orphan   *channels.Receipt // that waited for the result

	accounts []engine.AccountPolicy // how they behave then; never changed
	due      engine.Instant
	message  int    // of a claim
	outcome  string // of a child, or of the run itself
	call     int    // of the run's calls, the one whose child ended
	fetched  *engine.FetchResult
	answer   *engine.StatusAnswer
	down     engine.Instant // the last long stop before it
	to       *Flow          // that takes the run over
}

type factKind uint8

const (
	begins     factKind = iota + 1
	leaves              // an event, offered to the exits
	comes               // an event, offered to loops and waits
	answered            // a reply, offered to all lines, or to those that hear every conversation
	placed              // a reply tells the conversation of its message, by its number
	held                // a reply, kept for later
	receipted           // a receipt
	resulted            // a post ended
	rings               // a timer
	claimable           // a slot is free for its planned message
	childEnded          // a run it waits for ended
	fetchEnded          // an HTTP service answered, or not
	touched             // look at the conditions that stand by themselves
	told                // the provider says how a message stands
	asksAgain           // what it asked was asked by a process that is gone
	surveyed            // webhooks may have been lost
	relocates           // its person may live elsewhere now
	goesOn              // its campaign, for which it was parked
	moves               // another version takes it over
	ends                // from outside: cancelled, restarted, forgotten
	retries             // an operator lets it go on although it has ended
)

// happening is an event or a reply.
type happening struct {
	at      engine.Instant
	event   string // empty for a reply
	offered bool   // triggers have had it too, though it is held
	who     string
	data    map[string]any
	raw     string
	text    string
	conv    string
	parts   []any   // of a reply, as conditions see them
	meta    any     // of a reply
	depth   int     // of the input that brought it
	call    bool    // it is a call, and no event
	named   *person // whom it names, as another partition knew them; nil if they are of this one
}

// Message is where a message stands.
type Message struct {
	step     int
	status   engine.MessageStatus
	attempt  int
	resends  int
	account  string         // that carries it; empty for the default one
	byID     bool           // receipts name it by the provider's ID alone
	provider string         // the provider's ID of it, where that is known
	reached  engine.Instant // when the run came to the step
	planned  engine.Instant // when its first attempt was to go out
	posted   engine.Instant
	cap      string // the category under whose cap it has or had a place
	counted  bool   // it has the place
	accepted bool   // the provider has it, or the run went on as if it had
	reason   string // why it is held, or was held back; empty for what is not compared
	handed   *Handed
	conv     string         // the conversation it went to; empty while the provider has not said it
	gone     bool           // a run in a loop without times has let it go
	readAt   engine.Instant // when its reading became known
	replied  bool           // a step has taken a reply to it
	goal     bool           // the run reached its goal after it
	borrowed bool           // the model cannot tell the conversation, and takes the engine's word
	settled  int            // attempts of it that had failed when it was sent again
	doubted  []int          // attempts whose outcome was unknown
	heard    []int          // attempts of which a receipt came
}

// ladder is how far a message can have come, by what is known of it.
var ladder = []engine.MessageStatus{engine.Accepted, engine.Sent, engine.Expired, engine.Failed, engine.Delivered, engine.Read}

var receiptSays = map[channels.Status]engine.MessageStatus{
	channels.Sent: engine.Sent, channels.Delivered: engine.Delivered, channels.Read: engine.Read,
	channels.Failed: engine.Failed, channels.Expired: engine.Expired,
}

func rung(s engine.MessageStatus) int {
	for i, known := range ladder {
		if known == s {
			return i + 1
		}
	}
	return 0 // nothing is known of its fate
}

func lost(s engine.MessageStatus) bool {
	return s == engine.Unsent || s == engine.Failed || s == engine.Expired
}

func underWay(s engine.MessageStatus) bool {
	return s == engine.Planned || s == engine.Held || s == engine.Retrying || s == engine.Claimed || s == engine.Unknown
}

func satisfies(s engine.MessageStatus, signal string) bool {
	switch signal {
	case "read":
		return s == engine.Read
	case "delivered":
		return s == engine.Delivered || s == engine.Read
	case "failed":
		return lost(s)
	}
	return false
}

// entry is one thing that a run's timeline must tell.
type entry struct {
	at      engine.Instant
	kind    engine.Kind
	step    int
	message int
	detail  string // compared where it is not empty
}

// effect is something that follows from the last fact of a run, beyond the run itself.
type effect struct {
	kind   string // emit, call, ask, attributes, opted, places, reached, waits, ended, joined, let in, left out
	name   string
	data   map[string]any
	who    string // of a call: for whom
	key    string // of a call
	call   int    // number of the run's calls
	wait   bool
	ask    engine.StatusQuery
	known  map[string]any
	outs   map[string]bool
	places []place
	left   []happening
	at     engine.Instant
	flow   *Flow
	place  *step // of it, where the run waits
	tookDo bool  // the wait has taken a do
}
