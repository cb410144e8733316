package node

import "nudge/lang/diag"

// The codes of the diagnostics about YAML itself.
const (
	CodeSyntax      diag.Code = "yaml-syntax"  // not YAML, or not one document
	codeTab         diag.Code = "yaml-tab"     // a tab where YAML wants spaces
	codeAlias       diag.Code = "yaml-alias"   // an alias, anchor or merge key
	codeTag         diag.Code = "yaml-tag"     // a leading ! that YAML takes for a tag
	CodeTooLarge    diag.Code = "too-large"    // a file over maxBytes
	codeTooDeep     diag.Code = "too-deep"     // nested over maxDepth
	codeKeyTwice    diag.Code = "key-twice"    // a key a second time in one mapping
	codeUnknownKey  diag.Code = "unknown-key"  // a key that means nothing here
	codeWrongKind   diag.Code = "wrong-kind"   // a list where text should stand, and so on
	CodeEmpty       diag.Code = "empty-value"  // nothing where something should stand
	CodeBadValue    diag.Code = "bad-value"    // text that does not say what it should
	codeLeadingZero diag.Code = "leading-zero" // warning: a number that begins with a zero
	CodeComment     diag.Code = "comment-cut"  // a # that ended a text before its time
)
