package flows

// The codes of the diagnostics of this package; those about YAML itself are in
// package node, those about shapes in package shape, those about templates in
// package templates. A code never changes its meaning.
const (
	CodeBadCron         = "bad-cron"         // not a schedule, or one that never fires
	CodeBadDuration     = "bad-duration"     // not a duration such as 72h or 3d
	CodeBadExpression   = "bad-expression"   // an expression that does not parse, or uses what flows may not
	CodeBadMoment       = "bad-moment"       // not a moment such as mon-fri 09:00 or 24h before data.starts_at
	CodeBadName         = "bad-name"         // a name with other characters than a-z, 0-9 and _
	CodeBadValue        = "bad-value"        // a word that is not one of those allowed
	CodeBadWindow       = "bad-window"       // not a window of hours such as 08:00-21:00
	CodeBadZone         = "bad-zone"         // a time zone that does not exist
	CodeDuplicateID     = "duplicate-id"     // two steps, or a step and a name of the language, with one id
	CodeEmptySteps      = "empty-steps"      // steps or a then without a step
	CodeFlowName        = "flow-name"        // a flow that is not called like its file
	CodeMissingKey      = "missing-key"      // a key that must be there is not
	CodeMissingTemplate = "missing-template" // a send of a template that does not exist
	CodeNoElse          = "misplaced-else"   // an else that is not the last arm of its branch
	CodeNoFailedLine    = "no-failed-line"   // warning: a wait for a read does not say what happens to a failed message
	CodeNoLimit         = "wait-without-end" // a wait or collect that has no end
	CodeNeverEnds       = "wait-never-ends"  // warning: after: never
	CodeNeverStarted    = "never-started"    // warning: a flow that neither a trigger nor a flow starts
	CodeNotASend        = "not-a-send"       // a signal that names a step which sends nothing
	CodeNotBefore       = "not-before"       // a signal or name of a step that cannot have come before
	CodeOptional        = "may-be-absent"    // a field of something that may be absent
	CodeShapeConflict   = "shape-conflict"   // two shapes of the same data contradict each other
	CodeSignal          = "one-signal"       // a line with no signal or several
	CodeTooCostly       = "too-costly"       // an expression over a limit
	CodeTooMany         = "too-many"         // more steps, lines or files than allowed
	CodeUnknownAccount  = "unknown-account"  // an account that nudge.yaml does not have
	CodeUnknownCategory = "unknown-category" // a category that nudge.yaml does not have
	CodeUnknownField    = "unknown-field"    // a field that its shape does not have
	CodeUnknownFlow     = "unknown-flow"     // a start of a flow that does not exist
	CodeUnknownFunction = "unknown-function" // a function that flows do not have
	CodeUnknownName     = "unknown-name"     // a name that is not in scope
	CodeUnknownStep     = "unknown-step"     // a step id that no step has
	CodeUnreachable     = "unreachable"      // warning: a step that nothing leads to
	CodeUntyped         = "untyped"          // a value of unknown type where its type matters
	CodeVerb            = "one-verb"         // a step with no verb or several
	CodeWiderWindow     = "wider-window"     // a send at hours at which its category sends nothing
	CodeWrongType       = "wrong-type"       // a value of one type where another must stand
)
