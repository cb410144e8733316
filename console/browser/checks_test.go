package browser

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// policy is the content security policy of the console.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// goodPage is a page with nothing wrong; a fault is written in place of its content.
const goodPage = `<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head><body>
<a class="skip" href="#content">Skip to the content</a><header><a href="/other">Other</a></header>
<main id="content"><h1>A page</h1>%s</main></body></html>`

const goodStyle = `* { box-sizing: border-box } body { margin: 0; background: #fff; color: #111 } a, button, input { display: inline-block; min-height: 24px; min-width: 24px }
:focus-visible { outline: 2px solid #00f; outline-offset: 2px }
.pale { color: #bbb } .wide { width: 500px } .scrolls { overflow-x: auto; width: 200px } .dull:focus-visible { outline: none }
.over { position: fixed; inset: 0; background: #fff }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #9cf } .night { color: #333 } }`

// site serves pages with contents, at /0 and so on, and the files that they need.
func site(t *testing.T, contents ...string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	file := func(path, kind, text string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Security-Policy", policy)
			fmt.Fprint(w, text)
		})
	}
	for i, content := range contents {
		file(fmt.Sprintf("/%d", i), "text/html; charset=utf-8", fmt.Sprintf(goodPage, content))
	}
	file("/other", "text/html; charset=utf-8", fmt.Sprintf(goodPage, "Another one"))
	file("/icon.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`)
	file("/style.css", "text/css", goodStyle)
	file("/script.js", "text/javascript", "document.documentElement.dataset.ran = 'yes';\n")
	file("/fails.js", "text/javascript", "throw new Error('broken');\n")
	file("/warns.js", "text/javascript", "console.warn('beware');\n")
	file("/traps.js", "text/javascript", "trap.addEventListener('keydown', (e) => e.preventDefault());\n")
	file("/asks.js", "text/javascript", "alert('hello');\n")
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T, address string, v View) *Tab {
	t.Helper()
	tab, err := chromium.Open(address, v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	return tab
}

// TestChecks gives each check a page with one fault: it finds this one, and the others find none.
func TestChecks(t *testing.T) {
	cases := []struct{ name, content, check, want string }{
		{name: "good", content: `<p>Text, <a href="/other">a link</a>.</p>`},
		{"pale text", `<p class="pale">Text</p>`, "axe", "color-contrast"},
		{"pale at night", `<p class="night">Text</p>`, "contrast in the dark", "color-contrast"},
		{"picture without words", `<img src="/icon.svg">`, "axe", "image-alt"},
		{"script in the page", `<script>document.title = 'x'</script>`, "complaints", "Content Security Policy"},
		{"style in the page", `<p style="color: red">Text</p>`, "complaints", "Content Security Policy"},
		{"script of another origin", `<script src="http://other.invalid/x.js"></script>`, "complaints", "other.invalid"},
		{"script that fails", `<script src="/fails.js"></script>`, "complaints", "broken"},
		{"script that warns", `<script src="/warns.js"></script>`, "complaints", "beware"},
		{"dialog", `<script src="/asks.js"></script>`, "complaints", "hello"},
		{"missing file", `<script src="/missing.js"></script>`, "complaints", "404"},
		{"wide", `<p class="wide">Text</p>`, "sideways", "500 px wide in a window of 320: main#content > p.wide"},
		{"wide in a region", `<div class="scrolls" tabindex="0" role="region" aria-label="Map"><p class="wide">Text</p></div>`, "", ""},
		{"focus that nobody sees", `<a class="dull" href="/other">Dull</a>`, "stops", `a.dull ("Dull") looks the same`},
		{"stop without a name", `<div role="group" tabindex="0">Text</div>`, "stops", "has no name"},
		{"trap", `<button id="trap">Trap</button><button>Never</button><script src="/traps.js" defer></script>`, "stops", "does not reach <button>Never"},
		{"covered stops", `<div class="over"></div>`, "stops", `a ("Other") is hidden`},
		{"long page", "<p>" + strings.Repeat("Text ", 13_000) + "</p>", "weight", "the HTML has"},
	}
	var contents []string
	for _, c := range cases {
		contents = append(contents, c.content)
	}
	s := site(t, contents...)
	tab := open(t, s.URL+"/other", View{Scripts: true})
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := errors.Join(tab.Look(View{Scripts: true}), tab.Go(fmt.Sprintf("%s/%d", s.URL, i))); err != nil {
				t.Fatal(err)
			}
			for check, found := range findings(t, tab) {
				switch all := strings.Join(found, "\n"); {
				case check != c.check && all != "":
					t.Errorf("%s found %s", check, all)
				case check == c.check && !strings.Contains(all, c.want):
					t.Errorf("%s found %q, want %q", check, all, c.want)
				}
			}
		})
	}
}

// findings is what all checks find on a page, by the name of the check.
func findings(t *testing.T, tab *Tab) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	note := func(check string, faults []string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		found[check] = faults
	}
	look := func(v View) {
		t.Helper()
		if err := tab.Look(v); err != nil {
			t.Fatal(err)
		}
	}
	_, faults, err := tab.Stops()
	note("stops", faults, err)
	faults, err = tab.Axe()
	note("axe", faults, err)
	look(View{Dark: true})
	faults, err = tab.Contrast()
	note("contrast in the dark", faults, err)
	look(View{Width: 320})
	faults, err = tab.Sideways()
	note("sideways", faults, err)
	note("weight", tab.Weight().Over(), nil)
	note("complaints", tab.Complaints(), nil)
	return found
}

// TestNoScript opens a page with its scripts off: they do not run, what is for readers without them is
// there, and our own checks work.
func TestNoScript(t *testing.T) {
	s := site(t, `<noscript><p>Without</p></noscript><p class="pale">Text</p>`)
	for _, scripts := range []bool{true, false} {
		tab := open(t, s.URL+"/0", View{Scripts: scripts})
		var got struct {
			Ran   bool
			Texts int
		}
		if err := tab.Ask(`({ran: !!document.documentElement.dataset.ran, texts: document.querySelectorAll('noscript p').length})`, &got); err != nil {
			t.Fatal(err)
		}
		if got.Ran != scripts || got.Texts == 1 == scripts {
			t.Errorf("with scripts %v: %+v", scripts, got)
		}
		faults, err := tab.Axe()
		if err != nil || len(faults) != 1 {
			t.Errorf("with scripts %v axe finds %q, %v", scripts, faults, err)
		}
		if w := tab.Weight(); (w.Scripts > 0) != scripts || w.CSS == 0 || w.HTML == 0 {
			t.Errorf("with scripts %v: %+v", scripts, w)
		}
	}
}
