package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nudge/client"
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

// TestLiveEndsWithTheSession: an open page gets nothing more once its visitor has logged out, even if somebody else with the same token
// has it open.
func TestLiveEndsWithTheSession(t *testing.T) {
	w := start(t, shop, tokens()...)
	w.ship("A-1", "ann")
	run := w.runOf("ann")
	follow := func(v *visitor) *bufio.Scanner {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/console/live?page="+url.QueryEscape("/console/runs/"+run.ID), http.NoBody)
		must(t, err)
		answer, err := v.http.Do(r)
		must(t, err)
		t.Cleanup(func() { answer.Body.Close() })
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 1<<20)
		lines.Scan()
		return lines
	}
	leaves, stays := w.visitor("read"), w.visitor("read")
	left, stayed := follow(leaves), follow(stays)
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
