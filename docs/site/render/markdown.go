package render

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extended "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// markdown reads pages as GitHub does. The sources are ours, so their HTML is kept; the pages' policy allows no style
// attributes, so cells are aligned without one.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithRendererOptions(html.WithUnsafe()),
)

var (
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
	pictures = regexp.MustCompile(`(?:src|srcset)="([^"]+)"`)
	noAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// reader renders one page.
type reader struct {
	root  fs.FS
	page  *Page
	pages map[string]*Page // by source
	files map[string]bool  // what pages lead to beside pages; shared by all readers
	errs  []error
}

// read renders the page, and notes its headings and the text below each.
func (r *reader) read() error {
	source := r.page.source
	document := markdown.Parser().Parse(text.NewReader(source))
	r.dropComments(document)
	r.nameHeadings(document)
	r.lead(document)
	r.page.sections = sectionsOf(document, source, r.page.Contents)
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, source, document); err != nil {
		return err
	}
	r.page.content = framed(out.String())
	if r.page.Title == "" {
		r.fail("the page has no title")
	}
	if len(r.errs) > 0 {
		return fmt.Errorf("%s: %w", r.page.Source, r.errs[0])
	}
	return nil
}

func (r *reader) fail(form string, args ...any) { r.errs = append(r.errs, fmt.Errorf(form, args...)) }

// nodes returns the nodes below a node, with it.
func nodes(of ast.Node) (all []ast.Node) {
	_ = ast.Walk(of, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			all = append(all, n)
		}
		return ast.WalkContinue, nil
	})
	return all
}

// dropComments removes comments: they are marks for the tests of the pages.
func (r *reader) dropComments(document ast.Node) {
	for _, n := range nodes(document) {
		switch n := n.(type) {
		case *ast.HTMLBlock:
			if whole := htmlOf(n, r.page.source); comment.MatchString(whole) {
				if strings.TrimSpace(comment.ReplaceAllString(whole, "")) != "" {
					r.fail("a comment stands beside other HTML: %q", whole)
				}
				n.Parent().RemoveChild(n.Parent(), n)
			}
		case *ast.RawHTML:
			if comment.Match(n.Segments.Value(r.page.source)) {
				n.Parent().RemoveChild(n.Parent(), n)
			}
		}
	}
}

func htmlOf(n *ast.HTMLBlock, source []byte) string {
	whole := string(n.Lines().Value(source))
	if n.HasClosure() {
		whole += string(n.ClosureLine.Value(source))
	}
	return whole
}

// nameHeadings gives each heading the anchor that GitHub gives it.
func (r *reader) nameHeadings(document ast.Node) {
	seen := map[string]int{}
	for _, n := range nodes(document) {
		h, ok := n.(*ast.Heading)
		if !ok {
			continue
		}
		title := plain(h, r.page.source)
		anchor := strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
		if seen[anchor]++; seen[anchor] > 1 {
			anchor = fmt.Sprintf("%s-%d", anchor, seen[anchor]-1)
		}
		h.SetAttributeString("id", []byte(anchor))
		r.page.Contents = append(r.page.Contents, Heading{h.Level, title, anchor})
	}
}

// lead turns links to pages into links to their HTML, and notes the files to copy. A link to a folder becomes its
// text, because the site has only files.
func (r *reader) lead(document ast.Node) {
	for _, n := range nodes(document) {
		switch n := n.(type) {
		case *ast.Link:
			r.name(n)
			to, ok := r.target(string(n.Destination))
			if n.Destination = []byte(to); !ok {
				unwrap(n)
			}
		case *ast.Image:
			if _, ok := r.target(string(n.Destination)); !ok {
				r.fail("the picture %s is a folder", n.Destination)
			}
		case *ast.HTMLBlock:
			for _, m := range pictures.FindAllStringSubmatch(htmlOf(n, r.page.source), -1) {
				r.target(m[1])
			}
		}
	}
}

// name gives a link to a page the page's title, if its text is only the name of the file.
func (r *reader) name(n *ast.Link) {
	to, _, _ := strings.Cut(string(n.Destination), "#")
	page := r.pages[path.Join(path.Dir(r.page.Source), to)]
	if shown := plain(n, r.page.source); page == nil || shown != page.Source && shown != path.Base(to) {
		return
	}
	n.RemoveChildren(n)
	n.AppendChild(n, ast.NewString([]byte(page.Title)))
}

// target is where a link leads on the site, and whether it leads to something that the site has.
func (r *reader) target(link string) (string, bool) {
	if strings.Contains(link, ":") || strings.HasPrefix(link, "#") {
		return link, true
	}
	link, anchor, anchored := strings.Cut(link, "#")
	file := path.Join(path.Dir(r.page.Source), link)
	if p := r.pages[file]; p != nil {
		link = relative(r.page.Address, p.Address)
	} else if info, err := fs.Stat(r.root, file); err != nil {
		r.fail("a link leads to %s: %w", link, err)
	} else if info.IsDir() {
		return link, false
	} else {
		r.files[file] = true
	}
	if anchored {
		link += "#" + anchor
	}
	return link, true
}

// unwrap leaves the text of a link in its place.
func unwrap(n *ast.Link) {
	parent := n.Parent()
	for c := n.FirstChild(); c != nil; {
		next := c.NextSibling()
		parent.InsertBefore(parent, n, c)
		c = next
	}
	parent.RemoveChild(parent, n)
}

// plain is the text of a node as readers see it.
func plain(of ast.Node, source []byte) string {
	var b strings.Builder
	for _, n := range nodes(of) {
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			b.Write(n.Lines().Value(source))
		}
		if n.Type() == ast.TypeBlock || n.Kind() == extended.KindTableCell {
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

// section is the text below a heading, up to the next one.
type section struct {
	heading Heading
	text    string
}

// sectionsOf divides the text of a page at its headings.
func sectionsOf(document ast.Node, source []byte, headings []Heading) (all []section) {
	var texts []string
	flush := func() {
		if len(all) > 0 {
			all[len(all)-1].text = strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
		}
		texts = nil
	}
	for n := document.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindHeading {
			flush()
			all = append(all, section{heading: headings[len(all)]})
			continue
		}
		texts = append(texts, plain(n, source))
	}
	flush()
	return all
}

// emptyHead is a head of a column that has no text.
var emptyHead = regexp.MustCompile(`<th(?: align="\w+")?></th>`)

// framed puts tables into a frame that scrolls on a narrow screen. An empty head is a cell, because a screen reader
// would announce it.
func framed(content string) string {
	content = emptyHead.ReplaceAllString(content, "<td></td>")
	content = strings.ReplaceAll(content, "<table>", `<div class="scroll"><table>`)
	return strings.ReplaceAll(content, "</table>", "</table></div>")
}
