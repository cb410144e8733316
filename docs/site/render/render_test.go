package render

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/docs/pagetest"
)

const repository = "../../.."

// onPage reads a page of one file, beside the files that links of the tests lead to.
func onPage(t *testing.T, source string) (*Page, map[string]bool, error) {
	t.Helper()
	other, p := newPage("README.md", []byte("# All & more\n")), newPage("docs/page.md", []byte(source))
	r := reader{
		root: fstest.MapFS{"README.md": {}, "docs/data.json": {}, "docs/pictures/a.svg": {}, "examples/hello/nudge.yaml": {}},
		page: p, pages: map[string]*Page{"README.md": other, "docs/page.md": p}, files: map[string]bool{},
	}
	err := r.read()
	return p, r.files, err
}

func TestMarkdown(t *testing.T) {
	cases := []struct{ name, source, want string }{
		{"a mark", "# P\n\nAt most 500<!-- app.most --> events.", "<p>At most 500 events.</p>\n"},
		{"a mark before a table", "# P\n\n<!-- keys: A -->\n| k |\n| - |\n| v |\n<!-- end -->\n", "<td>v</td>\n</tr>\n</tbody>\n</table></div>\n"},
		{"a mark that is shown", "# P\n\n`<!-- app.most -->`", "<p><code>&lt;!-- app.most --&gt;</code></p>\n"},
		{"a link to a page", "# P\n\n[home](../README.md#see-it)", `<a href="../index.html#see-it">home</a>`},
		{"a link that names a file", "# P\n\n[README.md](../README.md)", `<a href="../index.html">All &amp; more</a>`},
		{"a link to a file", "# P\n\n[data](data.json)", `<a href="data.json">data</a>`},
		{"a link to a folder", "# P\n\nSee [`hello`](../examples/hello).", "<p>See <code>hello</code>.</p>"},
		{"a link out", "# P\n\n[Go](https://go.dev)", `<a href="https://go.dev">Go</a>`},
		{"an anchor", "# P\n\n## `nudge.yaml`: A_b, *and* more", `<h2 id="nudgeyaml-a_b-and-more">`},
		{"an anchor with a mark", "# P\n\n## Ten<!-- app.most --> things", `<h2 id="ten-things">`},
		{"an anchor again", "# P\n\n## Same\n\n## Same", `<h2 id="same-1">`},
		{"a head without text", "# P\n\n| | b |\n| - | -: |\n| 1 | 2 |", "<tr>\n<td></td>\n<th align=\"right\">b</th>\n"},
		{"a number in a column", "# P\n\n| n |\n| -: |\n| 1 |", `<td align="right">1</td>`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, _, err := onPage(t, c.source)
			if err != nil || !strings.Contains(p.content, c.want) {
				t.Errorf("got\n%s%v\nwithout\n%s", p.content, err, c.want)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"dead link":    {"# P\n\n[x](missing.md)", "leads to missing.md"},
		"dead picture": {"# P\n\n<picture>\n<img src=\"missing.png\">\n</picture>", "leads to missing.png"},
		"no title":     {"text", "no title"},
		"mixed HTML":   {"# P\n\n<!-- mark --> <b>x</b>", "beside other HTML"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := onPage(t, c.source); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	_, files, err := onPage(t, "# P\n\n![a](pictures/a.svg) [d](data.json) [g](https://go.dev)")
	if err != nil || len(files) != 2 || !files["docs/pictures/a.svg"] || !files["docs/data.json"] {
		t.Errorf("the files are %v, %v", files, err)
	}
}

func TestSections(t *testing.T) {
	p, _, err := onPage(t, "# P\n\nFirst `code`.\n\n## A\n\n- one\n- two\n\n```sh\nnudge test\n```\n\n| a | b |\n| - | - |\n| c | d |\n\n### B\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []section{{Heading{1, "P", "p"}, "First code."}, {Heading{2, "A", "a"}, "one two nudge test a b c d"}, {Heading{3, "B", "b"}, ""}}
	if !slices.Equal(p.sections, want) {
		t.Errorf("got %+v, want %+v", p.sections, want)
	}
}

var (
	targets    = regexp.MustCompile(`(?:href|src|srcset)="([^"]*)"`)
	ids        = regexp.MustCompile(` id="([^"]*)"`)
	forbidden  = regexp.MustCompile(`<!--| style="|<style|<script>| on[a-z]+="`)
	blockBegin = regexp.MustCompile(`(?s)<pre>.*?</pre>|<code>.*?</code>`)
)

// TestSite writes the site of this repository: each link leads to a file and an anchor that are there, nothing is on a page
// that its policy forbids, and no mark of the tests shows.
func TestSite(t *testing.T) {
	site, err := Read(os.DirFS(repository))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := site.Write(dir); err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(dir, file))
		text[file] = string(raw)
		return err
	})
	if err != nil || len(site.Pages()) < 40 {
		t.Fatalf("%d pages, %v", len(site.Pages()), err)
	}
	pages, err := pagetest.Read(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if text[addressOf(p.Name)] == "" {
			t.Errorf("%s is not on the site", p.Name)
		}
	}
	anchors := map[string]bool{}
	for _, p := range site.Pages() {
		for _, m := range ids.FindAllStringSubmatch(text[p.Address], -1) {
			if anchors[p.Address+"#"+m[1]] {
				t.Errorf("%s has the id %s twice", p.Address, m[1])
			}
			anchors[p.Address+"#"+m[1]] = true
		}
	}
	for _, p := range site.Pages() {
		page := blockBegin.ReplaceAllString(text[p.Address], "")
		if found := forbidden.FindString(page); found != "" {
			t.Errorf("%s has %s", p.Address, found)
		}
		for _, m := range targets.FindAllStringSubmatch(page, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, anchored := strings.Cut(m[1], "#")
			to := p.Address
			if file != "" {
				to = path.Join(path.Dir(p.Address), file)
			}
			if _, ok := text[to]; !ok {
				t.Errorf("%s leads to %s, which is not on the site", p.Address, m[1])
			} else if anchored && !anchors[to+"#"+anchor] {
				t.Errorf("%s leads to %s, and the page has no such heading", p.Address, m[1])
			}
		}
	}
}
