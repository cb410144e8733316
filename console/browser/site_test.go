package browser

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"nudge/console/browser/world"
)

var every = flag.Bool("every", false, "look at every page in every way, and follow more links; it takes minutes")

// visitor reads pages as somebody.
type visitor struct {
	*world.World
	cookie *http.Cookie // nil: the server wants none
	read   map[string]*document
}

// document is a page as it was read.
type document struct {
	address string // without the server
	status  int
	media   string
	root    *html.Node
}

func newVisitor(t *testing.T, w *world.World, scope string) *visitor {
	t.Helper()
	v := &visitor{World: w, read: map[string]*document{}}
	if scope == "" {
		return v
	}
	var err error
	if v.cookie, err = w.Login(scope); err != nil {
		t.Fatal(err)
	}
	return v
}

// do sends a request, with a form if there is one, without following where the answer leads.
func (v *visitor) do(t *testing.T, method, address string, form url.Values) *http.Response {
	t.Helper()
	return v.send(t, method, address, "application/x-www-form-urlencoded", form.Encode())
}

func (v *visitor) send(t *testing.T, method, address, media, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, v.URL+address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", media)
	}
	if v.cookie != nil {
		request.AddCookie(v.cookie)
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// get reads a page, once.
func (v *visitor) get(t *testing.T, address string) *document {
	t.Helper()
	if d := v.read[address]; d != nil {
		return d
	}
	answer := v.do(t, http.MethodGet, address, nil)
	defer answer.Body.Close()
	d := &document{address: address, status: answer.StatusCode, media: answer.Header.Get("Content-Type"), root: &html.Node{}}
	if strings.HasPrefix(d.media, "text/html") {
		var err error
		if d.root, err = html.Parse(answer.Body); err != nil {
			t.Fatal(err)
		}
	} else if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	v.read[address] = d
	return d
}

// elements are those of a document with a name.
func (d *document) elements(name string) (all []*html.Node) {
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *html.Node, name string) (value string, has bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// links are the addresses that a page names, resolved.
func (d *document) links(server string) (all []*url.URL, err error) {
	base, err := url.Parse(server + d.address)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, of := range []struct{ element, attribute string }{{"a", "href"}, {"link", "href"}, {"script", "src"}, {"img", "src"}} {
		for _, n := range d.elements(of.element) {
			if text, has := attribute(n, of.attribute); has {
				link, err := base.Parse(text)
				if err != nil {
					errs = append(errs, fmt.Errorf("%s names %q: %w", d.address, text, err))
					continue
				}
				all = append(all, link)
			}
		}
	}
	return all, errors.Join(errs...)
}

// posts are the addresses that a page can post to: by a form of its own, or by the question that a link asks.
func (d *document) posts(server string) (all []string) {
	base, err := url.Parse(server + d.address)
	if err != nil {
		return nil
	}
	note := func(text string) {
		if u, err := base.Parse(text); err == nil {
			all = append(all, u.EscapedPath())
		}
	}
	for _, f := range d.elements("form") {
		if method, _ := attribute(f, "method"); strings.EqualFold(method, "post") {
			action, _ := attribute(f, "action")
			note(action)
		}
	}
	for _, a := range d.elements("a") {
		if _, asks := attribute(a, "data-ask"); asks {
			href, _ := attribute(a, "href")
			note(href)
		}
	}
	return all
}

// mostOfPage is how many addresses of one page are visited, unless -every asks for more.
const mostOfPage = 4

// walk reads pages from the first ones on, and what their links lead to.
func (v *visitor) walk(t *testing.T, first []string, visit func(*document)) {
	t.Helper()
	seen, of := map[string]bool{}, map[string]int{}
	most := mostOfPage
	if *every {
		most = 40
	}
	for queue := slices.Clone(first); len(queue) > 0; queue = queue[1:] {
		address := queue[0]
		if seen[address] {
			continue
		}
		seen[address] = true
		d := v.get(t, address)
		visit(d)
		links, err := d.links(v.URL)
		if err != nil {
			t.Error(err)
		}
		for _, link := range links {
			path, own := pathOf(link, v.URL)
			if !own || seen[link.RequestURI()] {
				continue
			}
			kind := cmp.Or(kindOf(path), path)
			if of[kind]++; of[kind] <= most {
				queue = append(queue, link.RequestURI())
			}
		}
	}
}

// kindOf is the address of [Pages], [Soon] or [Files] that a path is of, the one with the fewest gaps; empty, where there is none.
func kindOf(path string) (kind string) {
	try := func(address string) {
		if Matches(address, path) && (kind == "" || strings.Count(address, "{") < strings.Count(kind, "{")) {
			kind = address
		}
	}
	for _, p := range Pages {
		try(p.Address)
	}
	for _, f := range Files {
		try(f.Address)
	}
	for _, address := range Soon {
		try(address)
	}
	return kind
}

// addresses are those of the pages that a world has: all, or those of every run.
func addresses(w *world.World, dev, brief bool) (all []string) {
	for _, p := range Pages {
		if address := w.Fill(p.Address); !strings.Contains(address, "{") && (dev || !p.Dev) && (p.Brief || !brief) {
			all = append(all, address)
		}
	}
	return all
}
