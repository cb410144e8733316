package node

import (
	"regexp"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Canonical returns the content of a mapping as one text. Comments, quotes, layout and the
// order of keys do not change the text; everything else does.
func (m *Map) Canonical() string {
	if m == nil {
		return ""
	}
	var b strings.Builder
	canonical(&b, m.at.n)
	return b.String()
}

func canonical(b *strings.Builder, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		pairs := make([][2]*yaml.Node, 0, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			pairs = append(pairs, [2]*yaml.Node{n.Content[i], n.Content[i+1]})
		}
		sort.SliceStable(pairs, func(i, j int) bool { return pairs[i][0].Value < pairs[j][0].Value })
		b.WriteByte('{')
		for _, p := range pairs {
			b.WriteString(strconv.Quote(p[0].Value) + ":")
			canonical(b, p[1])
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for _, item := range n.Content {
			canonical(b, item)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	default:
		b.WriteString(n.ShortTag() + " " + strconv.Quote(n.Value))
	}
}

// Extract returns a part of a mapping as YAML without comments, one top-level key on each
// line. It calls keep for every top-level key with an empty sub, and, if the value of a
// kept key is a mapping, for every key in it.
func (m *Map) Extract(keep func(key, sub string) bool) string {
	if m == nil {
		return ""
	}
	var b strings.Builder
	for i := 0; i+1 < len(m.at.n.Content); i += 2 {
		key, value := m.at.n.Content[i], m.at.n.Content[i+1]
		if !keep(key.Value, "") {
			continue
		}
		write(&b, key)
		b.WriteString(": ")
		if value.Kind == yaml.MappingNode {
			writeMapping(&b, value, func(sub string) bool { return keep(key.Value, sub) })
		} else {
			write(&b, value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// write writes a tree on one line. It replaces the library's encoder, which takes longer
// than reading the flow; every version of a flow needs this text.
func write(b *strings.Builder, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		writeMapping(b, n, func(string) bool { return true })
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, item)
		}
		b.WriteByte(']')
	default:
		writeScalar(b, n)
	}
}

func writeMapping(b *strings.Builder, n *yaml.Node, keep func(string) bool) {
	b.WriteByte('{')
	first := true
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !keep(n.Content[i].Value) {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		write(b, n.Content[i])
		b.WriteString(": ")
		write(b, n.Content[i+1])
	}
	b.WriteByte('}')
}

var bareWord = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// writeScalar writes text in quotes, except a word that YAML reads as text. It writes all
// other scalars as they were read.
func writeScalar(b *strings.Builder, n *yaml.Node) {
	if n.ShortTag() != "!!str" || n.Style == 0 && bareWord.MatchString(n.Value) {
		b.WriteString(n.Value)
		return
	}
	b.WriteString(strconv.QuoteToASCII(n.Value)) // its escapes are YAML's too
}
