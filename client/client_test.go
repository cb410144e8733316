package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// answering makes a client of a server that answers by a function.
func answering(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := New(Config{Server: server.URL + "/", Token: "t0ken"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNew(t *testing.T) {
	for _, test := range []struct{ name, server, want string }{
		{"nothing", "", DefaultServer},
		{"a slash at its end", "https://nudge.example/", "https://nudge.example"},
		{"a folder", "https://example.com/nudge", "https://example.com/nudge"},
		{"no scheme", "localhost:8080", ""},
		{"another scheme", "ftp://example.com", ""},
		{"no host", "http://", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := New(Config{Server: test.server})
			if (err != nil) != (test.want == "") {
				t.Fatal(err)
			}
			if err == nil && c.Server() != test.want {
				t.Errorf("got %s, want %s", c.Server(), test.want)
			}
		})
	}
}

// Every method asks for what the API has.
func TestRequests(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		want string // method, path and body
		do   func(*Client) error
	}{
		{`POST /v1/events {"type":"a"}`, func(c *Client) error { _, err := c.SendEvent(ctx, Event{Type: "a"}); return err }},
		{`POST /v1/events [{"id":"1","type":"a"}]`, func(c *Client) error { _, err := c.SendEvents(ctx, []Event{{ID: "1", Type: "a"}}); return err }},
		{`POST /v1/events []`, func(c *Client) error { _, err := c.SendEvents(ctx, nil); return err }},
		{`GET /v1/runs?flow=f&limit=2&status=live `, func(c *Client) error {
			_, err := c.Runs(ctx, RunQuery{RunFilter: RunFilter{Flow: "f", Status: "live"}, Limit: 2})
			return err
		}},
		{`GET /v1/runs/R `, func(c *Client) error { _, err := c.Run(ctx, "R"); return err }},
		{`POST /v1/runs/R/cancel {"reason":"why"}`, func(c *Client) error { _, err := c.CancelRun(ctx, "R", "why"); return err }},
		{`GET /v1/profiles/a%2F%2E%2E `, func(c *Client) error { _, err := c.Profile(ctx, "a/.."); return err }},
		{`PATCH /v1/profiles/ann {"plan":null}`, func(c *Client) error {
			_, err := c.SetProfile(ctx, "ann", json.RawMessage(`{"plan":null}`))
			return err
		}},
		{`PUT /v1/profiles/ann {}`, func(c *Client) error { _, err := c.ReplaceProfile(ctx, "ann", json.RawMessage(`{}`)); return err }},
		{`DELETE /v1/profiles/ann `, func(c *Client) error { _, err := c.ForgetProfile(ctx, "ann"); return err }},
		{`GET /v1/flows `, func(c *Client) error { _, err := c.Flows(ctx); return err }},
		{`POST /v1/flows {"files":[{"name":"n","text":"t"}]}`, func(c *Client) error { _, err := c.Deploy(ctx, []File{{"n", "t"}}); return err }},
		{`POST /v1/flows/plan {"files":[{"name":"n","text":"t"}]}`, func(c *Client) error { _, err := c.PlanFlows(ctx, []File{{"n", "t"}}); return err }},
		{`POST /v1/flows/f/runs {"profile":"ann","key":"k"}`, func(c *Client) error { _, err := c.CallFlow(ctx, "f", Call{Profile: "ann", Key: "k"}); return err }},
		{`GET /v1/schedule?n=3 `, func(c *Client) error { _, err := c.Schedule(ctx, 3); return err }},
		{`GET /v1/campaigns?before=c&flow=f `, func(c *Client) error { _, err := c.Campaigns(ctx, CampaignQuery{Flow: "f", Before: "c"}); return err }},
		{`POST /v1/campaigns/preview {"flow":"f"}`, func(c *Client) error { _, err := c.PreviewCampaign(ctx, CampaignPreview{Flow: "f"}); return err }},
		{`POST /v1/campaigns {"flow":"f","id":"1"}`, func(c *Client) error {
			_, err := c.StartCampaign(ctx, CampaignStart{Flow: "f", ID: "1"})
			return err
		}},
		{`GET /v1/campaigns/f@2026-01-01 `, func(c *Client) error { _, err := c.Campaign(ctx, "f@2026-01-01"); return err }},
		{`POST /v1/campaigns/c/pause {"reason":"why"}`, func(c *Client) error { _, err := c.PauseCampaign(ctx, "c", "why"); return err }},
		{`POST /v1/campaigns/c/resume {"reason":""}`, func(c *Client) error { _, err := c.ResumeCampaign(ctx, "c"); return err }},
		{`POST /v1/campaigns/c/cancel {"reason":"","end_runs":true}`, func(c *Client) error { _, err := c.CancelCampaign(ctx, "c", "", true); return err }},
		{`GET /v1/outbound `, func(c *Client) error { _, err := c.Outbound(ctx); return err }},
		{`PUT /v1/outbound {"mode":"hold"}`, func(c *Client) error { return c.SetOutbound(ctx, Outbound{Mode: "hold"}) }},
		{`POST /-/reload `, func(c *Client) error { _, err := c.Reload(ctx); return err }},
		{`GET /-/ready `, func(c *Client) error { return c.Ready(ctx) }},
	} {
		t.Run(test.want, func(t *testing.T) {
			var got, token string
			c := answering(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got, token = r.Method+" "+r.URL.RequestURI()+" "+string(body), r.Header.Get("Authorization")
				io.WriteString(w, "{}")
			})
			if err := test.do(c); err != nil {
				t.Fatal(err)
			}
			if got != test.want || token != "Bearer t0ken" {
				t.Errorf("got %s with %q, want %s", got, token, test.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
		kind   string // of a problem
	}{
		{"problem", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(422)
			io.WriteString(w, `{"type":"urn:nudge:problem:shape","detail":"must be a number","errors":[{"field":"data.total","detail":"x"}]}`)
		}, "data.total: must be a number", KindShape},
		{"a proxy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502); io.WriteString(w, "<html>") },
			"the server answered 502 Bad Gateway", ""},
		{"something else than nudge", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
			"this is no answer of nudge", ""},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
		}, "the answer broke off", ""},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"closed the connection without an answer", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := answering(t, test.answer)
			_, err := c.Flows(context.Background())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "EOF") {
				t.Errorf("got %v, want %s", err, test.want)
			}
			var p *Problem
			if errors.As(err, &p) && p.Kind() != test.kind {
				t.Errorf("the kind is %q", p.Kind())
			}
		})
	}
}

