package lsp

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/insight"
	"nudge/lsp/protocol"
	"nudge/templates"
)

// tokenTypes are the types of semantic tokens, by their number.
var tokenTypes = []string{"variable", "property", "function", "string", "number", "operator", "keyword"}

const (
	tokenVariable = iota
	tokenProperty
	tokenFunction
	tokenString
	tokenNumber
	tokenOperator
	tokenKeyword
)

// token is a piece of an expression or a template, in characters of its text.
type token struct{ from, to, kind int }

func (s *Server) semanticTokens(_ context.Context, params protocol.SemanticTokensParams) (*protocol.SemanticTokens, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return &protocol.SemanticTokens{Data: []uint32{}}, nil
	}
	return &protocol.SemanticTokens{Data: s.encoded(s.lines(p, file), p.tokens(file))}, nil
}

// placed is a token in its file.
type placed struct {
	at   diag.Span
	kind int
}

// tokens returns the tokens of all expressions and templates of a file, in the order of the
// file. While the file is broken, those of its other lines stay.
func (p *project) tokens(file string) (all []placed) {
	notes, _ := p.space.Inspect(file, p.folder.texts[file])
	same := p.moves(file)
	for _, piece := range notes.Pieces {
		if !piece.Text.Exact() {
			continue
		}
		for _, t := range tokensOf(piece) {
			if at, ok := same.move(piece.Text.At(t.from, t.to)); ok {
				all = append(all, placed{at, t.kind})
			}
		}
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(a.at.Start.Compare(b.at.Start), a.at.End.Compare(b.at.End))
	})
	return slices.CompactFunc(all, func(a, b placed) bool { return a.at.Start == b.at.Start })
}

// encoded is the form of tokens in the protocol: five numbers for each, the place as a
// distance from the token before it.
func (s *Server) encoded(l lines, all []placed) []uint32 {
	data := []uint32{}
	before := protocol.Position{}
	for _, t := range all {
		at := l.span(t.at)
		if at.End.Line != at.Start.Line || at.End.Character <= at.Start.Character {
			continue
		}
		column := at.Start.Character
		if at.Start.Line == before.Line {
			if column < before.Character {
				continue
			}
			column -= before.Character
		}
		data = append(data, at.Start.Line-before.Line, column, at.End.Character-at.Start.Character, uint32(t.kind), 0)
		before = at.Start
	}
	return data
}

// tokensOf returns the tokens of a piece: of an expression, or of the actions of a template.
func tokensOf(piece *insight.Piece) (all []token) {
	runes := []rune(piece.Text.Value)
	if !piece.Template {
		return lex(runes, chars(piece.Text.Value, piece.From), len(runes), isExprFunction)
	}
	for at := 0; at < len(runes); {
		open := strings.Index(string(runes[at:]), "{{")
		if open < 0 {
			return all
		}
		from := at + chars(string(runes[at:]), open) + 2
		to := len(runes)
		if end := strings.Index(string(runes[from:]), "}}"); end >= 0 {
			to = from + chars(string(runes[from:]), end)
		}
		all = append(all, token{from - 2, from, tokenOperator})
		all = append(all, lex(runes, from, to, isTemplateFunction)...)
		if to < len(runes) {
			all = append(all, token{to, to + 2, tokenOperator})
		}
		at = to
	}
	return all
}

// operators are the characters that operators consist of.
const operators = "=!<>&|?:+-*/%^#"

// lex splits the characters of a text between two places into tokens.
func lex(runes []rune, from, to int, isFunction func(string) bool) (all []token) {
	for i := from; i < to; {
		start, kind := i, -1
		switch c := runes[i]; {
		case c == '"' || c == '\'' || c == '`':
			i, kind = min(quoteEnd(runes, i, to)+1, to), tokenString
		case c >= '0' && c <= '9':
			i, kind = span(runes, i, to, func(c rune) bool { return isWord(c) || c == '.' }), tokenNumber
		case isWord(c):
			i = span(runes, i, to, isWord)
			kind = wordKind(runes, start, i, isFunction)
		case strings.ContainsRune(operators, c):
			i, kind = span(runes, i, to, func(c rune) bool { return strings.ContainsRune(operators, c) }), tokenOperator
		default:
			i++
		}
		if kind >= 0 {
			all = append(all, token{start, i, kind})
		}
	}
	return all
}

func isWord(c rune) bool { return c > 127 || isName(byte(c)) }

// span returns the end of the characters from a place on that a token may have.
func span(runes []rune, from, to int, in func(rune) bool) int {
	for from < to && in(runes[from]) {
		from++
	}
	return from
}

// quoteEnd returns the place of the quote that closes a text.
func quoteEnd(runes []rune, at, to int) int {
	quote := runes[at]
	for at++; at < to && runes[at] != quote; at++ {
		if runes[at] == '\\' && quote != '`' {
			at++
		}
	}
	return at
}

// keywords are words of expressions and templates that name nothing.
var keywords = []string{"and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches", "true", "false", "nil", "if", "else", "end", "range", "with"}

func wordKind(runes []rune, from, to int, isFunction func(string) bool) int {
	word := string(runes[from:to])
	switch {
	case from > 0 && runes[from-1] == '.':
		return tokenProperty
	case isFunction(word) && (to >= len(runes) || runes[to] != '.'):
		return tokenFunction
	case slices.Contains(keywords, word):
		return tokenKeyword
	}
	return tokenVariable
}

var (
	exprFunctions = sync.OnceValue(func() map[string]bool {
		all := map[string]bool{}
		for _, f := range flows.Functions() {
			all[f.Name] = true
		}
		return all
	})
	templateFunctions = sync.OnceValue(func() map[string]bool {
		all := map[string]bool{}
		for _, f := range templates.Functions() {
			all[f.Name] = !slices.Contains(keywords, f.Name)
		}
		return all
	})
)

func isExprFunction(word string) bool     { return exprFunctions()[word] }
func isTemplateFunction(word string) bool { return templateFunctions()[word] }
