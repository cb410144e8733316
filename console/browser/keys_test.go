package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestKeys presses the keys of the console, one after the other: each does what the help says. The skip link is the first
// stop and leads behind the navigation.
func TestKeys(t *testing.T) {
	w := worldOf(t, "filled")
	tab := openAs(t, w, "admin", "/console/runs", View{Scripts: true})
	is := func(what, expression string) {
		t.Helper()
		var yes bool
		if err := tab.Ask(expression, &yes); err != nil || !yes {
			t.Errorf("%s: not so, %v", what, err)
		}
	}
	press := func(keys string) {
		t.Helper()
		if err := tab.Press(keys); err != nil {
			t.Fatal(err)
		}
	}
	stop, err := tab.NextStop()
	if err != nil || stop == nil || stop.Element != "a.skip" {
		t.Fatalf("the first stop is %+v, %v", stop, err)
	}
	press(kb.Enter)
	if stop, err = tab.NextStop(); err != nil || stop == nil || !stop.Main {
		t.Errorf("behind the skip link is %+v, %v", stop, err)
	}
	press("/")
	is("/ goes to the search", `document.activeElement.matches('.find input')`)
	press(kb.Escape)
	is("Esc leaves it", `!document.activeElement.matches('input')`)
	press("?")
	is("? opens the help", `document.getElementById('keys').open`)
	press("j")
	is("keys do nothing behind a dialog", `!document.activeElement.matches('[data-row]')`)
	press(kb.Escape)
	is("Esc closes the help", `!document.getElementById('keys').open`)
	press("jj")
	is("j goes to the next row", `document.activeElement === document.querySelectorAll('[data-row]')[1]`)
	press("k")
	is("k goes back", `document.activeElement === document.querySelectorAll('[data-row]')[0]`)
	for keys, page := range map[string]string{"gp": "/console/people", "ge": "/console/events", kb.Enter: "/console/runs/"} {
		if err := tab.Go(w.URL + "/console/runs"); err != nil {
			t.Fatal(err)
		}
		press("j")
		address, err := tab.Leave(keys)
		if err != nil || !strings.HasPrefix(address, w.URL+page) {
			t.Errorf("the keys %q lead to %s, %v", keys, address, err)
		}
	}
}
