// Package node reads YAML value by value, so that every value keeps its place in the file
// and every mistake is reported at once.
//
//	m := node.Parse("nudge.yaml", text, &list)
//	name := m.Str("project")
//	if limits := m.Child("limits"); limits != nil {
//		size = limits.Int("payload_bytes")
//		limits.Close()
//	}
//	m.Close() // reports the keys that were not read
//
// Accessors never fail: they add a mistake to the list of Parse and return the zero value.
// A nil [Map] acts as an empty one. Aliases, anchors, merge keys and custom tags are
// refused, because a reader should understand a flow without looking elsewhere.
package node
