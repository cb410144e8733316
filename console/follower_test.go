package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nudge/client"
)

// streams plays the API's live stream for a follower.
type streams struct {
	mu      sync.Mutex
	tokens  []string                      // of all streams that were asked for, in order
	open    int                           // of them that have not ended
	most    int                           // that were open at once
	news    func(topic string)            // of the one that is open
	end     map[string]context.CancelFunc // by token: the API ends it
	refused map[string]bool               // tokens that may not follow
}

func (s *streams) ask(ctx context.Context, of *listener, begun func(), heard func(topic string)) {
	s.mu.Lock()
	s.tokens = append(s.tokens, of.token)
	refused := s.refused[of.token]
	over, end := context.WithCancel(ctx)
	s.end[of.token], s.news = end, heard
	s.open++
	s.most = max(s.most, s.open)
	s.mu.Unlock()
	if !refused {
		begun()
		<-over.Done()
	}
	end()
	s.mu.Lock()
	s.open--
	s.mu.Unlock()
}

func newStreams(refused ...string) (*streams, *follower) {
	s := &streams{end: map[string]context.CancelFunc{}, refused: map[string]bool{}}
	for _, token := range refused {
		s.refused[token] = true
	}
	return s, &follower{ask: s.ask}
}

// took reports whether a tab was told, and takes it.
func took(l *listener) bool {
	select {
	case <-l.news:
		return true
	default:
		return false
	}
}

func over(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestTabsShareOneStream: 500 tabs of three visitors are one stream, which hears of what each of them follows, and ends with the last of them.
func TestTabsShareOneStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := newStreams()
		var all []*listener
		for i := range maxTabs {
			all = append(all, f.listen([]string{"ann", "bob", "cat"}[i%3], &http.Request{}, [][]string{{"runs"}, {"runs", "jobs"}}[i%2]))
		}
		synctest.Wait()
		for i, l := range all {
			if !over(l.begun) || !took(l) || took(l) {
				t.Fatalf("tab %d does not begin with one piece of news", i)
			}
		}
		s.news("jobs")
		s.news("jobs") // nobody has taken the first: it is one
		for i, l := range all {
			if took(l) != (i%2 == 1) || took(l) {
				t.Fatalf("tab %d was not told once of what it follows", i)
			}
		}
		for _, l := range slices.Backward(all) { // so the last to leave is one whose token the stream has: else it may go on with another's
			f.leave(l)
		}
		synctest.Wait()
		if len(s.tokens) != 1 || s.most != 1 || s.open != 0 || f.running {
			t.Errorf("the streams were of %v, %d at once, %d are open at the end", s.tokens, s.most, s.open)
		}
	})
}

// TestStreamGoesOn: where the token of the stream ends, or its last tab leaves, the others go on with another token, and may have
// missed something. Who comes with the token that ended is refused, if the API refuses it.
func TestStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := newStreams("eve")
		ann, again, bob, cat := f.listen("ann", nil, nil), f.listen("ann", nil, nil), f.listen("bob", nil, nil), f.listen("cat", nil, nil)
		synctest.Wait()
		took(bob)
		took(cat)
		s.end["ann"]()
		synctest.Wait()
		if !over(ann.ended) || !over(again.ended) || over(bob.ended) || over(cat.ended) || !took(bob) || !took(cat) {
			t.Error("not just the tabs of the token that ended are over")
		}
		eve := f.listen("eve", nil, nil)
		f.leave(bob)
		synctest.Wait()
		if over(cat.ended) || over(eve.ended) || !took(cat) {
			t.Error("the others do not go on after the last tab of a token")
		}
		f.leave(cat)
		synctest.Wait()
		if !over(eve.ended) || f.running {
			t.Error("a token that the API refuses has news")
		}
		if got := len(s.tokens); got != 4 || s.most != 1 {
			t.Errorf("the streams were of %v, %d at once", s.tokens, s.most)
		}
	})
}

// TestReloadedPage: a tab that leaves and comes back at once, as a page does that is loaded again, is not ended with the stream that it left.
func TestReloadedPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, f := newStreams()
		before := f.listen("ann", nil, nil)
		synctest.Wait()
		f.leave(before)
		after := f.listen("ann", nil, nil)
		synctest.Wait()
		if over(after.ended) || !over(after.begun) || !took(after) {
			t.Error("the page that was loaded again has no news")
		}
		f.leave(after)
	})
}

// TestWhoSharesAPage: a page that names a person is written for each session, even with the same token: what one of them may see of
// the person is not for the others. The other pages are written once for all who may do the same.
func TestWhoSharesAPage(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/console/live", http.NoBody)
	open := func(token string, may ...string) *tab {
		return &tab{path: Root, visit: &visit{r: r, session: newSession(token, time.Time{}), Me: &client.CurrentToken{Name: token, May: may}}}
	}
	ann, again, bob, cat := open("ann", "read"), open("ann", "read"), open("bob", "read"), open("cat", "read", "operate")
	if keyOf(ann, false) == keyOf(again, false) || keyOf(ann, false) == keyOf(bob, false) {
		t.Error("two sessions share a page that names a person")
	}
	if keyOf(ann, true) != keyOf(bob, true) || keyOf(ann, true) == keyOf(cat, true) {
		t.Error("a page that names nobody is not for those alone who may do the same")
	}
	var shared []string
	for _, v := range allViews() {
		if v.shared {
			shared = append(shared, v.file)
		}
	}
	if slices.Sort(shared); !slices.Equal(shared, []string{"campaign", "flow", "health", "home"}) {
		t.Errorf("the pages %v are shared; one that names a person or has a form must not be", shared)
	}
}

// TestPagesAreWrittenRarely: however long a page takes to write, the next one waits many times as long, and never longer than a moment.
func TestPagesAreWrittenRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for takes, waits := range map[time.Duration]time.Duration{0: 0, 2 * time.Millisecond: 100 * time.Millisecond, time.Second: rewriteRest} {
			all, began := newTabs(), time.Now()
			all.takes = takes
			for range 5 {
				if err := all.turn(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := time.Since(began); got != 4*waits {
				t.Errorf("where a page takes %s, four more are written within %s", takes, got)
			}
		}
		all := newTabs()
		for range 100 {
			all.took(3 * time.Millisecond)
		}
		if all.takes < 2900*time.Microsecond || all.takes > 3*time.Millisecond {
			t.Errorf("pages that take 3 ms are said to take %s", all.takes)
		}
	})
}
