package engine

import "time"

// The limits of the engine. Input beyond a limit is refused, or its effect ends visibly,
// never silently.
const (
	MaxEventBytes     = 64 << 10 // an event's data
	MaxLiveRuns       = 100      // live runs of one person; a trigger beyond it is skipped
	MaxMessagesPerRun = 200      // messages of one run, without the skipped ones; one more fails the run
	MaxStepsPerInput  = 1000     // steps one run takes for one input; one more fails the run
	MaxMailbox        = 100      // events and replies held for a run; a full mailbox drops the oldest
	MaxAttempts       = 20       // posts of one message that the provider deferred
	MaxResends        = 2        // posts after an unknown outcome, under on_unknown: resend
	MaxReplyBytes     = 16 << 10 // text of a reply; the rest is cut off
	MaxKeyBytes       = 512      // a run's key
	MaxProfileBytes   = 256      // a profile ID
	MaxEventType      = 128      // characters of an event's type
	MaxIDBytes        = 256      // an idempotency id
	MaxReasonBytes    = 512      // a reason on a timeline; the rest is cut off
	MaxRunsPerInput   = 1000     // runs that one input touches by a key; derived inputs touch the rest
	MaxItems          = 1000     // items of a collect; the last one ends it
	MaxDepth          = 16       // inputs in a row that follow from one another
	MaxQueue          = 100      // events that wait in a person's queue
	MaxReplyStarts    = 10       // runs of one flow that one person's replies may start per ReplyStartsPer
	MaxFetchBytes     = 64 << 10 // a fetched answer that is kept; a larger one counts as not JSON
	MaxOptOuts        = 1000     // categories that a person is opted out of by name
	MaxVarsBytes      = 64 << 10 // the variables of a run with their names; more fails the run
	MaxProfileData    = 64 << 10 // the attributes of a person
	MaxOrphans        = 10_000   // messages whose receipts wait for their ID; receipts of more messages are ignored
	MaxAsks           = 20       // messages that one run checks at a time, the newest
	MaxAskTries       = 40       // repeats of a status check while the account queue is full
)

// How long the engine waits.
const (
	// UnknownHold is how long a webhook may still prove a message with an unknown outcome,
	// before on_unknown decides. It must never be shorter than the 130 s that the provider
	// itself may take for a request.
	UnknownHold = 15 * time.Minute
	// OrphanHold is how long a receipt that names a message only by the provider's ID waits
	// for the answer with that ID.
	OrphanHold = 15 * time.Minute
	// AskTime is how long a status check may take. After that the timer that caused it fires
	// without an answer.
	AskTime = 2 * time.Minute
	// AskPause is how long a run waits before it repeats a status check that found no free
	// worker.
	AskPause = 15 * time.Second
	// IDRetention is how long the id of an event, reply or command is remembered.
	IDRetention = 72 * time.Hour

	// ReplyStartsPer is the period of MaxReplyStarts.
	ReplyStartsPer = time.Hour

	firstRetry = 2 * time.Second // pause before the first retry of a deferred message
	maxRetry   = 5 * time.Minute // longest pause that we choose ourselves
)
