package browser

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"nudge/docs/site/render"
)

// docsSite writes the documentation as a site, and returns the address of its folder. Pages are opened from the disk, as
// readers may do.
func docsSite(t *testing.T) (address string, site *render.Site) {
	t.Helper()
	site, err := render.Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := site.Write(dir); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(dir) + "/", site
}

// docsBrief are the pages that every run looks at: each kind of content is on one of them.
var docsBrief = []string{"index.html", "docs/patterns.html", "docs/sandbox.html"}

const twoFrames = `new Promise((say) => requestAnimationFrame(() => requestAnimationFrame(() => say(true))))`

// TestDocs looks at pages of the documentation: no barrier, no complaint of the browser, light and dark, wide and narrow.
func TestDocs(t *testing.T) {
	address, site := docsSite(t)
	all := docsBrief
	if *every {
		all = nil
		for _, p := range site.Pages() {
			all = append(all, p.Address)
		}
	}
	tab := open(t, address+all[0], View{Scripts: true})
	note := func(faults []string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Error(f)
		}
	}
	for _, page := range all {
		t.Run(page, func(t *testing.T) {
			note(nil, errors.Join(tab.Look(View{Scripts: true}), tab.Go(address+page)))
			note(tab.Axe())
			note(nil, tab.Look(View{Scripts: true, Dark: true}))
			note(tab.Contrast())
			keep(t, tab, "docs", page, View{Scripts: true, Dark: true})
			// The page hears of a new width with the next frame.
			note(nil, errors.Join(tab.Look(View{Scripts: true, Width: 320}), tab.Ask(twoFrames, new(bool))))
			note(tab.Sideways())
			keep(t, tab, "docs", page, View{Scripts: true, Width: 320})
			note(tab.Complaints(), nil)
		})
	}
	if *every {
		return
	}
	_, faults, err := tab.Stops()
	note(faults, err)
}

// TestDocsKeys searches the documentation with the keyboard alone, on a page that was opened from the disk.
func TestDocsKeys(t *testing.T) {
	address, _ := docsSite(t)
	tab := open(t, address+"docs/templates.html", View{Scripts: true})
	press := func(keys string) {
		t.Helper()
		if err := tab.Press(keys); err != nil {
			t.Fatal(err)
		}
	}
	is := func(what, expression string) {
		t.Helper()
		var yes bool
		// The index is loaded when somebody searches, so the answer may come a moment later.
		const wait = `new Promise((say) => { let left = 100; const look = () => { const yes = (%); if (yes || !left--) say(yes); else requestAnimationFrame(look); }; look(); })`
		if err := tab.Ask(strings.Replace(wait, "%", expression, 1), &yes); err != nil || !yes {
			t.Errorf("%s: not so, %v", what, err)
		}
	}
	// A character is a key and a text for these tests, and the page can keep back only what a real key types.
	search := func(words string) {
		t.Helper()
		if err := tab.Ask(`document.getElementById('find').select() ?? true`, new(bool)); err != nil {
			t.Fatal(err)
		}
		press(words)
	}
	press("/")
	is("/ goes to the search", `document.activeElement.id === 'find'`)
	search("opt out")
	is("sections are found", `document.querySelectorAll('#found li').length > 3 && !document.getElementById('found').hidden`)
	is("the first one is selected", `document.querySelector('#found li').getAttribute('aria-selected') === 'true'`)
	press(kb.ArrowDown)
	is("the arrow selects the next one", `document.getElementById('find').getAttribute('aria-activedescendant') === 'found-1'`)
	faults, err := tab.Axe()
	if err != nil || len(faults) > 0 {
		t.Errorf("the list has barriers: %q, %v", faults, err)
	}
	press(kb.Escape)
	is("Escape closes the list", `document.getElementById('found').hidden && document.activeElement.id === 'find'`)
	press(kb.Escape)
	is("Escape again leaves the search", `document.activeElement.id !== 'find'`)
	press("/")
	search("unknown-step")
	is("the diagnostic is found", `document.querySelector('#found li b')?.textContent === 'unknown-step'`)
	to, err := tab.Leave(kb.Enter)
	if err != nil || to != address+"docs/diagnostics.html#unknown-step" {
		t.Errorf("Enter leads to %s, %v", to, err)
	}
	if complaints := tab.Complaints(); len(complaints) > 0 {
		t.Error(complaints)
	}
}

// TestDocsNoScript reads a page without scripts: everything but search and copying is there.
func TestDocsNoScript(t *testing.T) {
	address, _ := docsSite(t)
	tab := open(t, address+"docs/templates.html#functions", View{Width: 360})
	var got struct{ Search, Pages bool }
	const ask = `({search: !document.querySelector('.find').hidden, pages: getComputedStyle(document.getElementById('pages')).display !== 'none'})`
	if err := tab.Ask(ask, &got); err != nil || got.Search || got.Pages {
		t.Errorf("without scripts, on a phone: %+v, %v", got, err)
	}
	if err := errors.Join(tab.Go(address+"docs/templates.html#pages"), tab.Ask(ask, &got)); err != nil || !got.Pages {
		t.Errorf("the pages are not listed: %+v, %v", got, err)
	}
}
