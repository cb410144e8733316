// Package node reads YAML by hand, so that every value keeps its place in the
// file and every mistake is told at once.
//
//	m := node.Parse("nudge.yaml", text, &list)
//	name := m.Str("project")
//	if limits := m.Child("limits"); limits != nil {
//		size = limits.Int("payload_bytes")
//		limits.Close()
//	}
//	m.Close() // reports the keys that nobody asked for
//
// Accessors never fail: what is wrong goes to the list that Parse was given, and
// the zero value comes back. A nil [Map] may be asked like an empty one. Aliases,
// anchors, merge keys and custom tags are refused, because a reader of a flow must
// not have to look elsewhere for what it says.
package node
