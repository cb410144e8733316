package render

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// groups are the pages in the order of the navigation. A pattern stands for the pages that no group names, so
// that a new page is on the site before somebody has found its place.
var groups = []struct {
	title string
	files []string
}{
	{"Begin", []string{"README.md", "docs/tutorial.md", "docs/patterns.md", "docs/coming-from.md"}},
	{"Write flows", []string{
		"docs/language.md", "docs/templates.md", "docs/campaigns.md", "docs/testing.md", "docs/proofs.md", "docs/changing-flows.md",
		"docs/diagnostics.md", "docs/editors.md", "editors/*/README.md",
	}},
	{"Run Nudge", []string{
		"docs/checklist.md", "docs/operations.md", "docs/cluster.md", "docs/moving.md", "docs/channel.md", "docs/accounts.md", "docs/sandbox.md", "docs/commands.md", "docs/api.md", "docs/console.md", "docs/runs.md",
		"docs/numbers.md", "docs/alerts.md", "docs/*.md",
	}},
	{"What it promises", []string{"docs/reliability.md", "docs/performance.md", "SECURITY.md"}},
	{"Examples", []string{"examples/*/README.md"}},
	{"Work on Nudge", []string{"ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"}},
}

// group is a part of the navigation.
type group struct {
	Title string
	Pages []*Page
}

// find returns the pages of the navigation, each with its source and without its content.
func find(root fs.FS) (all []group, err error) {
	var named []string
	for _, g := range groups {
		for _, file := range g.files {
			if !strings.Contains(file, "*") {
				named = append(named, file)
			}
		}
	}
	for _, g := range groups {
		var pages []*Page
		for _, form := range g.files {
			files, err := fs.Glob(root, form)
			if err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("there is no page %s", form)
			}
			for _, file := range files {
				if form != file && slices.Contains(named, file) {
					continue
				}
				text, err := fs.ReadFile(root, file)
				if err != nil {
					return nil, err
				}
				pages = append(pages, newPage(file, text))
			}
		}
		all = append(all, group{g.title, pages})
	}
	return all, nil
}

var titleForm = regexp.MustCompile(`(?m)^# (.+)$`)

// newPage is a page with its source and its title.
func newPage(file string, text []byte) *Page {
	p := &Page{Source: file, Address: addressOf(file), source: text}
	if m := titleForm.FindSubmatch(text); m != nil {
		p.Title = strings.ReplaceAll(string(comment.ReplaceAll(m[1], nil)), "`", "")
	}
	return p
}

// addressOf is where a page is on the site: beside its source, so that relative links to pictures and files stay
// the same.
func addressOf(file string) string {
	dir, name := path.Split(file)
	if name == "README.md" {
		name = "index.md"
	}
	return dir + strings.TrimSuffix(name, ".md") + ".html"
}
