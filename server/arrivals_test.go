package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/runner"
	"nudge/runner/live"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// arriving is a service whose requests have a token.
func arriving(t *testing.T, project map[string]string, more ...server.Token) *service {
	return start(t, project, func(c *server.Config) {
		c.Tokens = func() []server.Token {
			return append([]server.Token{server.NewToken("shop", "a token of the shop")}, more...)
		}
	})
}

var (
	ofShop = []string{"Authorization", "Bearer a token of the shop"}
	asJSON = append([]string{"Content-Type", "application/json"}, ofShop...)
)

func (s *service) read(path string, into any) {
	s.t.Helper()
	s.do("GET", path, "", ofShop...).is(200).decode(into)
}

// counted returns the counts of a type, once there are as many as wanted of those that are written a moment later.
func (s *service) counted(kind string, want server.EventCounts) (shown server.EventTypeShown) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		s.read("/v1/events/types/"+kind, &shown)
		if shown.Totals == want {
			return shown
		}
	}
	s.t.Errorf("%s has %+v, want %+v", kind, shown.Totals, want)
	return shown
}

// TestEventTypes sends events through every door and holds what is known of their types then.
func TestEventTypes(t *testing.T) {
	s := arriving(t, shop)
	send := func(media, body string, headers ...string) *answer {
		t.Helper()
		return s.do("POST", "/v1/events", body, append(append([]string{"Content-Type", media}, ofShop...), headers...)...)
	}
	send("application/json", order("e1", "7")).is(200, `"did":"started"`)
	send("application/json", order("e1", "7")).is(200, `"repeated":true`)
	send("application/json", "["+order("", "8")+","+order("", "8")+"]").is(200)
	send("application/x-ndjson", `{"type": "order.shiped", "data": {"a": 1}}`+"\n"+`{"type": "order.returned", "profile": "ann", "data": {"order_id": "7"}}`).is(200, "did_you_mean", `"did":"exited"`)
	send("application/cloudevents+json", `{"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.shipped", "subject": "bob", "data": {"order_id": "9", "customer": "bob"}}`).is(200, `"did":"started"`)
	send("application/json", `{"order_id": "10", "customer": "bob"}`, "Ce-Specversion", "1.0", "Ce-Id", "2", "Ce-Source", "/shop", "Ce-Type", "order.shipped").is(200, `"did":"started"`)
	send("application/json", `{"type": "order.shipped", "data": {"order_id": 7}}`).is(422)

	shown := s.counted("order.shipped", server.EventCounts{Started: 4, Nothing: 1, Duplicate: 1, Refused: 1})
	if !shown.Used || shown.From != "shop" || shown.Day != shown.Totals || shown.ByHour[23]+shown.ByHour[22] != 7 || shown.First == 0 || shown.Last < shown.First {
		t.Errorf("it is %+v", shown)
	}
	if p := shown.Payload; p == nil || p.Verdict != "started" || string(p.Data) != `{"order_id":"10","customer":"bob"}` || p.Bytes != len(p.Data) {
		t.Errorf("the last payload is %+v", p)
	}
	if len(shown.Days) == 0 || len(shown.Hours) == 0 || shown.Days[0].Started+shown.Days[len(shown.Days)-1].Started < 4 {
		t.Errorf("by time: %+v, %+v", shown.Hours, shown.Days)
	}
	s.counted("order.returned", server.EventCounts{Matched: 1})
	if other := s.counted("order.shiped", server.EventCounts{Nothing: 1}); other.Used || other.DidYouMean != "order.shipped" {
		t.Errorf("what no flow uses is %+v", other)
	}
	var list struct {
		Types []server.EventType
		Rest  *server.EventCounts
	}
	s.read("/v1/events/types", &list)
	var names []string
	for _, x := range list.Types {
		names = append(names, x.Type)
	}
	if !slices.Equal(names, []string{"order.returned", "order.shiped", "order.shipped"}) || list.Rest != nil {
		t.Errorf("the list has %v and %v", names, list.Rest)
	}
	s.do("GET", "/v1/events/types/order.returnd", "", ofShop...).is(404, "did you mean order.returned?")
}

