package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"nudge/client"
)

const (
	maxTabs      = 500              // that are open at once; one more gets no news, and says that it is paused. The API may let fewer follow
	tabEvery     = time.Second      // how often one tab gets news at most
	rewriteShare = 50               // pages are written again for one of so many parts of the time at most; with many different pages open, each gets news less often
	rewriteRest  = time.Second / 2  // how long nothing is written between two pages at most, however long they take
	tabSilence   = 15 * time.Second // after which a comment is sent, so that proxies keep the connection
	tabPatience  = 10 * time.Second // how long a tab may take to accept news; then it is cut off, and comes back
)

// topicsHeader names what makes a page change; see [view].
const topicsHeader = "X-Console-Topics"

// sharedHeader says that the parts of a page are the same for all who may do the same; see [view].
const sharedHeader = "X-Console-Shared"

// tabs are the pages that people have open. Tabs with the same page share what is written for them: those of one session, and those of all
// who may do the same, where the page names no person.
type tabs struct {
	follower follower
	mu       sync.Mutex
	open     int
	pages    map[tabKey]*sharedPage
	next     time.Time     // when a page may be written again
	takes    time.Duration // to write a page, of late
}

type tabKey struct {
	session              *session // nil: of all with the scopes
	scopes               string   // that they have
	host, path, language string
}

// sharedPage is a page that is open in one tab or more.
type sharedPage struct {
	readers int // guarded by the lock of the tabs

	mu      sync.Mutex // held while it is written
	written time.Time  // when that began
	parts   map[string]string
}

func newTabs() *tabs { return &tabs{pages: map[tabKey]*sharedPage{}} }

// keyOf is where the page of a tab is.
func keyOf(t *tab, shared bool) tabKey {
	key := tabKey{scopes: scopesOf(t.Me), host: t.serverURL(), path: t.path, language: t.r.Header.Get("Accept-Language")}
	if !shared {
		key.session = t.session
	}
	return key
}

func scopesOf(t *client.CurrentToken) string { return strings.Join(t.May, ",") }

// join returns the page of a tab, or nil if there are too many.
func (t *tabs) join(key tabKey) *sharedPage {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == maxTabs {
		return nil
	}
	t.open++
	page := t.pages[key]
	if page == nil {
		page = &sharedPage{}
		t.pages[key] = page
	}
	page.readers++
	return page
}

func (t *tabs) leave(key tabKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open--
	page := t.pages[key]
	if page.readers--; page.readers == 0 {
		delete(t.pages, key)
	}
}

// turn waits until a page may be written. Where pages take long to write, be it that they are large or that the machine is busy, they are
// written less often: those who look never cost much of what messages need.
func (t *tabs) turn(ctx context.Context) error {
	t.mu.Lock()
	at := time.Now()
	if t.next.After(at) {
		at = t.next
	}
	t.next = at.Add(min(rewriteRest, rewriteShare*t.takes))
	t.mu.Unlock()
	return pause(ctx, time.Until(at))
}

// took notes how long it took to write a page.
func (t *tabs) took(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takes += (d - t.takes) / takesOver
}

// takesOver is over how many pages the time that one takes is averaged.
const takesOver = 8

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// since returns the parts as they are at an instant or later.
func (p *sharedPage) since(at time.Time, write func() (map[string]string, time.Time, error)) (map[string]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parts != nil && !p.written.Before(at) {
		return p.parts, nil
	}
	parts, began, err := write()
	if err != nil {
		return nil, err
	}
	p.written = began
	if parts != nil {
		p.parts = parts
	}
	return p.parts, nil
}

