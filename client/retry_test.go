package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// A request that got no answer is sent again only where that cannot make it happen twice, and
// then with the same ID.
func TestRetries(t *testing.T) {
	ctx := context.Background()
	lost := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	for _, test := range []struct {
		name  string
		first func(http.ResponseWriter) // the first answer; the second is good
		do    func(*Client) error
		want  int // requests
	}{
		{"an event without an ID", lost, func(c *Client) error { _, err := c.SendEvent(ctx, Event{Type: "e"}); return err }, 2},
		{"a call", status(503), func(c *Client) error { _, err := c.CallFlow(ctx, "f", Call{Profile: "ann"}); return err }, 2},
		{"a campaign", lost, func(c *Client) error { _, err := c.StartCampaign(ctx, CampaignStart{Flow: "f"}); return err }, 2},
		{"a list", lost, func(c *Client) error { _, err := c.Flows(ctx); return err }, 2},
		{"a cancel that got lost", lost, func(c *Client) error { _, err := c.CancelRun(ctx, "R", ""); return err }, 2},
		{"a profile", lost, func(c *Client) error { _, err := c.SetProfile(ctx, "ann", []byte("{}")); return err }, 2},
		{"a pause", status(503), func(c *Client) error { _, err := c.PauseCampaign(ctx, "C", ""); return err }, 2},
		{"a reload that got lost", lost, func(c *Client) error { _, err := c.Reload(ctx); return err }, 1},
		{"a cancel that met a busy server", status(429), func(c *Client) error { _, err := c.CancelRun(ctx, "R", ""); return err }, 2},
		{"a refusal", status(400), func(c *Client) error { _, err := c.SendEvent(ctx, Event{Type: "e"}); return err }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex // guards ids and requests: a lost answer is no meeting of the two sides
			var ids []string
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(r.Body)
				var body struct{ ID string }
				json.Unmarshal(raw, &body) // a list has none
				key := r.Header.Get("Idempotency-Key")
				if r.Method != http.MethodGet && test.want == 2 && body.ID == "" && key == "" {
					t.Error("a change that is sent again has neither an ID nor an Idempotency-Key")
				}
				mu.Lock()
				ids = append(ids, body.ID+key)
				requests++
				first := requests == 1
				mu.Unlock()
				if first {
					test.first(w)
				}
				io.WriteString(w, "{}")
			}))
			defer server.Close()
			c, err := New(Config{Server: server.URL, Retries: 1})
			if err != nil {
				t.Fatal(err)
			}
			err = test.do(c)
			mu.Lock()
			defer mu.Unlock()
			if (err == nil) != (test.want == 2) || requests != test.want {
				t.Errorf("%d requests, want %d: %v", requests, test.want, err)
			}
			if len(ids) == 2 && ids[0] != ids[1] {
				t.Errorf("sent again with another ID: %q", ids)
			}
		})
	}
}
