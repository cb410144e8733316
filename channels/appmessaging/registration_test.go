package appmessaging

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWebhookRequests(t *testing.T) {
	const shown = `{"id":"w 1","name":"n","url":"https://x.example","secret":"0123456789abcdef",` +
		`"subscriptions":[{"type":"message.sent","filters":[{"name":"channel","value":"sms"}]}],"batch":true,"maxBatchSize":100,"batchTimeout":5}`
	whole := Registration{
		ID: "w 1", Name: "n", URL: "https://x.example", Secret: "0123456789abcdef",
		Subscriptions: []Subscription{{"message.sent", []Filter{{"channel", "sms"}}}}, Batch: true, MaxBatchSize: 100, BatchTimeout: 5,
	}
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests = append(requests, strings.TrimSpace(r.Method+" "+r.URL.EscapedPath()+" "+string(body)))
		switch {
		case strings.HasSuffix(r.URL.Path, "availableevents"):
			fmt.Fprint(w, `[{"type":"message.sent","description":"x","filters":[]},{"type":"message.read"}]`)
		case r.Method == http.MethodGet:
			fmt.Fprint(w, "["+shown+"]")
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, shown)
		}
	}))
	defer server.Close()
	c := newClient(t, server.URL, nil)
	same := func(got any, err error, want any) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	all, err := c.Webhooks(t.Context())
	same(all, err, []Registration{whole})
	events, err := c.AvailableEvents(t.Context())
	same(events, err, []string{"message.sent", "message.read"})
	fresh := whole
	fresh.ID = ""
	created, err := c.SaveWebhook(t.Context(), fresh)
	same(created, err, whole)
	updated, err := c.SaveWebhook(t.Context(), whole)
	same(updated, err, whole)
	same(nil, c.DeleteWebhook(t.Context(), "w 1"), nil)

	const sent = `{"name":"n","url":"https://x.example","secret":"0123456789abcdef",` +
		`"subscriptions":[{"type":"message.sent","filters":[{"name":"channel","value":"sms"}]}],"batch":true,"maxBatchSize":100,"batchTimeout":5}`
	const at = "/apispaces/space-1/webhooks"
	same(requests, nil, []string{
		"GET " + at, "GET " + at + "/availableevents", "POST " + at + " " + sent, "PUT " + at + "/w%201 " + sent, "DELETE " + at + "/w%201",
	})
}

func TestWebhookErrors(t *testing.T) {
	status := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.Copy(w, r.Body) // what the request said, its secret too
	}))
	defer server.Close()
	c := newClient(t, server.URL, nil)
	for _, want := range []struct {
		status int
		text   string
	}{
		{400, "400: "}, {401, "401: "}, {404, "404: "}, {412, "412: "}, {500, "500: "}, {200, "not the JSON"},
	} {
		status = want.status
		_, err := c.SaveWebhook(t.Context(), Registration{ID: "w", Name: "n", Secret: canary})
		if want.status == 200 {
			_, err = c.Webhooks(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want.text) || strings.Contains(err.Error(), canary) {
			t.Errorf("%d: got %v, want %q and no secret", want.status, err, want.text)
		}
	}
	status = 404
	if err := c.DeleteWebhook(t.Context(), "w"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	status = 403
	if err := c.DeleteWebhook(t.Context(), "w"); err == nil {
		t.Error("a refusal to delete is no error")
	}
	if err := c.DeleteWebhook(t.Context(), ".."); err == nil {
		t.Error("a webhook that is none was deleted")
	}
}
