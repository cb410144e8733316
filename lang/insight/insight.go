// Package insight keeps what the checkers of expressions and templates find out, for
// editors: which names a piece of text may use, and the type of each of its parts.
//
// The checkers write into [Notes] only if somebody gave them some, so reading a project
// costs nothing more.
package insight

import (
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// Notes collects the pieces of one or more files, and the steps of a flow. A nil Notes
// collects nothing.
type Notes struct {
	Pieces []*Piece
	Steps  []Step
}

// Step is a step of a flow, nested ones included.
type Step struct {
	ID      string
	Verb    string     // as it is written; step if there is none
	At      diag.Span  // of its mapping
	Written *node.Text // the text of its id; nil if it is derived
}

// Piece is one expression, or one text with actions.
type Piece struct {
	Text     *node.Text
	From     int  // where it begins in the value of Text, in bytes
	Template bool // a text with actions, not an expression
	Scope    *shape.Type
	Type     *shape.Type // of an expression's value; nil after a mistake
	Parts    []Part

	// Try returns the mistakes that the piece would have if the value of Text were another one.
	Try func(value string) diag.List
}

// Part is a name, a field or another part of a piece with its type.
type Part struct {
	From, To int         // characters of the value of Text, counted from 0
	Name     string      // of a name or a field; empty for other parts
	Of       *shape.Type // of a name or a field: the map that should have it, which is the scope for a name
	Type     *shape.Type // nil if Of has no such field
	Path     []string    // of a name or a field that begins with a name of the scope: all names up to this one
	Outcome  string      // of a text that is compared with an outcome: the step whose outcome it is
	Words    []string    // of a text: those that it can be, if only some can
	Event    bool        // of a text: it is the type of an event
	Category bool        // of a text: it is the name of a category
}

// Begin begins a piece. The caller adds its parts. It returns nil if nobody collects.
func (n *Notes) Begin(text *node.Text, from int, scope *shape.Type, template bool) *Piece {
	if n == nil || text == nil {
		return nil
	}
	p := &Piece{Text: text, From: from, Scope: scope, Template: template}
	n.Pieces = append(n.Pieces, p)
	return p
}

// Add adds a part to a piece, which may be nil.
func (p *Piece) Add(part Part) {
	if p != nil {
		p.Parts = append(p.Parts, part)
	}
}

// Span returns the place of a part in its file.
func (p *Piece) Span(part Part) diag.Span { return p.Text.At(part.From, part.To) }
