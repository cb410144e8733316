package engine

import "nudge/channels"

// Answer is what an input led to, for whoever gave it.
type Answer struct {
	ID        string     `json:"id,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
	Repeated  bool       `json:"repeated,omitempty"` // the id was seen before; this is the first answer
	Refused   *Refusal   `json:"refused,omitempty"`  // nothing was changed
	Ignored   string     `json:"ignored,omitempty"`  // why the input concerns nobody here
}

// Decision is what an input did to one flow or one run.
type Decision struct {
	Flow   string `json:"flow"`
	Run    string `json:"run,omitempty"`
	Action Action `json:"did"`
	Reason string `json:"reason,omitempty"`
}

// Action is a decision in a word.
type Action string

const (
	DidStart   Action = "started"
	DidSkip    Action = "skipped"  // a trigger matched, but no run was started; Reason says why
	DidExit    Action = "exited"   // the run left by its exit list
	DidAdvance Action = "advanced" // a wait of the run ended
	DidHold    Action = "held"     // kept for the run's next wait
	DidCancel  Action = "cancelled"
	DidDeploy  Action = "deployed"
	DidQueue   Action = "queued"    // the event starts a run once the live one has ended
	DidGoOn    Action = "goes on"   // through more runs than one input touches
	DidCollect Action = "collected" // an item of the run's collect
	DidFire    Action = "fired"     // a schedule; Reason is the firing's ID
	DidPause   Action = "paused"
	DidResume  Action = "resumed"
	DidMove    Action = "moved" // to the active version
	DidStay    Action = "stays" // the run could not be moved; Reason says why
)

// Refusal says why an input was not taken. It changed nothing.
type Refusal struct {
	Why    RefusalReason `json:"why"`
	Field  string        `json:"field,omitempty"` // where in the input, as a path
	Detail string        `json:"detail"`
}

// RefusalReason is why an input was refused: a closed list.
type RefusalReason string

const (
	RefusedShape    RefusalReason = "shape"     // the data breaks its declared shape
	RefusedLimit    RefusalReason = "limit"     // a named limit
	RefusedConflict RefusalReason = "conflict"  // the id was used with another body
	RefusedUnderWay RefusalReason = "under-way" // a campaign of the flow still takes people
	RefusedNotFound RefusalReason = "not-found" // there is no such run
	RefusedEnded    RefusalReason = "ended"     // the run has ended
	RefusedInvalid  RefusalReason = "invalid"   // anything else that can be put right
)

// Post is the one effect of the core: hand this message to the channel. It may be
// carried out only after the commit of the input that claimed it, and its outcome
// must come back as a SendResult.
type Post struct {
	Account string // that carries it; empty for the default one
	Run     RunID
	Message int
	Attempt int
	Content channels.Message
}
