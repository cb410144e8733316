package node

// The codes of the diagnostics about YAML itself.
const (
	CodeSyntax     = "yaml-syntax" // not YAML, or not one document
	CodeTab        = "yaml-tab"    // a tab where YAML wants spaces
	CodeAlias      = "yaml-alias"  // an alias, anchor or merge key
	CodeTag        = "yaml-tag"    // a leading ! that YAML takes for a tag
	CodeTooLarge   = "too-large"   // a file over MaxBytes
	CodeTooDeep    = "too-deep"    // nested over MaxDepth
	CodeKeyTwice   = "key-twice"   // a key a second time in one mapping
	CodeUnknownKey = "unknown-key" // a key that means nothing here
	CodeWrongKind  = "wrong-kind"  // a list where text should stand, and so on
	CodeEmpty      = "empty-value" // nothing where something should stand
	CodeBadValue   = "bad-value"   // text that does not say what it should
	CodeComment    = "comment-cut" // a # that ended a text before its time
)
