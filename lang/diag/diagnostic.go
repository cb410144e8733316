package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a text: line and column, both counted from 1, the column in characters.
// The zero Pos means no place.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Compare orders positions from the beginning of a text to its end.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Span is a part of a file, from Start up to, but not including, End. A span without a
// Start means the whole file.
type Span struct {
	File  string `json:"file"`
	Start Pos    `json:"start"`
	End   Pos    `json:"end"`
}

// String returns the place in the form that editors and terminals link: file:line:column.
func (s Span) String() string {
	if s.Start.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d:%d", s.File, s.Start.Line, s.Start.Column)
}

// Severity says whether a project with the diagnostic still loads.
type Severity uint8

const (
	// Error keeps the project from loading.
	Error Severity = iota
	// Warning points at something that works, but probably not as intended.
	Warning
)

// String returns the word for a severity.
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

// Diagnostic is one mistake, or something that looks like one.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Message  string   `json:"message"` // what is wrong, without the place
	Span     Span     `json:"span"`
	Hint     string   `json:"hint,omitempty"` // what would be right
	Severity Severity `json:"severity"`
}

// Error returns the diagnostic on one line: its place, message and hint.
func (d Diagnostic) Error() string {
	text := d.Span.String() + ": " + d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// List collects diagnostics. As an error, use [List.Err].
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

// HasErrors reports whether the list contains an error, and not only warnings.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns the list as an error, or nil if it contains no error.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error returns the errors of the list, one on each line.
func (l List) Error() string {
	var lines []string
	for _, d := range l {
		if d.Severity == Error {
			lines = append(lines, d.Error())
		}
	}
	return strings.Join(lines, "\n")
}

// Sort orders the list by file and position and removes duplicates, also those with another
// hint: a template that several flows use has other names in scope in each. A mistake in one of
// the files of first, or in a whole file, comes before others, because it often causes them.
func (l *List) Sort(first ...string) {
	rank := func(s Span) int {
		switch {
		case slices.Contains(first, s.File):
			return 0
		case s.Start.Line == 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(rank(a.Span), rank(b.Span)),
			cmp.Compare(a.Span.File, b.Span.File),
			a.Span.Start.Compare(b.Span.Start),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	*l = slices.CompactFunc(*l, func(a, b Diagnostic) bool {
		a.Hint, b.Hint = "", ""
		return a == b
	})
}
