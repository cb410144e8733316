// Package pagetest reads the pages of the documentation for the tests that hold them to the
// program: their blocks, and the numbers in their prose.
//
// A number in prose has its source beside it, in a comment that no reader of the page sees:
//
//	A request has at most 500<!-- channels.MaxEvents --> events.
//
// names a constant of the sources, or a value that the test computes. Before a paragraph or a table,
//
//	<!-- measured: NAME -->
//
// says that its figures were measured; docs/performance/measured.json has them, with the command and the
// day. Every other number is in the list of plain numbers, with what kind of number it is. So no number
// changes, comes or goes without a test that notices.
package pagetest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Page is a page of the documentation.
type Page struct {
	Name string // its file, from the root of the repository
	Text string
}

// Read reads all pages for users.
func Read(root string) (pages []Page, err error) {
	for _, pattern := range []string{"README.md", "docs/*.md", "examples/*/README.md", "editors/*/README.md"} {
		files, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				return nil, err
			}
			pages = append(pages, Page{file, string(text)})
		}
	}
	return pages, nil
}

// Block is a fenced block of a page.
type Block struct {
	Language   string
	Mark       string // the comment on the line before it
	Line       int    // of its fence
	Begin, End int    // where the text between the fences is on the page
	Text       string // without the indentation of its fence
}

var fence = regexp.MustCompile("(?ms)(?:^ *<!-- ([^\n]*?) -->\n)?^( *)```(\\w*)\n(.*?)^ *```$")

// Blocks returns the fenced blocks of a page, those of generated parts too.
func (p Page) Blocks() (blocks []Block) {
	for _, m := range fence.FindAllStringSubmatchIndex(p.Text, -1) {
		b := Block{Language: p.Text[m[6]:m[7]], Line: 1 + strings.Count(p.Text[:m[6]], "\n"), Begin: m[8], End: m[9]}
		if m[2] >= 0 {
			b.Mark = p.Text[m[2]:m[3]]
		}
		b.Text = strings.ReplaceAll("\n"+p.Text[m[8]:m[9]], "\n"+p.Text[m[4]:m[5]], "\n")[1:]
		blocks = append(blocks, b)
	}
	return blocks
}

// span is a part of a text.
type span struct{ begin, end int }

func (s span) has(at int) bool { return s.begin <= at && at < s.end }

func anyHas(all []span, at int) bool {
	return slices.ContainsFunc(all, func(s span) bool { return s.has(at) })
}

// generatedPart is a part that a test writes, and compares as a whole.
var generatedPart = regexp.MustCompile(`(?ms)^<!-- (?:generated|keys|limits|functions|wire)\b.*?<!-- end[^>]*-->`)

// wholePages are generated from their first line to their last.
var wholePages = []string{"docs/diagnostics.md", "docs/commands.md"}

// Generated returns where the page is generated.
func (p Page) generated() (parts []span) {
	if slices.Contains(wholePages, p.Name) {
		return []span{{0, len(p.Text)}}
	}
	for _, m := range generatedPart.FindAllStringIndex(p.Text, -1) {
		parts = append(parts, span{m[0], m[1]})
	}
	return parts
}

// IsGenerated reports whether a place of the page is in a part that a test writes.
func (p Page) IsGenerated(at int) bool { return anyHas(p.generated(), at) }

var (
	inlineCode   = regexp.MustCompile("``[^`\n]+``|`[^`]+`")
	linkTarget   = regexp.MustCompile(`\]\([^)\n]*\)`)
	htmlTag      = regexp.MustCompile(`(?s)<!--.*?-->|<[a-zA-Z/][^>]*>`)
	blockComment = regexp.MustCompile(`(?m)(?:^|[ \t])(# .*)$`)
	listNumber   = regexp.MustCompile(`(?m)^ *\d+\. `)
)

// prose is the text of a page with blanks in place of everything that is no prose, so that each word
// keeps its place. Comments in blocks are prose.
func (p Page) prose() string {
	text := []byte(p.Text)
	blank := func(begin, end int) {
		for i := begin; i < end; i++ {
			if text[i] != '\n' {
				text[i] = ' '
			}
		}
	}
	for _, part := range p.generated() {
		blank(part.begin, part.end)
	}
	for _, m := range fence.FindAllIndex(slices.Clone(text), -1) {
		begin := m[0]
		for _, c := range blockComment.FindAllSubmatchIndex(text[m[0]:m[1]], -1) {
			blank(begin, m[0]+c[2])
			begin = m[0] + c[3]
		}
		blank(begin, m[1])
	}
	for _, form := range []*regexp.Regexp{linkTarget, htmlTag, listNumber} {
		for _, m := range form.FindAllIndex(slices.Clone(text), -1) {
			blank(m[0], m[1])
		}
	}
	return string(text)
}

// Code is a piece of inline code.
type Code struct {
	Begin, End int // between the backticks
	Text       string
}

// codeSpans are the places of inline code.
func (p Page) codeSpans() (spans []span) {
	for _, c := range p.InlineCode() {
		spans = append(spans, span{c.Begin, c.End})
	}
	return spans
}

// InlineCode returns the inline code outside of generated parts.
func (p Page) InlineCode() (all []Code) {
	text := []byte(p.Text)
	for _, m := range fence.FindAllIndex(text, -1) {
		for i := m[0]; i < m[1]; i++ {
			text[i] = ' '
		}
	}
	generated := p.generated()
	for _, m := range inlineCode.FindAllIndex(text, -1) {
		if !anyHas(generated, m[0]) {
			begin, end := m[0]+1, m[1]-1
			all = append(all, Code{begin, end, strings.Trim(p.Text[begin:end], "`")})
		}
	}
	return all
}
