package engine

import (
	"nudge/channels"
	"nudge/lang/trace"
)

// Answer is the result of an input, for its sender.
type Answer struct {
	ID        string     `json:"id,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
	Repeated  bool       `json:"repeated,omitempty"` // the id was seen before; this is the first answer
	Refused   *Refusal   `json:"refused,omitempty"`  // nothing was changed
	Ignored   string     `json:"ignored,omitempty"`  // why the input affects nothing here

	// DidYouMean is a type of event that flows use, nearly the one that no flow uses.
	DidYouMean string `json:"did_you_mean,omitempty"`
}

// Decision is the effect of an input on one flow or one run.
type Decision struct {
	Flow   string `json:"flow"`
	Run    string `json:"run,omitempty"`
	Action Action `json:"did"`
	Reason string `json:"reason,omitempty"`
}

// Action names a decision in a word.
type Action string

const (
	DidStart   Action = "started"
	DidSkip    Action = "skipped"  // no run was started or found; Reason says why
	DidExit    Action = "exited"   // the run left by its exit list
	DidAdvance Action = "advanced" // a wait of the run ended
	DidHold    Action = "held"     // kept for the run's next wait
	DidPass    Action = "passed"   // the run waits for a reply, but in another conversation
	DidCancel  Action = "cancelled"
	DidDeploy  Action = "deployed"
	DidQueue   Action = "queued"    // the event starts a run when the live one ends
	DidGoOn    Action = "goes on"   // the event continues through more runs than one input may touch
	DidCollect Action = "collected" // the event is an item of the run's collect
	DidFire    Action = "fired"     // a schedule fired; Reason is the campaign's ID
	DidPause   Action = "paused"
	DidResume  Action = "resumed"
	DidMove    Action = "moved" // to the active version
	DidStay    Action = "stays" // the run could not be moved; Reason says why
	DidRetry   Action = "retried"
)

// Refusal says why an input was refused. A refused input changes nothing.
type Refusal struct {
	Why    RefusalReason `json:"why"`
	Field  string        `json:"field,omitempty"` // where in the input, as a path
	Detail string        `json:"detail"`
}

// RefusalReason is the reason for a refusal: a closed list.
type RefusalReason string

const (
	RefusedShape    RefusalReason = "shape"     // the data breaks its declared shape
	RefusedLimit    RefusalReason = "limit"     // a named limit was exceeded
	RefusedConflict RefusalReason = "conflict"  // the id was used with another body
	RefusedUnderWay RefusalReason = "under-way" // a campaign of the flow is still starting runs
	RefusedNotFound RefusalReason = "not-found" // there is no such run
	RefusedEnded    RefusalReason = "ended"     // the run has ended
	RefusedStale    RefusalReason = "stale"     // other flows are active than those that it was proposed against
	RefusedRetry    RefusalReason = "retry"     // the run cannot be tried again
	RefusedBusy     RefusalReason = "busy"      // too many inputs wait for other people whom it concerns; it may be tried again
	RefusedInvalid  RefusalReason = "invalid"   // any other error that the sender can fix
)

// Post is the engine's request to send a message: pass it to the channel. Carry it out only
// after the commit of the input that claimed it, and return its outcome as a SendResult.
type Post struct {
	Account string // the account that sends it; empty for the default one
	Run     RunID
	Message int
	Attempt int
	Content channels.Message
	Trace   trace.Context // of the run

	// Planned and Category make the link to the person's preferences. They are those of the message, so
	// every attempt has the same link.
	Planned  Instant
	Category string // empty for none
}
