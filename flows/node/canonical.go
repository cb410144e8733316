package node

import (
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Canonical is the content of a mapping as one text that comments, the order of
// keys, quotes and layout do not change, and everything else does.
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

// Extract writes the part of a mapping that keep wants, as YAML without comments.
// Keep is asked for every key at the top with sub "", and for every key below one
// that it wants whose value is a mapping.
func (m *Map) Extract(keep func(key, sub string) bool) string {
	if m == nil {
		return ""
	}
	part := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(m.at.n.Content); i += 2 {
		key, value := m.at.n.Content[i], m.at.n.Content[i+1]
		if !keep(key.Value, "") {
			continue
		}
		value = bare(value)
		if value.Kind == yaml.MappingNode {
			value = only(value, func(sub string) bool { return keep(key.Value, sub) })
		}
		part.Content = append(part.Content, bare(key), value)
	}
	if len(part.Content) == 0 {
		return ""
	}
	text, err := yaml.Marshal(part)
	if err != nil {
		panic("node: a tree that was read cannot be written: " + err.Error())
	}
	return string(text)
}

func only(n *yaml.Node, keep func(string) bool) *yaml.Node {
	part := *n
	part.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if keep(n.Content[i].Value) {
			part.Content = append(part.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &part
}

// bare is a copy of a tree without its comments.
func bare(n *yaml.Node) *yaml.Node {
	same := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.Tag, Value: n.Value}
	for _, child := range n.Content {
		same.Content = append(same.Content, bare(child))
	}
	return same
}
