package browser

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nudge/console/browser/world"
)

// TestLinks follows the links of the console: each leads to a page that is listed, and that answers.
func TestLinks(t *testing.T) {
	for _, c := range []struct{ world, role string }{{"filled", "admin"}, {"empty", ""}, {"hostile", ""}, {"demo", ""}} {
		t.Run(c.world, func(t *testing.T) {
			t.Parallel()
			w := worldOf(t, c.world)
			v := newVisitor(t, w, c.role)
			pages := 0
			v.walk(t, addresses(w, c.role == "", false), func(d *document) {
				pages++
				v.hold(t, d)
			})
			t.Logf("%d pages", pages)
		})
	}
}

// hold holds a page that a link led to, to what every page must be.
func (v *visitor) hold(t *testing.T, d *document) {
	t.Helper()
	path, _, _ := strings.Cut(d.address, "?")
	kind := kindOf(path)
	switch {
	case strings.HasPrefix(path, "/console/assets/"):
		if d.status != http.StatusOK {
			t.Errorf("%s: %d", d.address, d.status)
		}
		return
	case slices.ContainsFunc(Files, func(f Action) bool { return f.Address == kind }):
		if d.status != http.StatusOK || strings.HasPrefix(d.media, "text/html") {
			t.Errorf("%s: %d %s", d.address, d.status, d.media)
		}
		return
	case slices.Contains(Soon, kind):
		if d.status != http.StatusNotFound {
			t.Errorf("%s is there now (%d): move it from Soon to Pages", d.address, d.status)
		}
		return
	case kind == "":
		t.Errorf("a link leads to %s (%d), which is not in Pages", d.address, d.status)
		return
	case d.status != http.StatusOK || !strings.HasPrefix(d.media, "text/html"):
		t.Errorf("%s: %d %s", d.address, d.status, d.media)
		return
	}
	links, err := d.links(v.URL)
	if err != nil {
		t.Error(err)
	}
	for _, link := range links {
		if _, own := pathOf(link, v.URL); !own {
			t.Errorf("%s has a link that leads away: %s", d.address, link)
		}
		if part := link.Fragment; part != "" && link.RequestURI() == d.address && !d.has(part) {
			t.Errorf("%s has a link to #%s, and no such part", d.address, part)
		}
	}
}

// has reports whether a document has a part with an id.
func (d *document) has(id string) bool {
	for n := range d.root.Descendants() {
		if value, _ := attribute(n, "id"); value == id {
			return true
		}
	}
	return false
}

// includes are the roles that may do what needs a scope.
var includes = map[string][]string{
	"": {"read", "operate", "author", "admin"}, "read": {"read", "operate", "author", "admin"}, "events": {"admin"},
	"operate": {"operate", "author", "admin"}, "author": {"author", "admin"}, "admin": {"admin"},
}

// actionOf returns the action that is posted to a path.
func actionOf(path string) (Action, bool) {
	for _, a := range Actions {
		if Matches(a.Address, path) {
			return a, true
		}
	}
	return Action{}, false
}

// TestForms looks for forms on all pages, as each role: each posts to an action that is listed, and nobody is shown what
// they may not do. Each action is on some page.
func TestForms(t *testing.T) {
	w := worldOf(t, "filled")
	found := map[string]bool{}
	for _, role := range []string{"read", "operate", "author", "admin"} {
		v := newVisitor(t, w, role)
		v.walk(t, addresses(w, false, false), func(d *document) {
			if d.status == http.StatusForbidden {
				return
			}
			for _, path := range d.posts(w.URL) {
				a, listed := actionOf(path)
				found[a.Address] = true
				switch {
				case slices.Contains(Soon, kindOf(path)):
				case !listed:
					t.Errorf("%s posts to %s, which is not in Actions", d.address, path)
				case !slices.Contains(includes[a.Scope], role):
					t.Errorf("%s shows %s to the role %s, which may not do it", d.address, path, role)
				}
			}
		})
	}
	for _, a := range Actions {
		if !found[a.Address] && !a.Rare && !a.Dev {
			t.Errorf("no page has the action %s", a.Address)
		}
	}
}

// TestRoles, with forms of nobody; the console's own test has right ones. It posts every action as every role, and as nobody. Who may not is refused, whatever the page shows; who may gets
// the question once more, because the form is none of this server's.
func TestRoles(t *testing.T) {
	w := worldOf(t, "filled")
	for _, role := range []string{"", "read", "operate", "author", "admin"} {
		v := newVisitor(t, w, role)
		try := func(method string, a Action, allowed int) {
			t.Helper()
			at, err := url.Parse(w.Fill(a.Address))
			if err != nil {
				t.Fatal(err)
			}
			var answer *http.Response
			if a.Upload {
				answer = v.send(t, method, at.String(), "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n--b--\r\n")
			} else {
				answer = v.do(t, method, at.String(), at.Query())
			}
			answer.Body.Close()
			want := allowed
			if role == "" {
				want = http.StatusUnauthorized
			} else if !slices.Contains(includes[a.Scope], role) {
				want = http.StatusForbidden
			}
			if answer.StatusCode != want {
				t.Errorf("%s %s as %q: %d, want %d", method, a.Address, role, answer.StatusCode, want)
			}
		}
		for _, a := range Actions {
			if a.Scope == "" || a.Dev {
				continue
			}
			if a.Later {
				try(http.MethodPost, a, http.StatusNotFound)
				continue
			}
			try(http.MethodPost, a, http.StatusConflict)
			if !a.Direct {
				try(http.MethodGet, a, http.StatusOK)
			}
		}
		for _, f := range Files {
			try(http.MethodGet, f, http.StatusOK)
		}
	}
	if _, err := w.Login("events"); err == nil {
		t.Error("a token that only sends events has a session")
	}
	if world.Token("events") == "" {
		t.Error("there is no token that only sends events")
	}
}