func TestStream(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		d, e := json.NewDecoder(r.Body), json.NewEncoder(w)
		for n := 1; ; n++ {
			var event Event
			if d.Decode(&event) != nil {
				return
			}
			if event.Type == "break" {
				panic(http.ErrAbortHandler)
			}
			e.Encode(LineAnswer{Line: n, Answer: Answer{ID: event.ID}})
			http.NewResponseController(w).Flush()
		}
	})
	read := func(events ...Event) (ids []string, failure error) {
		lines := Lines(slices.Values(events))
		defer lines.Close()
		for answer, err := range c.StreamEvents(context.Background(), lines) {
			if err != nil {
				return ids, err
			}
			ids = append(ids, answer.ID)
		}
		return ids, nil
	}
	if ids, err := read(Event{ID: "a"}, Event{ID: "b"}, Event{ID: "c"}); err != nil || !slices.Equal(ids, []string{"a", "b", "c"}) {
		t.Errorf("%v, %v", ids, err)
	}
	if _, err := read(Event{ID: "a"}, Event{Type: "break"}); err == nil || strings.Contains(err.Error(), "EOF") {
		t.Errorf("a stream that broke off ended with %v", err)
	}
}

func TestJournal(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "{\"installation\":\"i\",\"seq\":3}\n{\"seq\":1}\n{\"seq\":2}\n")
	})
	j, err := c.Journal(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for n := range 2 {
		if line, err := j.Next(); err != nil {
			t.Fatalf("line %d: %q %v", n, line, err)
		}
	}
	var broken *AnswerError
	if _, err := j.Next(); !errors.As(err, &broken) || !strings.Contains(err.Error(), "broke off at input 3 of 3") {
		t.Errorf("half a journal ends with %v", err)
	}
}

// TestJournalOfAll reads the journal of all partitions, whose numbers have gaps and do not rise, and that of one.
func TestJournalOfAll(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("partition") == "1" {
			io.WriteString(w, "{\"installation\":\"i\",\"seq\":1,\"partitions\":4,\"partition\":1}\n{\"seq\":1}\n")
			return
		}
		io.WriteString(w, "{\"installation\":\"i\",\"seq\":5,\"partitions\":4}\n{\"seq\":4}\n{\"seq\":9}\n{\"seq\":5}\n")
	})
	for _, test := range []struct {
		open  func() (*Journal, error)
		lines int
	}{
		{func() (*Journal, error) { return c.Journal(context.Background(), 1) }, 3},
		{func() (*Journal, error) { return c.JournalOf(context.Background(), 1, 1) }, 1},
	} {
		j, err := test.open()
		if err != nil {
			t.Fatal(err)
		}
		for n := range test.lines {
			if line, err := j.Next(); err != nil {
				t.Errorf("line %d: %q %v", n, line, err)
			}
		}
		if line, err := j.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the last line comes %q, %v", line, err)
		}
		j.Close()
	}
}

// Times are written as the server writes them.
func TestTime(t *testing.T) {
	for _, text := range []string{`"2026-03-02T10:00:00.000Z"`, `"2026-03-02T10:00:00.120Z"`, `"1970-01-01T00:00:00.000Z"`} {
		var at Time
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			t.Fatal(err)
		}
		if raw, err := json.Marshal(at); err != nil || string(raw) != text {
			t.Errorf("%s became %s, %v", text, raw, err)
		}
	}
	if !(Time{}).IsZero() || (Time{time.UnixMilli(1)}).IsZero() {
		t.Error("the zero time is none, and nothing else is")
	}
}
