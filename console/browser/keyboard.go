package browser

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

//go:embed scripts/stop.js
var stopScript string

//go:embed scripts/missed.js
var missedScript string

// mostStops is how many times Tab is pressed on a page. A page with more stops is reported: nobody wants
// to tab through it.
const mostStops = 400

// Stop is a place where the Tab key stops.
type Stop struct {
	Element string   // its name and classes in HTML
	Name    string   // as assistive technology says it
	Role    string   // likewise
	Main    bool     // it is in the main part of the page
	Faults  []string // what is wrong with it
	Again   bool     // the Tab key was here before
}

// Stops presses Tab from where the focus is until it leaves the page. It returns the stops, and what is wrong: a stop that
// is hidden, looks the same with the focus as without, or has no name; and what the Tab key does not reach.
func (t *Tab) Stops() (stops []Stop, faults []string, err error) {
	for range mostStops {
		stop, err := t.NextStop()
		if err != nil {
			return stops, faults, err
		}
		if stop == nil || stop.Again {
			var missed []string
			err := t.Ask(missedScript, &missed)
			for _, m := range missed {
				faults = append(faults, "the Tab key does not reach "+m)
			}
			return stops, faults, err
		}
		stops = append(stops, *stop)
		for _, f := range stop.Faults {
			faults = append(faults, fmt.Sprintf("%s (%q) %s", stop.Element, stop.Name, f))
		}
	}
	return stops, append(faults, fmt.Sprintf("it has more than %d stops of the Tab key", mostStops)), nil
}

// tabKey is the half of the key that moves the focus. Waiting for the other half takes twice as long.
var tabKey = input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9}

// NextStop presses Tab and returns where it leads; nil when the focus left the page.
func (t *Tab) NextStop() (stop *Stop, err error) {
	err = send(t, input.DispatchKeyEvent, tabKey)
	if err != nil {
		return nil, err
	}
	err = t.Ask(stopScript, &stop)
	return stop, err
}

// Press presses keys, one after the other.
func (t *Tab) Press(keys string) error { return t.do(chromedp.KeyEvent(keys)) }

// Leave presses keys that lead to another page, and returns where.
func (t *Tab) Leave(keys string) (address string, err error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	t.heard.reset()
	if _, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(keys)); err != nil {
		return "", err
	}
	if err := t.enter(); err != nil {
		return "", err
	}
	return t.Address()
}
