package templates

// The codes of the diagnostics about templates.
const (
	CodeSyntax          = "template-syntax"  // text that is no template, or uses what templates may not
	CodeUnknownField    = "unknown-field"    // a field that its shape does not have
	CodeUnknownName     = "unknown-name"     // a name that is not in scope
	CodeUnknownFunction = "unknown-function" // a function that templates do not have
	CodeUntyped         = "untyped"          // a condition on a value of unknown type
	CodeExclusive       = "exclusive-keys"   // two keys of which only one may stand
	CodeMissing         = "missing-key"      // a key that must be there is not
	CodeBadValue        = "bad-value"        // a value that is not one of those allowed
	CodePlatforms       = "platforms-win"    // warning: title and body beside platforms
	CodeMergeField      = "merge-field"      // braces that the provider would expand
	CodeTooDeep         = "too-costly"       // nested beyond a limit
)
