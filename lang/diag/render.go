package diag

import (
	"fmt"
	"io"
	"strings"
)

// contextLines is the number of lines in an excerpt, the marked line included.
const contextLines = 2

// Render writes every diagnostic of the list, with an excerpt of its file and a
// caret under its span, a blank line between two. The source gives the text of a
// file by its name; nil, or false, leaves the excerpt out.
//
//	flows/welcome.yaml:14:11: unknown name "usr" [unknown-name]
//	 13 |   - send: email
//	 14 |     if: usr.plan == "pro"
//	    |         ^^^
//	hint: did you mean "user"?
func Render(w io.Writer, list List, source func(file string) (string, bool)) error {
	for i, d := range list {
		text := ""
		if i > 0 {
			text = "\n"
		}
		text += header(d)
		if source != nil {
			if file, ok := source(d.Span.File); ok {
				text += excerpt(file, d.Span)
			}
		}
		if d.Hint != "" {
			text += "hint: " + d.Hint + "\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

func header(d Diagnostic) string {
	severity := ""
	if d.Severity == Warning {
		severity = "warning: "
	}
	return fmt.Sprintf("%s: %s%s [%s]\n", d.Span, severity, d.Message, d.Code)
}

func excerpt(text string, at Span) string {
	lines := strings.Split(text, "\n")
	if at.Start.Line < 1 || at.Start.Line > len(lines) {
		return ""
	}
	var b strings.Builder
	width := len(fmt.Sprint(at.Start.Line))
	for n := max(1, at.Start.Line-contextLines+1); n <= at.Start.Line; n++ {
		line := strings.TrimSuffix(lines[n-1], "\r")
		b.WriteString(strings.TrimRight(fmt.Sprintf(" %*d | %s", width, n, line), " "))
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, " %*s | %s\n", width, "", underline(lines[at.Start.Line-1], at))
	return b.String()
}

// underline returns carets under the span's part of its first line. It keeps the tabs
// before the span, so that the carets line up at any tab width.
func underline(line string, at Span) string {
	runes := []rune(strings.TrimSuffix(line, "\r"))
	start := min(max(at.Start.Column-1, 0), len(runes))
	end := len(runes)
	if at.End.Line == at.Start.Line {
		end = min(at.End.Column-1, len(runes))
	}
	var b strings.Builder
	for _, r := range runes[:start] {
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", displayWidth(r)))
	}
	carets := 0
	for _, r := range runes[start:max(start, end)] {
		carets += displayWidth(r)
	}
	b.WriteString(strings.Repeat("^", max(carets, 1)))
	return b.String()
}

// displayWidth returns the number of terminal cells of a character: none for combining
// marks and joiners, two for East Asian wide characters and emoji. It knows only the large
// blocks, which is enough to put a caret under the right word.
func displayWidth(r rune) int {
	switch {
	case r == 0x200d, r >= 0x300 && r <= 0x36f, r >= 0xfe00 && r <= 0xfe0f:
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xff00 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
