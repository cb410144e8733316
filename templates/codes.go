package templates

import "nudge/lang/diag"

// The codes of the diagnostics about templates.
const (
	codeAbsent          diag.Code = "may-be-absent"     // a value that may be absent where it is written or used
	codeSyntax          diag.Code = "template-syntax"   // text that is no template, or uses what templates may not
	codeUnknownField    diag.Code = "unknown-field"     // a field that its shape does not have
	codeUnknownName     diag.Code = "unknown-name"      // a name that is not in scope
	codeUnknownFunction diag.Code = "unknown-function"  // a function that templates do not have
	codeUntyped         diag.Code = "untyped"           // a condition on a value of unknown type
	CodeExclusive       diag.Code = "exclusive-keys"    // two keys of which only one may stand
	codeMissing         diag.Code = "missing-key"       // a key that must be there is not
	codeBadName         diag.Code = "bad-name"          // a file whose name no flow can write
	codeBadValue        diag.Code = "bad-value"         // a value that is not one of those allowed
	codePlatforms       diag.Code = "platforms-win"     // warning: title and body beside platforms
	codeMergeField      diag.Code = "merge-field"       // braces that the provider would expand
	codeUnknownPartial  diag.Code = "unknown-partial"   // a partial that the project does not have
	codeRecursion       diag.Code = "partial-in-itself" // a partial that includes itself, by others too
	CodeLocale          diag.Code = "bad-locale"        // a file whose name says no locale
	codeVariant         diag.Code = "bad-variant"       // a variant that does not go with its template
	codeTooDeep         diag.Code = "too-costly"        // nested beyond a limit
	codeMixed           diag.Code = "mixed-channels"    // customBody and channelOptions in one message
	codeNoPart          diag.Code = "no-part"           // a channel that gets none of the parts
	codeChannel         diag.Code = "unknown-channel"   // a channel that the provider does not have
	codeLost            diag.Code = "lost-key"          // warning: a key of which nothing reaches the person
	codeEncoding        diag.Code = "bad-encoding"      // data that is not encoded as its type wants it
	codeNoPreferences   diag.Code = "no-preferences"    // a link to a page that the project does not have
	codeFile            diag.Code = "bad-file"          // a file of a part that cannot be sent
)