// TestEmittedEvents holds that an event of a flow is counted by itself, and is not the last that arrived.
func TestEmittedEvents(t *testing.T) {
	s := arriving(t, map[string]string{"nudge.yaml": "project: shop\n", "flows/order.yaml": `flow: order
trigger: { event: ordered }
steps: [ { emit: { event: noticed, data: { id: "1" } } } ]
`})
	s.event(`{"type": "ordered", "profile": "ann"}`, ofShop...).is(200)
	shown := s.counted("noticed", server.EventCounts{Emitted: 1})
	if shown.First != 0 || shown.Last != 0 || shown.LastEmitted == 0 || shown.Payload != nil || shown.From != "" {
		t.Errorf("it is %+v", shown)
	}
}

// refusals waits for so many refusals and returns them, newest first.
func (s *service) refusals(n int, query string) (refused []server.RefusedEvent) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		var page struct{ Refused []server.RefusedEvent }
		s.read("/v1/events/refused"+query, &page)
		if refused = page.Refused; len(refused) >= n {
			return refused
		}
	}
	s.t.Fatalf("%d refusals, want %d", len(refused), n)
	return nil
}

// TestRefused refuses an event in each way, and holds what is kept of it.
func TestRefused(t *testing.T) {
	expired := server.NewToken("old", "a token that is over")
	expired.Expires = time.Now().Add(-time.Hour)
	reads := server.NewToken("grafana", "a token that reads")
	reads.Scopes = []server.Scope{server.ScopeRead}
	ofNone, ofOld, ofReader := []string{}, []string{"Authorization", "Bearer a token that is over"}, []string{"Authorization", "Bearer a token that reads"}
	long := `{"type": "order.shipped", "profile": "ann", "wrong": "` + strings.Repeat("x", 600) + `"}`
	for name, c := range map[string]struct {
		body   string
		header []string
		want   server.RefusedEvent
	}{
		"JSON":         {`{"type": "order.shipped", "profile": "ann", "data": {`, asJSON, server.RefusedEvent{From: "shop", Code: "json", Type: "order.shipped", Profile: "ann"}},
		"a field":      {`{"type": "order.shipped", "profle": "ann"}`, asJSON, server.RefusedEvent{From: "shop", Code: "unknown-field", Field: "profle", Type: "order.shipped"}},
		"the shape":    {`{"type": "order.shipped", "profile": "ann", "data": {"order_id": 7, "customer": "ann"}}`, asJSON, server.RefusedEvent{From: "shop", Code: "shape", Field: "data.order_id", Type: "order.shipped", Profile: "ann"}},
		"what is long": {long, asJSON, server.RefusedEvent{From: "shop", Code: "unknown-field", Field: "wrong", Type: "order.shipped", Profile: "ann", Cut: true, Body: long[:512]}},
		"in an array":  {`[` + order("", "1") + `, {"type": "order.gone", "data": 7}]`, asJSON, server.RefusedEvent{From: "shop", Code: "shape", Field: "[1].data", Type: "order.gone", Body: `{"type": "order.gone", "data": 7}`}},
		"a line":       {`{"type": "order.shipped", "data": {"order_id": 7}}`, append([]string{"Content-Type", "application/x-ndjson"}, ofShop...), server.RefusedEvent{From: "shop", Code: "shape", Field: "data.order_id", Type: "order.shipped", Body: `{"type":"order.shipped","data":{"order_id":7}}`}},
		"a bad line":   {`{"type": "order.shipped", "dat": {}}`, append([]string{"Content-Type", "application/x-ndjson"}, ofShop...), server.RefusedEvent{From: "shop", Code: "unknown-field", Field: "dat", Type: "order.shipped"}},
		"CloudEvents":  {`{"specversion": "1.0", "id": "1", "type": "order.shipped", "subject": "ann"}`, append([]string{"Content-Type", "application/cloudevents+json"}, ofShop...), server.RefusedEvent{From: "shop", Code: "invalid", Field: "source", Type: "order.shipped", Profile: "ann"}},
		"binary":       {`[]`, append([]string{"Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "/a", "Ce-Type", "order.shipped", "Ce-Subject", "ann"}, asJSON...), server.RefusedEvent{From: "shop", Code: "json", Type: "order.shipped", Profile: "ann"}},
		"a scope":      {`{"type": "order.shipped"}`, ofReader, server.RefusedEvent{From: "grafana", Code: "scope", Body: "-"}},
		"a token":      {`{"type": "order.shipped"}`, ofOld, server.RefusedEvent{From: "old", Code: "token-expired", Body: "-"}},
		"media type":   {`type: order`, append([]string{"Content-Type", "text/yaml"}, ofShop...), server.RefusedEvent{From: "shop", Code: "media-type", Body: "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := arriving(t, shop, expired, reads)
			s.do("POST", "/v1/events", `{"type": "order.shipped"}`, ofNone...).is(401) // nobody knows whose it is
			s.do("POST", "/v1/events", c.body, c.header...)
			got := s.refusals(1, "")
			if len(got) != 1 {
				t.Fatalf("%+v", got)
			}
			x := got[0]
			if x.At == 0 || x.Number != 1 || x.Detail == "" {
				t.Errorf("it is %+v", x)
			}
			switch c.want.Body {
			case "":
				c.want.Body = c.body
			case "-":
				c.want.Body = "" // it was not read
			}
			x.At, x.Number, x.Detail = 0, 0, ""
			if x != c.want {
				t.Errorf("it is\n%+v, want\n%+v", x, c.want)
			}
		})
	}
}

// TestRefusedPages reads refusals page by page and by what they are.
func TestRefusedPages(t *testing.T) {
	s := arriving(t, shop)
	for n := range 5 {
		s.runner.Refuse(&store.Refusal{From: fmt.Sprint("token ", n%2), Code: "json", Type: fmt.Sprint("type ", n)})
	}
	s.refusals(5, "")
	var page struct {
		Refused []server.RefusedEvent
		Next    string
	}
	s.read("/v1/events/refused?limit=3", &page)
	if len(page.Refused) != 3 || page.Refused[0].Type != "type 4" || page.Next != "3" {
		t.Fatalf("the first page is %+v", page)
	}
	page.Refused, page.Next = nil, ""
	s.read("/v1/events/refused?limit=3&before=3", &page)
	if len(page.Refused) != 2 || page.Refused[0].Type != "type 1" || page.Next != "" {
		t.Errorf("the second page is %+v", page)
	}
	for query, n := range map[string]int{"type=type+3": 1, "from=token+0": 3, "code=json": 5, "code=shape": 0} {
		if got := s.refusals(0, "?"+query); len(got) != n {
			t.Errorf("%s: %d, want %d", query, len(got), n)
		}
	}
	for query, text := range map[string]string{"form=x": `did you mean \"from\"?`, "before=x": "before must be the number of a refusal", "limit=0": "limit must be a number"} {
		s.do("GET", "/v1/events/refused?"+query, "", ofShop...).is(400, text)
	}
}

// TestUncertainIsNotRefused holds that an event of which nobody knows whether it was taken does not count as refused.
func TestUncertainIsNotRefused(t *testing.T) {
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	for code, err := range map[string]error{"busy": runner.ErrBusy, "": runner.ErrStopped} {
		r := &refusing{answering: answering{err}}
		s, err := server.New(server.Config{Runner: r, Store: kept})
		must(t, err)
		q := httptest.NewRequest("POST", "http://localhost/v1/events", strings.NewReader(`{"type": "told"}`))
		q.RemoteAddr = "127.0.0.1:1234"
		s.Handler().ServeHTTP(httptest.NewRecorder(), q)
		if strings.Join(r.codes, " ") != code {
			t.Errorf("refused as %q, want %q", r.codes, code)
		}
	}
}

// refusing notes which refusals it gets.
type refusing struct {
	answering
	codes []string
}

func (r *refusing) Refuse(x *store.Refusal) { r.codes = append(r.codes, x.Code) }

// stream is what a follower gets.
type stream struct {
	t        *testing.T
	response *http.Response
	events   chan liveEvent
}

type liveEvent struct{ id, name, data string }

// follow follows something live.
func (s *service) follow(query string, headers ...string) *stream {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/v1/live"+query, nil)
	must(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	must(s.t, err)
	s.t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatal(response.Status, response.Header)
	}
	f := &stream{s.t, response, make(chan liveEvent, 1000)}
	go f.take() // ends with the answer
	return f
}

func (f *stream) take() {
	defer close(f.events)
	var e liveEvent
	for line := range linesOf(f.response.Body) {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if line == "" && e.name != "" {
				f.events <- e
				e = liveEvent{}
			}
		}
	}
}

// next is the next event, or fails when there is none.
func (f *stream) next(name string) liveEvent {
	f.t.Helper()
	select {
	case e, ok := <-f.events:
		if !ok || e.name != name {
			f.t.Fatalf("it is %+v (%v), want %s", e, ok, name)
		}
		return e
	case <-time.After(10 * time.Second):
		f.t.Fatal("nothing came; want " + name)
		panic("not reached")
	}
}

// ends waits for the end.
func (f *stream) ends() {
	f.t.Helper()
	select {
	case e, more := <-f.events:
		if more {
			f.t.Errorf("there is more: %+v", e)
		}
	case <-time.After(10 * time.Second):
		f.t.Error("it does not end")
	}
}

// startLive serves a project with live streams that send often.
func startLive(t *testing.T, tokens func() []server.Token) (*service, *server.Server) {
	t.Helper()
	var config server.Config
	s := start(t, shop, func(c *server.Config) { config = *c })
	config.Registry, config.Tokens = nil, tokens
	srv, err := server.New(config)
	must(t, err)
	server.LiveEvery(srv, time.Millisecond)
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		srv.EndLive()
		web.Close()
	})
	s.url = web.URL
	return s, srv
}

