package server_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// tools are dev tools of which only the clock remembers anything.
type tools struct{ clock server.DevClock }

func (d *tools) Clock() (server.DevClock, error) { return d.clock, nil }
func (d *tools) Hold(held bool)                  { d.clock.Held = held }
func (d *tools) Jump(_ context.Context, to time.Time) error {
	d.clock.Now = engine.InstantOf(to)
	if d.clock.Next == nil {
		return nil
	}
	return &server.ShortJumpError{}
}
func (d *tools) FailNext(int, int) {}
func (d *tools) Script(_, text string) error {
	if text == "sings" {
		return errors.New("nobody sings")
	}
	return nil
}
func (d *tools) Reply(who, conversation, text string) (server.DevMessage, error) {
	return server.DevMessage{Conversation: conversation, Text: text, Inbound: true}, nil
}
func (d *tools) Read(string) int               { return 2 }
func (d *tools) People(int) []server.DevPerson { return []server.DevPerson{d.Person("ann", 1)} }
func (d *tools) Person(who string, _ int) server.DevPerson {
	return server.DevPerson{Profile: who, Messages: []server.DevMessage{}}
}

func newTools() *tools {
	at := engine.InstantOf(time.Date(2027, 3, 8, 10, 0, 0, 0, time.UTC))
	return &tools{server.DevClock{Now: at, Speed: 1, Next: &server.DevNext{At: at.Add(time.Hour), What: "person"}}}
}

func TestDevRoutes(t *testing.T) {
	d := newTools()
	s := start(t, shop, func(c *server.Config) { c.Dev = d })
	s.do("GET", "/v1/dev/clock", "").is(200, `{"now":"2027-03-08T10:00:00.000Z","held":false,"speed":1,"next":{"at":"2027-03-08T11:00:00.000Z","what":"person"}}`)
	s.do("POST", "/v1/dev/clock", `{"next": true}`).is(200, `"now":"2027-03-08T11:00:00.000Z"`, `"short":true`)
	d.clock.Next = nil
	s.do("POST", "/v1/dev/clock", `{"next": true}`).is(400, "nothing happens by itself")
	s.do("POST", "/v1/dev/clock", `{"jump": "1d"}`).is(200, `"now":"2027-03-09T11:00:00.000Z"`)
	s.do("POST", "/v1/dev/clock", `{"hold": true}`).is(200, `"held":true`)
	s.do("POST", "/v1/dev/clock", `{"jump": "soon"}`).is(400, `"field":"jump"`)
	s.do("POST", "/v1/dev/clock", `{"jump": "1d", "next": true}`).is(400, "say one thing")
	s.do("POST", "/v1/dev/fail", "").is(200, `{"sends":1,"status":500}`)
	s.do("POST", "/v1/dev/fail", `{"sends": 2000}`).is(400, `"field":"sends"`)
	s.do("POST", "/v1/dev/fail", `{"status": 200}`).is(400, `"field":"status"`)
	s.do("GET", "/v1/dev/people", "").is(200, `{"people":[{"profile":"ann"`)
	s.do("GET", "/v1/dev/people/bob?limit=0", "").is(400, "limit must be a number")
	s.do("PUT", "/v1/dev/people/bob", `{"script": "sings"}`).is(400, `"field":"script"`, "nobody sings")
	s.do("PUT", "/v1/dev/people/bob", `{"script": "reads after 3s"}`).is(200, `"profile":"bob"`)
	s.do("POST", "/v1/dev/people/bob/replies", `{"text": "yes"}`).is(200, `"text":"yes"`)
	s.do("POST", "/v1/dev/people/bob/replies", `{}`).is(400, `"field":"text"`)
	s.do("POST", "/v1/dev/people/bob/read", "").is(200, `{"messages":2}`)
	s.do("GET", "/v1/dev/events", "").is(200, `{"events":[`+
		`{"type":"order.returned","used":["order"],"key":"order_id","data":{"order_id":"order_id"}},`+
		`{"type":"order.shipped","starts":["order"],"person":"customer","key":"order_id","data":{"customer":"customer","order_id":"order_id"}}]}`)
}

// TestDevOnce: a change that comes again with its key is made once, and one that was refused is made when it is right.
func TestDevOnce(t *testing.T) {
	s := start(t, shop, func(c *server.Config) { c.Dev = newTools() })
	key := []string{"Idempotency-Key", "k"}
	s.do("POST", "/v1/dev/clock", `{"jump": "soon"}`, key...).is(400)
	first := s.do("POST", "/v1/dev/clock", `{"jump": "1d"}`, key...).is(200, `"now":"2027-03-09T10:00:00.000Z"`)
	again := s.do("POST", "/v1/dev/clock", `{"jump": "1d"}`, key...).is(200)
	if again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the second answer is %s, want %s", again.body, first.body)
	}
	s.do("GET", "/v1/dev/clock", "").is(200, `"now":"2027-03-09T10:00:00.000Z"`)
	s.do("POST", "/v1/dev/clock", `{"jump": "2d"}`, key...).is(409, "used with another body")
	s.do("POST", "/v1/dev/people/bob/read", "", key...).is(409, "used with another body")
	s.do("POST", "/v1/dev/clock", `{"jump": "1d"}`, "Idempotency-Key", strings.Repeat("k", 300)).is(400, "longer than 256 bytes")
	s.do("POST", "/v1/dev/clock", `{"jump": "1d"}`, "Idempotency-Key", "Zo\xeb").is(400, "is not UTF-8")
	for n := range 1001 { // then the first is forgotten
		s.do("POST", "/v1/dev/people/bob/read", "", "Idempotency-Key", strconv.Itoa(n)).is(200)
	}
	s.do("POST", "/v1/dev/clock", `{"jump": "1d"}`, key...).is(200, `"now":"2027-03-10T10:00:00.000Z"`)
}

// TestDevRoutesAreOnlyInDev: a server without dev tools answers all of their routes with 404.
func TestDevRoutesAreOnlyInDev(t *testing.T) {
	patterns := func(dev server.DevTools) []string {
		kept, err := store.Open(new(memory.KV))
		must(t, err)
		s, err := server.New(server.Config{Runner: struct{ server.Runner }{}, Store: kept, Dev: dev})
		must(t, err)
		return server.Patterns(s)
	}
	usual := patterns(nil)
	s := start(t, shop)
	tried := 0
	for _, pattern := range patterns(newTools()) {
		if slices.Contains(usual, pattern) {
			continue
		}
		tried++
		method, path, _ := strings.Cut(pattern, " ")
		if !strings.HasPrefix(path, "/v1/dev/") {
			t.Errorf("%s is only in dev, and its path does not say so", pattern)
		}
		s.do(method, strings.Replace(path, "{id}", "ann", 1), map[bool]string{true: `{"next": true}`}[method != http.MethodGet]).is(404, "there is nothing at /v1/dev/")
	}
	if tried != 9 {
		t.Errorf("%d routes are only in dev", tried)
	}
}
