package templates

import (
	"strings"
	"text/template/parse"

	"nudge/channels"
)

// namePreferences is the name that stands for the link to the person's preferences. It is no value of
// the scope, because the link must not be known before the message leaves: it has a secret in it.
const namePreferences = "preferences_url"

const (
	preferencesHint = "for example {{ preferences_url }}"
	readersHint     = "write it into the body, the title, a part of text, the alert or the metadata"
)

// forReaders compiles texts that the person gets, or texts that they do not get.
func (c *compiler) forReaders(get bool, compile func()) {
	before := c.readers
	c.readers = get
	compile()
	c.readers = before
}

// preferencesAction returns the name in an action that is nothing but the link, or nil.
func preferencesAction(n *parse.ActionNode) *parse.IdentifierNode {
	if len(n.Pipe.Cmds) != 1 || len(n.Pipe.Decl) > 0 || len(n.Pipe.Cmds[0].Args) != 1 {
		return nil
	}
	if id, ok := n.Pipe.Cmds[0].Args[0].(*parse.IdentifierNode); ok && id.Ident == namePreferences {
		return id
	}
	return nil
}

// preferences turns the action into the mark of the link.
func (w *checker) preferences(id *parse.IdentifierNode) parse.Node {
	switch {
	case !w.readers:
		w.fail(id.Pos, len(id.Ident), codeSyntax, readersHint,
			"the link would not reach the person here")
	case !w.use.Preferences:
		w.fail(id.Pos, len(id.Ident), codeNoPreferences,
			`add preferences: { public_url: "https://shop.example", secrets: [ "${NUDGE_PREFERENCES_SECRET}" ] } to nudge.yaml`,
			"there is no page of preferences to link to")
	}
	w.compiler.linked = true
	return &parse.TextNode{NodeType: parse.NodeText, Pos: id.Pos, Text: []byte(channels.PreferencesMark)}
}

// unmarked returns text of the data without marks. No text that people or programs exchange has one
// (Unicode, "Noncharacters").
func unmarked(text string) string {
	return strings.ReplaceAll(text, channels.PreferencesMark, "\uFFFD")
}

// linked completes a message that has the link. Metadata for apps are added only where app messaging has
// a body of its own anyway: elsewhere they would change how the message is sent. Keys that the author
// has written stay.
func linked(m *channels.Message) {
	m.Linked = true
	if m.Alert == nil && m.Metadata == nil && len(m.AppParts) == 0 {
		return
	}
	metadata, ok := m.Metadata.(map[string]any)
	if !ok {
		metadata = map[string]any{}
	}
	for key, value := range map[string]string{channels.UnsubscribeKey: channels.PreferencesMark, channels.UnsubscribePostKey: channels.UnsubscribePost} {
		if _, ok := metadata[key]; !ok {
			metadata[key] = value
		}
	}
	m.Metadata = metadata
}