// TestFollowArrivals follows events, goes on where it was, and is told where that is not possible.
func TestFollowArrivals(t *testing.T) {
	s, srv := startLive(t, nil)
	f := s.follow("?topics=arrivals")
	s.event(order("e1", "7"))
	s.event(order("e1", "7"))
	s.event(`{"type": "other"}`)
	s.event(`{"type": "order.shipped", "profile": "ann", "data": 7}`)
	var first liveEvent
	for i, want := range []string{`"type":"order.shipped","verdict":"started","from":"local"`, `"verdict":"duplicate"`, `"type":"other","verdict":"nothing"`, `"profile":"ann","verdict":"refused","from":"local","code":"shape"`} {
		e := f.next("arrival")
		if !strings.Contains(e.data, want) || e.id == "" || !strings.HasPrefix(e.data, `{"at":"20`) {
			t.Errorf("%d: %+v lacks %s", i, e, want)
		}
		if i == 0 {
			first = e
		}
	}
	again := s.follow("?topics=arrivals&type=other", "Last-Event-ID", first.id)
	if e := again.next("arrival"); !strings.Contains(e.data, `"type":"other"`) {
		t.Errorf("behind the first it is %+v", e)
	}
	if e := s.follow("?topics=arrivals", "Last-Event-ID", "another-1").next("gap"); e.data != `{"after":"another-1"}` {
		t.Errorf("after a restart it is %+v", e)
	}
	if e := s.follow("?topics=arrivals&last=1").next("arrival"); !strings.Contains(e.data, `"refused"`) {
		t.Errorf("the last is %+v", e)
	}
	srv.EndLive()
	f.ends()
	s.follow("").ends() // nobody holds up a server that stops
}

