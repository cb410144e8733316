package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a text: line and column, both from 1, the column counted in
// characters. The zero Pos is no place at all.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Compare orders positions as a reader meets them.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Span is a piece of a file, from Start up to but without End. A span without a
// Start stands for the whole file.
type Span struct {
	File  string `json:"file"`
	Start Pos    `json:"start"`
	End   Pos    `json:"end"`
}

// String is the place as editors and terminals link it: file:line:column.
func (s Span) String() string {
	if s.Start.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Start.Line, s.Start.Column)
}

// Severity says whether a diagnostic keeps the project from loading.
type Severity uint8

const (
	// Error keeps the project from loading.
	Error Severity = iota
	// Warning points at something that works, but hardly as meant.
	Warning
)

// String is the word for a severity.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// MarshalJSON writes the word for a severity.
func (s Severity) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads the word for a severity.
func (s *Severity) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"error"`:
		*s = Error
	case `"warning"`:
		*s = Warning
	default:
		return fmt.Errorf("diag: severity must be \"error\" or \"warning\", got %s", text)
	}
	return nil
}

// Code names a kind of mistake, in kebab-case: unknown-name. It is stable: scripts match
// it, and nudge check --explain explains it.
type Code string

// Diagnostic is one thing that is wrong, or that looks wrong.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Message  string   `json:"message"` // what is wrong, without the place
	Span     Span     `json:"span"`
	Hint     string   `json:"hint,omitempty"` // what would be right
	Severity Severity `json:"severity"`
}

// Error is the diagnostic on one line: its place, its message and its hint.
func (d Diagnostic) Error() string {
	text := d.Span.String() + ": " + d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// List gathers diagnostics. It is an error when it HasErrors; see [List.Err].
type List []Diagnostic

// Errorf adds an error. The hint may be empty.
func (l *List) Errorf(at Span, code Code, hint, format string, args ...any) {
	*l = append(*l, Diagnostic{Code: code, Message: fmt.Sprintf(format, args...), Span: at, Hint: hint})
}

// Warnf adds a warning. The hint may be empty.
func (l *List) Warnf(at Span, code Code, hint, format string, args ...any) {
	*l = append(*l, Diagnostic{
		Code: code, Message: fmt.Sprintf(format, args...), Span: at, Hint: hint, Severity: Warning,
	})
}

// HasErrors reports whether anything in the list is more than a warning.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err is the list as an error, or nil when it has none.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error has every error of the list on a line of its own.
func (l List) Error() string {
	var lines []string
	for _, d := range l {
		if d.Severity == Error {
			lines = append(lines, d.Error())
		}
	}
	return strings.Join(lines, "\n")
}

// Sort orders the list by file and position and drops what it holds twice.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Span.File, b.Span.File),
			a.Span.Start.Compare(b.Span.Start),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	*l = slices.Compact(*l)
}
