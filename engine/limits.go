package engine

import "time"

// The limits of the engine. Input beyond a limit is refused, or its effect ends visibly,
// never silently. TestLimitsPage makes docs/operations.md of these comments.
const (
	MaxEventBytes     = 64 << 10 // bytes of an event's data; a larger event is refused with 413
	MaxLiveRuns       = 100      // live runs of one person; one more start is skipped
	MaxMessagesPerRun = 200      // messages of one run that are not skipped; one more fails the run, or makes a repeat without `times` forget the oldest
	MaxStepsPerInput  = 1000     // steps one run takes for one input; one more fails the run
	MaxMailbox        = 100      // events and replies held for a run; one more drops the oldest, and the timeline says so
	MaxAttempts       = 20       // posts of one message that the provider deferred; then the message has failed
	MaxResends        = 2        // posts after an unknown outcome, under `on_unknown: resend`; then the message counts as under `continue`
	MaxReplyBytes     = 16 << 10 // bytes of a reply's text; the rest is cut off
	MaxKeyBytes       = 512      // bytes of a run's key; a call with a longer one is refused, an event is skipped, a step fails the run
	MaxProfileBytes   = 256      // bytes of a profile ID; a longer one is refused
	MaxEventType      = 128      // characters of an event's type; a longer one is refused with 413
	MaxIDBytes        = 256      // bytes of the `id` of a request, an event or a line; a longer one is refused with 413
	MaxReasonBytes    = 512      // bytes of a reason on a timeline; the rest is cut off
	MaxRunsPerInput   = 1000     // runs that one event concerns at a time; derived inputs take the next ones, before newer events
	MaxStartsPerInput = 1 << 10  // runs that one event starts, of all flows together; one more is skipped
	MaxItems          = 1000     // items of a collect; the last one ends it by its first `until` line
	MaxDepth          = 16       // inputs in a row that follow from one another; no more is made, and the timeline says so
	MaxQueue          = 100      // events that wait in a person's queue; one more is skipped
	MaxReplyStarts    = 10       // runs of one flow that one person's replies may start within an hour; one more start is skipped
	MaxFetchBytes     = 64 << 10 // bytes of the answer to a fetch; a larger one counts as no answer, and `on_error` follows
	MaxOptOuts        = 1000     // categories in the `opt_outs` of a request; more are refused with 413
	MaxVarsBytes      = 64 << 10 // bytes of the variables of a run with their names; more fails the run
	MaxProfileData    = 64 << 10 // bytes of the attributes of a person; a change that would exceed it is refused
	MaxOrphans        = 10_000   // messages whose receipts wait for their ID; receipts of more messages are ignored
	MaxAsks           = 20       // messages that one run checks at a time; only the newest are checked
	MaxAskTries       = 40       // repeats of a status check while the account's queue is full; then its timer fires without an answer
)

// How long the engine waits.
const (
	// UnknownHold is how long a webhook may still prove a message with an unknown outcome;
	// then `on_unknown` decides. It must never be shorter than the 130 s that the provider
	// itself may take for a request.
	UnknownHold = 15 * time.Minute
	// OrphanHold is how long a receipt that names a message only by the provider's ID waits
	// for the answer with that ID; then the receipt is dropped.
	OrphanHold = 15 * time.Minute
	// AskTime is how long a status check may take; then the timer that caused it fires
	// without an answer.
	AskTime = 2 * time.Minute
	// AskPause is how long a run waits before it repeats a status check that found no free
	// worker.
	AskPause = 15 * time.Second
	// IDRetention is how long the `id` of an event, a reply or a command is remembered;
	// after it, the same `id` counts as a new one.
	IDRetention = 72 * time.Hour

	// ReplyStartsPer is the period of MaxReplyStarts.
	ReplyStartsPer = time.Hour

	firstRetry = 2 * time.Second // pause before the first retry of a deferred message
	maxRetry   = 5 * time.Minute // longest pause that Nudge chooses before a deferred message is posted again; one that the provider asks for may be longer
)