// TestFollowNumbers follows what changes, added up.
func TestFollowNumbers(t *testing.T) {
	s, _ := startLive(t, nil)
	f := s.follow("?topics=events")
	runs := s.follow("?topics=runs")
	s.event("[" + order("", "1") + "," + order("", "2") + "]").is(200)
	if e := f.next("events"); e.data != `{"started":2}` {
		t.Errorf("it is %+v", e)
	}
	var n map[string]int
	must(t, json.Unmarshal([]byte(runs.next("runs").data), &n))
	if n["started"] != 2 {
		t.Errorf("of the runs it is %v", n)
	}
	for query, text := range map[string]string{
		"topic=runs": `did you mean \"topics\"?`, "topics=run": `run is no topic; did you mean \"runs\"?`, "topics=runs&type=x": "type goes only with the topic arrivals",
		"topics=arrivals&last=0": "last must be a number from 1 to 4096", "topics=runs&last=3": "last goes only with the topic arrivals",
	} {
		s.do("GET", "/v1/live?"+query, "").is(400, text)
	}
}

// TestFollowEndsWithTheToken ends what is followed when the token is taken away.
func TestFollowEndsWithTheToken(t *testing.T) {
	tokens := make(chan []server.Token, 1)
	now := []server.Token{server.NewToken("one", "a token of one")}
	s, _ := startLive(t, func() []server.Token {
		select {
		case now = <-tokens:
		default:
		}
		return slices.Clone(now)
	})
	f := s.follow("", "Authorization", "Bearer a token of one")
	tokens <- []server.Token{server.NewToken("one", "another of one")}
	f.ends()
	s.do("GET", "/v1/live", "", "Authorization", "Bearer a token of one").is(401)
}