// live sends the parts of a page that change, as server-sent events.
func (c *Console) live(w http.ResponseWriter, r *http.Request) {
	v, ok := c.visitOf(w, r)
	if !ok {
		return
	}
	t := &tab{visit: v, path: nextOf(r.URL.Query().Get("page")), out: w, control: http.NewResponseController(w), sent: map[string]string{}}
	p, err := t.rewrite()
	if err != nil || len(p.topics) == 0 {
		http.Error(w, "this page does not change by itself", http.StatusNotFound)
		return
	}
	key := keyOf(t, p.shared)
	if t.page = c.tabs.join(key); t.page == nil {
		http.Error(w, "too many tabs are open", http.StatusServiceUnavailable)
		return
	}
	defer c.tabs.leave(key)
	t.listener = c.tabs.follower.listen(v.session.token, r, p.topics)
	defer c.tabs.follower.leave(t.listener)
	select {
	case <-t.begun:
	case <-t.ended: // before the answer: a tab that was let in would come back again and again
		http.Error(w, "the API lets nobody more follow", http.StatusServiceUnavailable)
		return
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // or nginx keeps what is sent
	w.WriteHeader(http.StatusOK)
	if t.send(": follows\n\n") == nil {
		t.follow(r.Context())
	}
}

// tab is a page that somebody has open.
type tab struct {
	*visit
	*listener
	path    string
	page    *sharedPage
	out     http.ResponseWriter
	control *http.ResponseController
	sent    map[string]string // parts as the tab has them
}

// follow sends news until the tab is closed, or the API ends the stream.
func (t *tab) follow(ctx context.Context) {
	silence := time.NewTicker(tabSilence)
	defer silence.Stop()
	for {
		var err error
		select {
		case <-t.ended:
			return
		case <-ctx.Done():
			return
		case <-silence.C: // what is said of time changes too
			if err = t.tell(ctx, time.Now().Add(-tabSilence)); err == nil {
				err = t.send(": nothing new\n\n")
			}
		case at := <-t.news:
			if err = t.tell(ctx, at); err == nil {
				err = pause(ctx, tabEvery)
			}
		}
		if err != nil {
			return
		}
	}
}

// errOver ends a stream whose page may not be seen any more, or is gone. The tab asks once more, and is told why.
var errOver = errors.New("the page is over")

// mayLook reports whether the visitor is still logged in, with a token that may do as much as it did: what is written for another tab is for
// their eyes only as long.
func (t *tab) mayLook(ctx context.Context) bool {
	sessions := t.console.sessions
	if t.session != sessions.local && t.session != sessions.of(t.r) {
		return false
	}
	me, err := t.api.Token(ctx)
	return err == nil && scopesOf(me) == scopesOf(t.Me)
}

// tell sends the parts that differ from those that the tab has, as they were at an instant or later.
func (t *tab) tell(ctx context.Context, at time.Time) error {
	parts, err := t.page.since(at, func() (map[string]string, time.Time, error) { return t.write(ctx) })
	if err != nil {
		return err
	}
	differ := map[string]string{}
	for id, html := range parts {
		if t.sent[id] != html {
			differ[id], t.sent[id] = html, html
		}
	}
	if len(differ) == 0 {
		return nil
	}
	if !t.mayLook(ctx) {
		return errOver
	}
	raw, err := json.Marshal(differ)
	if err != nil {
		panic("console: parts that do not encode: " + err.Error()) // they are texts
	}
	return t.send(fmt.Sprintf("event: parts\ndata: %s\n\n", raw))
}

// write writes the parts of the page once it is its turn, and says when it began.
func (t *tab) write(ctx context.Context) (map[string]string, time.Time, error) {
	if err := t.console.tabs.turn(ctx); err != nil {
		return nil, time.Time{}, err
	}
	began := time.Now()
	p, err := t.rewrite()
	t.console.tabs.took(time.Since(began))
	return p.parts, began, err
}

func (t *tab) send(text string) error {
	t.control.SetWriteDeadline(time.Now().Add(tabPatience)) // writers that are no connection have none
	if _, err := t.out.Write([]byte(text)); err != nil {
		return err
	}
	return t.control.Flush()
}

// rewritten is what of a page changes, and when.
type rewritten struct {
	parts  map[string]string // HTML by id; nil: this did not work this time
	topics []string          // that make it change; none: it does not
	shared bool              // it is the same for all who may do the same
}

// rewrite writes the parts of the page.
func (t *tab) rewrite() (p rewritten, err error) {
	r := t.r.Clone(t.ctx())
	r.Method = http.MethodGet
	u, err := r.URL.Parse(t.path)
	if err != nil {
		return p, errOver
	}
	r.URL, r.RequestURI = u, t.path
	r.Header.Set(partsHeader, "yes")
	answer := &buffered{header: http.Header{}}
	t.console.inside.ServeHTTP(answer, r)
	switch answer.status {
	case 0, http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return p, errOver
	default:
		return p, nil
	}
	if p.parts = answer.parts; p.parts == nil {
		return p, errOver // it is no page
	}
	if topics := answer.header.Get(topicsHeader); topics != "" {
		p.topics = strings.Split(topics, ",")
	}
	p.shared = answer.header.Get(sharedHeader) != ""
	return p, nil
}
