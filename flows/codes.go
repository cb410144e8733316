package flows

import "nudge/lang/diag"

// The codes of the diagnostics of this package; those about YAML itself are in
// package node, those about shapes in package shape, those about templates in
// package templates. A code never changes its meaning.
const (
	codeBadCap          diag.Code = "bad-cap"           // not a cap of a category such as 3 per 7d
	codeBadCron         diag.Code = "bad-cron"          // not a schedule, or one that never fires
	codeBadDuration     diag.Code = "bad-duration"      // not a duration such as 72h or 3d
	codeBadExpression   diag.Code = "bad-expression"    // an expression that does not parse, or uses what flows may not
	codeBadMoment       diag.Code = "bad-moment"        // not a moment such as mon-fri 09:00 or 24h before data.starts_at
	codeBadName         diag.Code = "bad-name"          // a name with other characters than a-z, 0-9 and _
	codeBadValue        diag.Code = "bad-value"         // a word that is not one of those allowed
	codeBadWindow       diag.Code = "bad-window"        // not a window of hours such as 08:00-21:00
	codeBadZone         diag.Code = "bad-zone"          // a time zone that does not exist
	codeDuplicateID     diag.Code = "duplicate-id"      // two steps, or a step and a name of the language, with one id
	codeMomentIsNow     diag.Code = "moment-is-now"     // warning: a wait for the time of day at which a trigger starts the run
	codeEitherDay       diag.Code = "cron-either-day"   // warning: a schedule with both a day of the month and a weekday
	codeEmptySteps      diag.Code = "empty-steps"       // steps or a then without a step
	codeFlowName        diag.Code = "flow-name"         // a flow that is not called like its file
	CodeMissingKey      diag.Code = "missing-key"       // a key that must be there is not
	codeMissingTemplate diag.Code = "missing-template"  // a send of a template that does not exist
	codeNoElse          diag.Code = "misplaced-else"    // an else that is not the last arm of its branch
	CodeNoFailedLine    diag.Code = "no-failed-line"    // warning: a wait for a read does not say what happens to a failed message
	codeNoLimit         diag.Code = "wait-without-end"  // a wait or collect that has no end
	codeNeverEnds       diag.Code = "may-never-end"     // warning: a run that may live forever
	codeNeverStarted    diag.Code = "never-started"     // warning: a flow that neither a trigger nor a flow starts
	codeNotASend        diag.Code = "not-a-send"        // a signal that names a step which sends nothing
	codeNotYetKnown     diag.Code = "not-yet-known"     // warning: a step directly below a send asks whether the message was sent
	codeNotBefore       diag.Code = "not-before"        // a signal or name of a step that cannot have come before
	codeOptional        diag.Code = "may-be-absent"     // a field of something that may be absent
	codePrivate         diag.Code = "private-value"     // warning: a value made of a private field goes where it is not masked
	codeReadFirst       diag.Code = "read-before-reply" // warning: a line that ends at a read above one that waits for a reply to the same message
	codeReservedName    diag.Code = "reserved-name"     // an outcome that Nudge itself gives
	codeShapeConflict   diag.Code = "shape-conflict"    // two shapes of the same data contradict each other
	codeSignal          diag.Code = "one-signal"        // a line with no signal or several
	codeTooCostly       diag.Code = "too-costly"        // an expression over a limit
	codeTooMany         diag.Code = "too-many"          // more steps, lines or files than allowed
	codeUnknownAccount  diag.Code = "unknown-account"   // an account that nudge.yaml does not have
	codeUnknownCategory diag.Code = "unknown-category"  // a category that nudge.yaml does not have
	codeUnknownEvent    diag.Code = "unknown-event"     // warning: an event that is probably misspelt
	codeUnknownField    diag.Code = "unknown-field"     // a field that its shape does not have
	codeUnknownFlow     diag.Code = "unknown-flow"      // a start of a flow that does not exist
	codeUnknownFunction diag.Code = "unknown-function"  // a function that flows do not have
	codeUnknownName     diag.Code = "unknown-name"      // a name that is not in scope
	codeUnknownStep     diag.Code = "unknown-step"      // a step id that no step has
	codeUnreachable     diag.Code = "unreachable"       // warning: a step that nothing leads to
	codeUntyped         diag.Code = "untyped"           // a value of unknown type where its type matters
	codeVerb            diag.Code = "one-verb"          // a step with no verb or several
	codeWakesNobody     diag.Code = "wakes-nobody"      // warning: a line whose condition only the clock can make true
	codeWaitsHere       diag.Code = "waits-here"        // a step that waits where only steps that do not wait may stand
	codeWiderWindow     diag.Code = "wider-window"      // a send at hours at which its category sends nothing
	codeWrongType       diag.Code = "wrong-type"        // a value of one type where another must stand
)
