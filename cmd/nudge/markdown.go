package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxComment is how many bytes a comment on a pull request has at most; what does not fit is left out, and its end says so.
	// GitHub takes 65,536 characters, GitLab more.
	maxComment = 65_536
	// commentEnd is the room for the end of a comment: what is still open, and how much was left out.
	commentEnd = 400
)

// comment is Markdown for a comment on a pull request. Its first line is a mark that no reader sees: by it a job finds its own
// comment, and replaces it. Names come from anybody, so they are written by [code], which markup cannot leave.
type comment struct {
	text strings.Builder
	left int // parts that did not fit: rows, and what a reader opens
}

// newComment begins a comment of a verb about a project, at a target or at the usual server.
func newComment(verb, project, target string) *comment {
	c := &comment{}
	fmt.Fprintf(&c.text, "<!-- %s -->\n\n", strings.Join(strings.Fields("nudge "+verb+" "+project+" "+target), " "))
	return c
}

// add writes a part as a whole, or leaves it out. It reports whether the part fits.
func (c *comment) add(format string, values ...any) bool {
	part := fmt.Sprintf(format, values...)
	if c.text.Len()+len(part) > maxComment-commentEnd {
		c.left++
		return false
	}
	c.text.WriteString(part)
	return true
}

// table writes a table; the columns whose name ends in a colon are numbers. Each row fits or is left out.
func (c *comment) table(header []string, rows [][]string) {
	var names, lines []string
	for _, name := range header {
		plain, number := strings.CutSuffix(name, ":")
		names, lines = append(names, plain), append(lines, map[bool]string{true: "--:", false: "---"}[number])
	}
	if !c.add("| %s |\n| %s |\n", strings.Join(names, " | "), strings.Join(lines, " | ")) {
		c.left += len(rows)
		return
	}
	for _, row := range rows {
		c.add("| %s |\n", strings.Join(row, " | "))
	}
	c.text.WriteString("\n")
}

// fold writes what a reader opens: a table, for example. The title is HTML.
func (c *comment) fold(title string, write func()) {
	if c.add("<details><summary>%s</summary>\n\n", title) {
		write()
		c.text.WriteString("</details>\n\n")
	}
}

// write ends the comment.
func (c *comment) write(out io.Writer, verb string) error {
	if c.left > 0 {
		fmt.Fprintf(&c.text, "A comment has no room for %s more; `nudge %s` shows all.\n", plural(c.left, "part"), verb)
	}
	_, err := io.WriteString(out, strings.TrimRight(c.text.String(), "\n")+"\n")
	return err
}

// code is text from anybody as code: in backticks if that says what it is, also in a table, and otherwise as HTML.
func code(text string) string {
	switch {
	case text == "":
		return "–"
	case strings.ContainsAny(text, "`|\\") || strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return r == '\n' || r == '\t' || obeyed(r) }):
		return htmlCode(text)
	}
	return "`" + text + "`"
}

// upperFirst begins a sentence.
func upperFirst(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// htmlCode is text as HTML code. Of ASCII only letters, digits and spaces stand for themselves, so nothing in it is markup.
func htmlCode(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || obeyed(r):
			fmt.Fprintf(&b, "&#92;u%04x", r)
		case r < unicode.MaxASCII && r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return "<code>" + b.String() + "</code>"
}
