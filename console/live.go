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
	maxTabs      = 500                   // that are open at once; one more gets no news, and says that it is paused. The API may let fewer follow
	tabEvery     = time.Second           // how often one tab gets news at most
	rewriteEvery = 50 * time.Millisecond // how often any page is written again; with many different pages open, each gets news less often
	tabSilence   = 15 * time.Second      // after which a comment is sent, so that proxies keep the connection
	tabPatience  = 10 * time.Second      // how long a tab may take to accept news; then it is cut off, and comes back
)

// topicsHeader names what makes a page change; see [view].
const topicsHeader = "X-Console-Topics"

// tabs are the pages that people have open. Tabs with the same page of the same person share what is written for them.
type tabs struct {
	mu    sync.Mutex
	open  int
	pages map[tabKey]*sharedPage
	next  time.Time // when a page may be written again
}

// tabKey says who shares a page that is written once: the tabs of one session, as another one may see more of people.
type tabKey struct {
	session        *session
	path, language string
}

// sharedPage is a page that is open in one tab or more.
type sharedPage struct {
	readers int // guarded by the lock of the tabs

	mu      sync.Mutex // held while it is written
	written time.Time  // when that began
	parts   map[string]string
}

func newTabs() *tabs { return &tabs{pages: map[tabKey]*sharedPage{}} }

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

// turn waits until a page may be written.
func (t *tabs) turn(ctx context.Context) error {
	t.mu.Lock()
	at := time.Now()
	if t.next.After(at) {
		at = t.next
	}
	t.next = at.Add(rewriteEvery)
	t.mu.Unlock()
	return pause(ctx, time.Until(at))
}

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
func (p *sharedPage) since(ctx context.Context, at time.Time, turn func(context.Context) error, write func() (map[string]string, error)) (map[string]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parts != nil && !p.written.Before(at) {
		return p.parts, nil
	}
	if err := turn(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	parts, err := write()
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
	_, topics, err := t.rewrite()
	if err != nil || topics == "" {
		http.Error(w, "this page does not change by itself", http.StatusNotFound)
		return
	}
	key := tabKey{v.session, t.path, r.Header.Get("Accept-Language")}
	if t.page = c.tabs.join(key); t.page == nil {
		http.Error(w, "too many tabs are open", http.StatusServiceUnavailable)
		return
	}
	defer c.tabs.leave(key)
	ctx, cancel := context.WithCancel(t.ctx())
	n := t.listen(ctx, strings.Split(topics, ","))
	defer func() {
		cancel()
		<-n.ended
	}()
	select {
	case <-n.begun:
	case <-n.ended: // before the answer: a tab that was let in would come back again and again
		http.Error(w, "the API lets nobody more follow", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // or nginx keeps what is sent
	w.WriteHeader(http.StatusOK)
	if t.send(": follows\n\n") == nil {
		t.follow(ctx, n)
	}
}

// news is what the API says to a tab.
type news struct {
	begun   chan struct{} // closed when nothing is missed any more
	changed chan struct{}
	ended   chan struct{} // closed when nothing comes any more
}

// listen asks the API for news. The first comes at once, so that nothing is lost between the page and its stream.
func (t *tab) listen(ctx context.Context, topics []string) news {
	n := news{make(chan struct{}), make(chan struct{}, 1), make(chan struct{})}
	n.changed <- struct{}{}
	go func() {
		defer close(n.ended)
		for _, err := range t.api.Live(ctx, client.LiveQuery{Topics: topics, Begun: func() { close(n.begun) }}) {
			if err != nil {
				return
			}
			select {
			case n.changed <- struct{}{}:
			default: // it is told already
			}
		}
	}()
	return n
}

// tab is a page that somebody has open.
type tab struct {
	*visit
	path    string
	page    *sharedPage
	out     http.ResponseWriter
	control *http.ResponseController
	sent    map[string]string // parts as the tab has them
}

// follow sends news until the tab is closed, or the API ends the stream.
func (t *tab) follow(ctx context.Context, n news) {
	silence := time.NewTicker(tabSilence)
	defer silence.Stop()
	for {
		var err error
		select {
		case <-n.ended:
			return
		case <-silence.C: // what is said of time changes too
			if err = t.tell(ctx); err == nil {
				err = t.send(": nothing new\n\n")
			}
		case <-n.changed:
			if err = t.tell(ctx); err == nil {
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

// mayLook reports whether the visitor is still logged in: what is written for another tab is for their eyes only as long.
func (t *tab) mayLook() bool {
	sessions := t.console.sessions
	return t.session == sessions.local || t.session == sessions.of(t.r)
}

// tell sends the parts that differ from those that the tab has.
func (t *tab) tell(ctx context.Context) error {
	parts, err := t.page.since(ctx, time.Now(), t.console.tabs.turn, func() (map[string]string, error) {
		parts, _, err := t.rewrite()
		return parts, err
	})
	switch {
	case err != nil:
		return err
	case !t.mayLook():
		return errOver
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
	raw, err := json.Marshal(differ)
	if err != nil {
		panic("console: parts that do not encode: " + err.Error()) // they are texts
	}
	return t.send(fmt.Sprintf("event: parts\ndata: %s\n\n", raw))
}

func (t *tab) send(text string) error {
	t.control.SetWriteDeadline(time.Now().Add(tabPatience)) // writers that are no connection have none
	if _, err := t.out.Write([]byte(text)); err != nil {
		return err
	}
	return t.control.Flush()
}

// rewrite writes the parts of the page, and says what makes them change. It has no parts where that does not work this time.
func (t *tab) rewrite() (parts map[string]string, topics string, err error) {
	r := t.r.Clone(t.ctx())
	r.Method = http.MethodGet
	u, err := r.URL.Parse(t.path)
	if err != nil {
		return nil, "", errOver
	}
	r.URL, r.RequestURI = u, t.path
	r.Header.Set(partsHeader, "yes")
	answer := &buffered{header: http.Header{}}
	t.console.inside.ServeHTTP(answer, r)
	switch answer.status {
	case 0, http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return nil, "", errOver
	default:
		return nil, "", nil
	}
	if json.Unmarshal(answer.body.Bytes(), &parts) != nil {
		return nil, "", errOver // it is no page
	}
	return parts, answer.header.Get(topicsHeader), nil
}
