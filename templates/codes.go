package templates

// The codes of the diagnostics about templates.
const (
	CodeSyntax          = "template-syntax"   // text that is no template, or uses what templates may not
	CodeUnknownField    = "unknown-field"     // a field that its shape does not have
	CodeUnknownName     = "unknown-name"      // a name that is not in scope
	CodeUnknownFunction = "unknown-function"  // a function that templates do not have
	CodeUntyped         = "untyped"           // a condition on a value of unknown type
	CodeExclusive       = "exclusive-keys"    // two keys of which only one may stand
	CodeMissing         = "missing-key"       // a key that must be there is not
	CodeBadName         = "bad-name"          // a file whose name no flow can write
	CodeBadValue        = "bad-value"         // a value that is not one of those allowed
	CodePlatforms       = "platforms-win"     // warning: title and body beside platforms
	CodeMergeField      = "merge-field"       // braces that the provider would expand
	CodeUnknownPartial  = "unknown-partial"   // a partial that the project does not have
	CodeRecursion       = "partial-in-itself" // a partial that includes itself, by others too
	CodeLocale          = "bad-locale"        // a file whose name says no locale
	CodeVariant         = "bad-variant"       // a variant that does not go with its template
	CodeTooDeep         = "too-costly"        // nested beyond a limit
	CodeMixed           = "mixed-channels"    // warning: customBody and channelOptions in one message
	CodeLost            = "lost-key"          // warning: a key of which nothing reaches the person
	CodeEncoding        = "bad-encoding"      // data that is not encoded as its type wants it
	CodeFile            = "bad-file"          // a file of a part that cannot be sent
)
