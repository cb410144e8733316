package browser

import (
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nudge/console/browser/world"
)

var shots = flag.String("shots", "", "a folder for pictures of every page that the tests open; empty: none")

// openAs opens the first page of a world in a tab of somebody with a role.
func openAs(t *testing.T, w *world.World, role, address string, v View) *Tab {
	t.Helper()
	var cookies []Cookie
	if role != "" {
		c, err := w.Login(role)
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, Cookie{c.Name, c.Value, c.Path})
	}
	tab, err := chromium.Open(w.URL+address, v, cookies...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	return tab
}

// TestPages opens the pages of every world, with scripts and without, light and dark, wide and narrow. Nothing is wrong
// with any: no barrier, no complaint of the browser, nothing that is wider than the window, nothing that the keyboard does
// not reach, and no budget that is exceeded. Without -every, a page is looked at in the ways in which it is likely to break.
func TestPages(t *testing.T) {
	for _, c := range []struct{ world, role string }{{"filled", "admin"}, {"empty", ""}, {"hostile", ""}} {
		for _, scripts := range []bool{true, false} {
			if !scripts && c.world != "filled" && !*every {
				continue
			}
			way := View{Scripts: scripts}
			t.Run(c.world+", "+way.String(), func(t *testing.T) {
				t.Parallel()
				w := worldOf(t, c.world)
				all := addresses(w, c.role == "", !*every)
				tab := openAs(t, w, c.role, all[0], way)
				for _, address := range all {
					t.Run(strings.ReplaceAll(address[1:], "/", " "), func(t *testing.T) {
						if err := errors.Join(tab.Look(way), tab.Go(w.URL+address)); err != nil {
							t.Fatal(err)
						}
						look(t, tab, c.world, address, way)
					})
				}
			})
		}
	}
}

// look looks at the page that a tab shows.
func look(t *testing.T, tab *Tab, world, address string, way View) {
	t.Helper()
	if tab.Status() != http.StatusOK {
		t.Errorf("it answers %d", tab.Status())
	}
	note := func(faults []string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Error(f)
		}
	}
	full := *every || world == "filled" && way.Scripts
	keep(t, tab, world, address, way)
	if *every || full && slices.Contains(tabbed, kindOf(address)) {
		_, faults, err := tab.Stops()
		note(faults, err)
	}
	if full {
		note(tab.Axe())
		way.Dark = true
		note(nil, tab.Look(way))
		note(tab.Contrast())
		keep(t, tab, world, address, way)
	}
	way.Dark, way.Width = false, 320
	note(nil, tab.Look(way))
	note(tab.Sideways())
	keep(t, tab, world, address, way)
	if *every {
		note(tab.Axe())
	}
	note(tab.Weight().Over(), nil)
	note(tab.Complaints(), nil)
}

// tabbed are the pages that the Tab key goes through in every run. It takes seconds where a page has many stops.
var tabbed = []string{"/console/", "/console/runs/{run}"}

var unsafe = regexp.MustCompile(`[^a-z0-9]+`)

// keep writes a picture of the page, if somebody wants them.
func keep(t *testing.T, tab *Tab, world, address string, way View) {
	t.Helper()
	if *shots == "" {
		return
	}
	png, err := tab.Picture(true)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Trim(unsafe.ReplaceAllString(strings.ToLower(world+address+" "+way.String()), "-"), "-")
	if len(name) > 100 {
		name = name[:100]
	}
	if err := errors.Join(os.MkdirAll(*shots, 0o777), os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o666)); err != nil {
		t.Fatal(err)
	}
}
