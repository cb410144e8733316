package model

import (
	"gopkg.in/yaml.v3"
)

// get is the value of a key of a mapping, or nil.
func get(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// text is the text of a scalar; empty for what is none.
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// listOf is the items of a list, or the one thing that stands in place of a list.
func listOf(n *yaml.Node) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		return n.Content
	}
	return []*yaml.Node{n}
}

// wordsOf are the words of a mapping of them.
func wordsOf(n *yaml.Node) map[string]string {
	words := map[string]string{}
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		words[n.Content[i].Value] = n.Content[i+1].Value
	}
	return words
}