// TestLastLines holds that as many lines may be asked for as there are.
func TestLastLines(t *testing.T) {
	if server.MaxLastLines != live.MaxLines {
		t.Errorf("%d may be asked for, and %d are kept", server.MaxLastLines, live.MaxLines)
	}
}

// TestFollowersAreBounded refuses one follower too many.
func TestFollowersAreBounded(t *testing.T) {
	kept, err := store.Open(new(memory.KV))
	must(t, err)
	s, err := server.New(server.Config{Runner: answering{}, Store: kept})
	must(t, err)
	q := httptest.NewRequest("GET", "http://localhost/v1/live", nil)
	q.RemoteAddr = "127.0.0.1:1234"
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, q)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "too many read already") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// linesOf are the lines of a stream, until it ends.
func linesOf(r io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		for lines := bufio.NewScanner(r); lines.Scan() && yield(lines.Text()); {
		}
	}
}

// TestArrivalsAreMasked holds that whoever may only read sees nothing private of payloads and of refused events.
func TestArrivalsAreMasked(t *testing.T) {
	const secret = "+49 171 1234567"
	project := map[string]string{"nudge.yaml": "project: shop\nprofile: { phone: private optional string }\nevents: { ordered: { id: string, phone: private string } }\n",
		"flows/order.yaml": "flow: order\ntrigger: { event: ordered }\nsteps: [ { wait: 7d } ]\n"}
	reads := server.NewToken("grafana", "a token that reads")
	reads.Scopes = []server.Scope{server.ScopeRead}
	s := arriving(t, project, reads)
	s.event(`{"type": "ordered", "profile": "ann", "data": {"id": "7", "phone": "`+secret+`"}}`, ofShop...).is(200)
	s.event(`{"type": "ordered", "profile": "ann", "data": {"id": 7, "phone": "`+secret+`"}, "profile_data": {"phone": "`+secret+`"}}`, ofShop...).is(422)
	s.event(`{"type": "ordered", "data": {"phone": "`+secret+`"`, ofShop...).is(400)
	s.refusals(2, "")
	for path, want := range map[string]string{"/v1/events/types/ordered": `"data":{"id":"7","phone":"•••"}`, "/v1/events/refused": `\"phone\":\"•••\"`} {
		s.do("GET", path, "", ofShop...).is(200, secret)
		if got := s.do("GET", path, "", "Authorization", "Bearer a token that reads").is(200, want); strings.Contains(got.body, "1234567") {
			t.Errorf("%s shows it: %s", path, got.body)
		}
	}
}
