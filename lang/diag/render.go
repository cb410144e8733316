package diag

import (
	"fmt"
	"io"
	"strings"
)

const (
	// contextLines is the number of lines in an excerpt, the marked line included.
	contextLines = 2
	// maxRendered is the number of diagnostics that are written: nobody reads more, and each
	// costs as much as the line that it marks.
	maxRendered = 200
	// maxShown is the number of characters of a line that an excerpt shows.
	maxShown = 240
)

// Render writes the diagnostics of the list, with an excerpt of its file and a caret under
// its span, a blank line between two. After 200 of them it writes how many more there are. The
// source gives the text of a file by its name; nil, or false, leaves the excerpt out.
//
//	flows/welcome.yaml:14:11: unknown name "usr" [unknown-name]
//	 13 |   - send: email
//	 14 |     if: usr.plan == "pro"
//	    |         ^^^
//	hint: did you mean "user"?
func Render(w io.Writer, list List, source func(file string) (string, bool)) error {
	files := map[string][]string{} // lines by the name of the file
	for i, d := range list {
		if i == maxRendered {
			_, err := fmt.Fprintf(w, "\nand %d more\n", len(list)-i)
			return err
		}
		text := ""
		if i > 0 {
			text = "\n"
		}
		text += header(d)
		if lines, ok := files[d.Span.File]; ok {
			text += excerpt(lines, d.Span)
		} else if source != nil {
			if file, ok := source(d.Span.File); ok {
				files[d.Span.File] = strings.Split(file, "\n")
				text += excerpt(files[d.Span.File], d.Span)
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

func excerpt(lines []string, at Span) string {
	if at.Start.Line < 1 || at.Start.Line > len(lines) {
		return ""
	}
	var b strings.Builder
	width := len(fmt.Sprint(at.Start.Line))
	for n := max(1, at.Start.Line-contextLines+1); n <= at.Start.Line; n++ {
		line, _ := shown(lines[n-1], at.Start.Column)
		b.WriteString(strings.TrimRight(fmt.Sprintf(" %*d | %s", width, n, string(line)), " "))
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, " %*s | %s\n", width, "", underline(lines[at.Start.Line-1], at))
	return b.String()
}

// shown returns the part of a line that an excerpt shows, around a column, and how many
// characters of the line are left out before it, less those of the mark for them.
func shown(line string, column int) (part []rune, before int) {
	part = []rune(strings.TrimSuffix(line, "\r"))
	if len(part) <= maxShown {
		return part, 0
	}
	from := min(max(column-maxShown/2, 0), len(part)-maxShown)
	whole := len(part)
	part = part[from : from+maxShown : from+maxShown]
	if from+maxShown < whole {
		part = append(part, '…')
	}
	if from > 0 {
		part, from = append([]rune{'…'}, part...), from-1
	}
	return part, from
}

// underline returns carets under the span's part of its first line. It keeps the tabs
// before the span, so that the carets line up at any tab width.
func underline(line string, at Span) string {
	runes, before := shown(line, at.Start.Column)
	start := min(max(at.Start.Column-1-before, 0), len(runes))
	end := len(runes)
	if at.End.Line == at.Start.Line {
		end = min(at.End.Column-1-before, len(runes))
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
