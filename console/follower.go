package console

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"nudge/client"
)

// liveTopics are what any page follows.
var liveTopics = []string{"events", "runs", "campaigns", "jobs"}

// follower follows the API's live stream for all tabs, from the first one to the last. So all of them are one reader of the API.
//
// The console has no token of its own: the stream has that of one of the visitors. A topic is the name of something that changed, and
// a number; it is the same for every token that may read, so it does not matter whose it is. When that token ends, or its
// last tab closes, the stream goes on with another visitor's. What a tab shows is always asked for with a token of somebody who may see it.
type follower struct {
	ask func(ctx context.Context, of *listener, begun func(), heard func(topic string)) // follows until the API ends the stream, or the context

	mu      sync.Mutex
	tabs    []*listener        // the one that came first is the first
	running bool               // somebody goes on to follow
	token   string             // of the stream
	cut     context.CancelFunc // ends the stream; nil: there is none
	begun   bool               // nothing is missed any more
}

// listener is what the follower knows of a tab. It loses news while it is told already, so that it never holds up others.
type listener struct {
	token  string
	from   *http.Request
	topics []string
	begun  chan struct{}  // closed when nothing is missed any more
	news   chan time.Time // of the newest news; has room for one
	ended  chan struct{}  // closed when nothing comes any more
	hears  bool           // begun is closed; guarded by the lock of the follower
}

// listen makes a tab hear of its topics. The first news comes at once, so that nothing is lost between the page and its stream.
func (f *follower) listen(token string, from *http.Request, topics []string) *listener {
	l := &listener{token: token, from: from, topics: topics, begun: make(chan struct{}), news: make(chan time.Time, 1), ended: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	l.tell()
	f.tabs = append(f.tabs, l)
	switch {
	case f.begun:
		l.begin()
	case !f.running:
		f.running = true
		go f.follow() // ends with the last tab
	}
	return l
}

// leave ends the news of a tab. The stream of a token ends with its last tab.
func (f *follower) leave(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tabs = slices.DeleteFunc(f.tabs, func(o *listener) bool { return o == l })
	if f.cut != nil && !f.has(f.token) {
		f.end()
	}
}

// end ends the stream, while the lock is held.
func (f *follower) end() {
	f.cut()
	f.cut, f.begun = nil, false
}

// has reports whether a tab with a token is open, while the lock is held.
func (f *follower) has(token string) bool {
	return slices.ContainsFunc(f.tabs, func(l *listener) bool { return l.token == token })
}

// follow follows with the token of one tab after another, until there is none.
func (f *follower) follow() {
	for {
		ctx, first := f.next()
		if first == nil {
			return
		}
		f.ask(ctx, first, f.begin, f.tell)
		f.over(first.token)
	}
}

// next is the tab with whose token the stream goes on; nil: all are closed.
func (f *follower) next() (context.Context, *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.tabs) == 0 {
		f.running = false
		return nil, nil
	}
	ctx, cut := context.WithCancel(context.Background())
	f.token, f.cut = f.tabs[0].token, cut
	return ctx, f.tabs[0]
}

// begin tells all tabs that they miss nothing from now on, and may have missed something before.
func (f *follower) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut == nil { // the last tab of its token has just left
		return
	}
	f.begun = true
	for _, l := range f.tabs {
		l.begin()
		l.tell()
	}
}

// tell tells the tabs that follow a topic.
func (f *follower) tell(topic string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.tabs {
		if slices.Contains(l.topics, topic) {
			l.tell()
		}
	}
}

// over ends the news of all tabs with a token, if it was the API that ended its stream. The others go on with another token.
func (f *follower) over(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut == nil { // its last tab has left, and who has come since waits for the next stream
		return
	}
	f.end()
	f.tabs = slices.DeleteFunc(f.tabs, func(l *listener) bool {
		if l.token == token {
			close(l.ended)
		}
		return l.token == token
	})
}

func (l *listener) begin() {
	if !l.hears {
		l.hears = true
		close(l.begun)
	}
}

// tell leaves the newest news, in place of any that the tab has not taken yet, while the lock is held: so there is always room.
func (l *listener) tell() {
	select {
	case <-l.news:
	default:
	}
	l.news <- time.Now()
}

// followAPI follows the API's live stream with the token of a tab.
func (c *Console) followAPI(ctx context.Context, of *listener, begun func(), heard func(topic string)) {
	for e, err := range c.clientFor(of.from, of.token).Live(ctx, client.LiveQuery{Topics: liveTopics, Begun: begun}) {
		if err != nil {
			return
		}
		heard(e.Name)
	}
}
