// Package render makes a folder of HTML of the pages of the documentation. A browser opens it from the disk: it asks
// no server for anything, and its search runs on an index that is a script.
package render

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed assets
var assets embed.FS

// frame is the HTML around every page.
var frame = template.Must(template.ParseFS(assets, "assets/page.html"))

// assetFiles are the files that every page uses.
var assetFiles = []string{"mark.svg", "site.css", "search.js", "site.js"}

// indexFile has the index of the search.
const indexFile = "search-index.js"

// Page is a page of the site.
type Page struct {
	Source   string // its file, from the root of the repository
	Address  string // its file, from the root of the site
	Title    string
	Contents []Heading

	source   []byte
	sections []section
	content  string
}

// Heading is a heading of a page.
type Heading struct {
	Level         int
	Title, Anchor string
}

// Site has all pages, rendered.
type Site struct {
	root   fs.FS
	groups []group
	files  []string // what pages lead to, and show
}

// Read reads and renders the pages of a repository.
func Read(root fs.FS) (*Site, error) {
	found, err := find(root)
	if err != nil {
		return nil, err
	}
	s := &Site{root: root, groups: found}
	pages, files := map[string]*Page{}, map[string]bool{}
	for _, p := range s.Pages() {
		pages[p.Source] = p
	}
	var errs []error
	for _, p := range s.Pages() {
		r := reader{root: root, page: p, pages: pages, files: files}
		errs = append(errs, r.read())
	}
	s.files = slices.Sorted(maps.Keys(files))
	return s, errors.Join(errs...)
}

// Pages returns the pages in the order of the navigation.
func (s *Site) Pages() (all []*Page) {
	for _, g := range s.groups {
		all = append(all, g.Pages...)
	}
	return all
}

// Write writes the site into a folder.
func (s *Site) Write(dir string) error {
	for i, p := range s.Pages() {
		text, err := s.html(i, p)
		if err == nil {
			err = writeFile(dir, p.Address, text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.Source, err)
		}
	}
	for _, file := range s.files {
		if err := copyFile(dir, file, s.root, file); err != nil {
			return err
		}
	}
	for _, name := range assetFiles {
		if err := copyFile(dir, name, assets, "assets/"+name); err != nil {
			return err
		}
	}
	index, err := s.Index()
	if err != nil {
		return err
	}
	return writeFile(dir, indexFile, index)
}

func copyFile(dir, to string, from fs.FS, file string) error {
	text, err := fs.ReadFile(from, file)
	if err != nil {
		return err
	}
	return writeFile(dir, to, text)
}

func writeFile(dir, name string, text []byte) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// relative is the link from one page to another file of the site.
func relative(from, to string) string {
	up := strings.Repeat("../", strings.Count(from, "/"))
	if path.Dir(from) == path.Dir(to) {
		return path.Base(to)
	}
	return up + to
}

// link is a link of the frame.
type link struct {
	Address, Title string
	Current        bool
}

// linkGroup is a part of the navigation as a page shows it.
type linkGroup struct {
	Title string
	Links []link
}

// html renders the page with its frame; number is its place in the navigation.
func (s *Site) html(number int, p *Page) ([]byte, error) {
	view := struct {
		Title, Root, Index string
		Groups             []linkGroup
		Contents           []Heading
		Content            template.HTML
		Before, Next       *link
	}{Title: p.Title, Root: strings.Repeat("../", strings.Count(p.Address, "/")), Index: indexFile, Content: template.HTML(p.content)}
	for _, h := range p.Contents {
		if h.Level == 2 || h.Level == 3 {
			view.Contents = append(view.Contents, h)
		}
	}
	linkTo := func(to *Page) link { return link{relative(p.Address, to.Address), to.Title, to == p} }
	for _, g := range s.groups {
		shown := linkGroup{Title: g.Title}
		for _, to := range g.Pages {
			shown.Links = append(shown.Links, linkTo(to))
		}
		view.Groups = append(view.Groups, shown)
	}
	all := s.Pages()
	if number > 0 {
		before := linkTo(all[number-1])
		view.Before = &before
	}
	if number+1 < len(all) {
		next := linkTo(all[number+1])
		view.Next = &next
	}
	var out bytes.Buffer
	err := frame.Execute(&out, view)
	return out.Bytes(), err
}

// entry is a section in the index of the search, with short names, because every reader loads it.
type entry struct {
	Address string `json:"a"`
	Page    string `json:"p"`
	Heading string `json:"h"`
	Text    string `json:"t"`
}

// Index returns the script that has the index of the search. It is a script and no data, because a page that
// was opened from the disk may not read other files.
func (s *Site) Index() ([]byte, error) {
	var entries []entry
	for _, p := range s.Pages() {
		for _, part := range p.sections {
			address := p.Address
			if part.heading.Level > 1 {
				address += "#" + part.heading.Anchor
			}
			entries = append(entries, entry{address, p.Title, part.heading.Title, part.text})
		}
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte("globalThis.nudgeIndex = "), text, []byte(";\n")), nil
}
