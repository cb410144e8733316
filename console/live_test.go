package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"nudge/client"
	"nudge/server"
)

// TestLive: an open page gets its parts again when something happened, and only those that differ; the stream
// ends with the visit.
func TestLive(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("A-1", "ann")
	run := w.runOf("ann")
	v := w.visitor("read")
	v.get("/console/live?page=/console/audit").has(404, "does not change")
	v.get("/console/live?page=/console/runs/none").has(404)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/console/live?page="+url.QueryEscape("/console/runs/"+run.ID), http.NoBody)
	must(t, err)
	answer, err := v.http.Do(r)
	must(t, err)
	defer answer.Body.Close()
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("the stream is %q", got)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	lines.Scan() // it has begun
	_, err = w.api.CancelRun(t.Context(), run.ID, "by hand")
	must(t, err)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var parts map[string]string
		must(t, json.Unmarshal([]byte(data), &parts))
		if strings.Contains(parts["run-state"], "cancelled") {
			return
		}
	}
	t.Errorf("the stream ended without the news: %v", lines.Err())
}

// TestPartsAreWhole: each live part of a page is one element, whose id is the name of the part, and stands in the page as it does alone.
func TestPartsAreWhole(t *testing.T) {
	w := start(t, shop)
	w.ship("A-1", "ann")
	_, err := w.api.CancelRun(t.Context(), w.runOf("ann").ID, "") // so that nothing changes any more
	must(t, err)
	v := w.visitor("")
	eventually(t, "the run ends", func() bool {
		page, err := w.api.Runs(t.Context(), client.RunQuery{RunFilter: client.RunFilter{Status: "live"}})
		return err == nil && len(page.Runs) == 0
	})
	for _, path := range []string{"/console/runs/" + w.runOf("ann").ID} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, http.NoBody)
		must(t, err)
		r.Header.Set("X-Console-Parts", "yes")
		var parts map[string]string
		must(t, json.Unmarshal([]byte(v.do(r).has(200).body), &parts))
		if len(parts) == 0 {
			t.Errorf("%s has no parts", path)
		}
		page := v.get(path)
		for id, html := range parts {
			if !strings.Contains(html[:strings.Index(html, ">")], `id="`+id+`"`) {
				t.Errorf("%s: the part %s begins with %.80s", path, id, html)
			}
			page.has(200, html)
		}
	}
}

// follow opens the stream of a page, and returns its lines once it has begun.
func (v *visitor) follow(page string) *bufio.Scanner {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+"/console/live?page="+url.QueryEscape(page), http.NoBody)
	must(v.t, err)
	answer, err := v.http.Do(r)
	must(v.t, err)
	v.t.Cleanup(func() { answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() || answer.StatusCode != http.StatusOK {
		v.t.Fatalf("%s is not followed: %d %s", page, answer.StatusCode, lines.Text())
	}
	return lines
}

// TestLiveEndsWithTheSession: an open page gets nothing more once its visitor has logged out, even if somebody else with the same token
// has it open.
func TestLiveEndsWithTheSession(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("A-1", "ann")
	run := w.runOf("ann")
	leaves, stays := w.visitor("read"), w.visitor("read")
	left, stayed := leaves.follow("/console/runs/"+run.ID), stays.follow("/console/runs/"+run.ID)
	leaves.post("/console/logout", nil).has(303)
	_, err := w.api.CancelRun(t.Context(), run.ID, "by hand")
	must(t, err)
	for left.Scan() {
		if strings.Contains(left.Text(), "cancelled") {
			t.Error("who has logged out gets news")
		}
	}
	for stayed.Scan() {
		if strings.Contains(stayed.Text(), "cancelled") {
			break
		}
	}
}

// TestLiveIsRefused: where the API lets nobody more follow, a tab is refused, and not let in to be thrown out again.
func TestLiveIsRefused(t *testing.T) {
	w := start(t, shop, tokens()...).over(func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/live" {
				http.Error(out, "too many", http.StatusServiceUnavailable)
				return
			}
			api.ServeHTTP(out, r)
		})
	})
	w.visitor("read").get("/console/live?page=/console/health").has(503, "lets nobody more follow")
}

// watched counts what a console asks its API for, and refuses a token from some time on.
type watched struct {
	mu      sync.Mutex
	asked   map[string]int // by path
	streams int            // of the API that are open
	most    int            // at once
	refused string         // a token
}

func (w *watched) wrap(api http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked[r.URL.Path]++
		refuse := w.refused != "" && r.Header.Get("Authorization") == "Bearer "+w.refused
		w.mu.Unlock()
		if refuse {
			http.Error(out, "no", http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/v1/live" {
			w.stream(1)
			defer w.stream(-1)
		}
		api.ServeHTTP(out, r)
	})
}

func (w *watched) stream(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams += n
	w.most = max(w.most, w.streams)
}

// refuse makes the API refuse a token, and takes back what was counted.
func (w *watched) refuse(token string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = token
	clear(w.asked)
}

func (w *watched) count(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[path]
}

// until reads a stream until a line has a text.
func until(t *testing.T, lines *bufio.Scanner, text string) {
	t.Helper()
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	t.Errorf("the stream ended without %q: %v", text, lines.Err())
}

// TestTabsShare: all tabs are one reader of the API's stream. A page that names nobody is written once for all who may do the same, and
// somebody whose token has ended gets nothing of it.
func TestTabsShare(t *testing.T) {
	another := server.NewToken("another one who reads", "another")
	another.Scopes = []server.Scope{server.ScopeRead}
	api := &watched{asked: map[string]int{}}
	w := start(t, shop, append(tokens(), another)...)
	console := w.over(api.wrap)
	const page = "/console/flows/order?view=table"
	ended := console.visitor("read").follow(page)
	goes := console.visitor("another")
	var others []*bufio.Scanner
	for range 10 {
		others = append(others, goes.follow(page))
	}
	console.visitor("operate").follow("/console/health")
	for _, lines := range append(others, ended) {
		until(t, lines, "flow-table")
	}
	api.refuse("read")
	w.ship("A-1", "ann")
	for _, lines := range others {
		until(t, lines, `\u003cb\u003e1\u003c/b\u003e runs started`)
	}
	for ended.Scan() {
		if strings.Contains(ended.Text(), "data:") {
			t.Error("somebody whose token has ended gets news")
		}
	}
	if n := api.count("/v1/flows/order/counts"); n > 3 {
		t.Errorf("the page of ten tabs was written %d times", n)
	}
	if api.most != 1 {
		t.Errorf("the tabs were %d readers at once", api.most)
	}
}
