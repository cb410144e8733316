package browser

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// heard is what the browser reported of a page.
type heard struct {
	origin string

	mu         sync.Mutex // guards the rest
	complaints []string
	status     int // of the document
	kinds      map[network.RequestID]network.ResourceType
	weight     map[network.ResourceType]int
}

func newHeard(origin string) *heard {
	h := &heard{origin: origin}
	h.reset()
	return h
}

func (h *heard) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.complaints, h.status = nil, 0
	h.kinds, h.weight = map[network.RequestID]network.ResourceType{}, map[network.ResourceType]int{}
}

// take notes an event of the browser.
func (h *heard) take(event any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		h.kinds[e.RequestID] = e.Type
		if !strings.HasPrefix(e.Request.URL, h.origin+"/") && !strings.HasPrefix(e.Request.URL, "data:") {
			h.complain("it asks another origin: %s", e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			h.status = int(e.Response.Status)
		} else if e.Response.Status >= 400 {
			h.complain("%s: %d", e.Response.URL, e.Response.Status)
		}
	case *network.EventDataReceived:
		h.weight[h.kinds[e.RequestID]] += int(e.DataLength)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			h.complain("the browser says: %s", e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		h.complain("a script failed: %v", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			h.complain("a script says: %s", said(e.Args))
		}
	case *page.EventJavascriptDialogOpening:
		h.complain("the page opens a dialog of the browser: %s", e.Message)
	}
}

func (h *heard) complain(format string, args ...any) {
	h.complaints = append(h.complaints, fmt.Sprintf(format, args...))
}

func said(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		words = append(words, strings.Trim(string(a.Value), `"`))
	}
	return strings.Join(words, " ")
}

// Complaints are what the browser reported since the page was opened: what its content security policy
// blocked, scripts that failed, files that are not there, requests to other origins, and dialogs that a
// script opened. They hold for the page until now, so ask for them last.
func (t *Tab) Complaints() []string {
	t.heard.mu.Lock()
	defer t.heard.mu.Unlock()
	return slices.Clone(t.heard.complaints)
}

// Weight is how many bytes a page is made of, before compression.
type Weight struct{ HTML, CSS, Scripts, Other int }

// Total is all of it.
func (w Weight) Total() int { return w.HTML + w.CSS + w.Scripts + w.Other }

// Weight returns the bytes that came since the page was opened. Streams and requests of scripts do not
// count.
func (t *Tab) Weight() Weight {
	t.heard.mu.Lock()
	defer t.heard.mu.Unlock()
	of := t.heard.weight
	return Weight{
		HTML: of[network.ResourceTypeDocument], CSS: of[network.ResourceTypeStylesheet], Scripts: of[network.ResourceTypeScript],
		Other: of[network.ResourceTypeImage] + of[network.ResourceTypeFont] + of[network.ResourceTypeMedia],
	}
}

// The budgets of a page, in bytes before compression.
const (
	mostHTML    = 60 << 10
	mostCSS     = 32_000
	mostScripts = 12 << 10
	mostPage    = 100 << 10
)

// Over says which budgets a page exceeds.
func (w Weight) Over() (faults []string) {
	for _, part := range []struct {
		name      string
		has, most int
	}{
		{"the HTML", w.HTML, mostHTML}, {"the CSS", w.CSS, mostCSS}, {"the scripts", w.Scripts, mostScripts}, {"the page with all its files", w.Total(), mostPage},
	} {
		if part.has > part.most {
			faults = append(faults, fmt.Sprintf("%s has %d bytes, and %d at most are allowed", part.name, part.has, part.most))
		}
	}
	return faults
}
