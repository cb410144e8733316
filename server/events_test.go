package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nudge/engine"
)

func order(id, number string) string {
	return fmt.Sprintf(`{"id": %q, "type": "order.shipped", "data": {"order_id": %q, "customer": "ann"}}`, id, number)
}

func TestEventIsIdempotent(t *testing.T) {
	s := start(t, shop)
	first := s.event(order("e1", "7")).is(200, `"did":"started"`)
	again := s.event(order("e1", "7")).is(200, `"repeated":true`)
	if strings.Replace(again.body, `,"repeated":true`, "", 1) != first.body {
		t.Errorf("the second answer is %s, want the first one, %s", again.body, first.body)
	}
	s.event(order("e1", "8")).is(409, `"field":"id"`, "used with another body")
	s.event(order("", "7"), "Idempotency-Key", "e1").is(200, `"repeated":true`)
	s.event(order("e1", "7"), "Idempotency-Key", "e2").is(400, `the id \"e1\" and the Idempotency-Key \"e2\" differ`)
	if n := s.runs(); n != 1 {
		t.Errorf("there are %d runs, want 1", n)
	}
}

func TestEventIsRefusedWithItsField(t *testing.T) {
	s := start(t, shop)
	for _, test := range []struct {
		name, body string
		status     int
		texts      []string
	}{
		{"unknown field", `{"type": "order.shipped", "profil": "ann"}`, 400,
			[]string{`"field":"profil"`, `did you mean \"profile\"?`, "urn:nudge:problem:unknown-field"}},
		{"wrong type", `{"type": 7}`, 400, []string{`"field":"type"`, "must be a string, not number"}},
		{"not JSON", `{"type": `, 400, []string{"the body is not valid JSON: unexpected"}},
		{"a field twice", `{"type": "x", "profile": "ann", "profile": "bob"}`, 400, []string{`"field":"profile"`, "profile is given twice"}},
		{"a field twice, written differently", `{"type": "x", "\u0074ype": "y"}`, 400, []string{`"field":"type"`, "type is given twice"}},
		{"a field in another case", `{"type": "x", "Profile": "bob"}`, 400, []string{`"field":"Profile"`, `did you mean \"profile\"?`}},
		{"Latin-1", "{\"type\": \"x\", \"id\": \"Zo\xeb\"}", 400, []string{"the JSON is not UTF-8: byte 24 is 0xEB, so it is probably Latin-1 or Windows-1252"}},
		{"UTF-16", "\xff\xfe{\x00}\x00", 400, []string{"it is probably UTF-16"}},
		{"space at the end of the person", `{"type": "x", "profile": "ann "}`, 400, []string{`"field":"profile"`, "must not end with a space"}},
		{"zero byte in the person", `{"type": "x", "profile": "bob\u0000"}`, 400, []string{`"field":"profile"`, "has U+0000"}},
		{"person damaged before", `{"type": "x", "profile": "Zo\ud800"}`, 400, []string{`"field":"profile"`, "must not have U+FFFD"}},
		{"more than JSON", `{"type": "x", "profile": "ann"} {}`, 400, []string{"more after the end"}},
		{"nothing", ``, 400, []string{"not valid JSON"}},
		{"no type", `{"profile": "ann"}`, 400, []string{`"field":"type"`, "an event needs a type"}},
		{"wrong shape", `{"type": "order.shipped", "data": {"order_id": 7, "customer": "ann"}}`, 422,
			[]string{`"field":"data.order_id"`, "must be text, got a number"}},
		{"missing field", `{"type": "order.shipped", "data": {"customer": "ann"}}`, 422, []string{"order_id"}},
		{"wrong shape of an exit's event", `{"type": "order.returned", "data": {"order_id": false}}`, 422,
			[]string{`"field":"data.order_id"`}},
		{"too much data", `{"type": "x", "data": {"a": "` + strings.Repeat("x", engine.MaxEventBytes) + `"}}`, 413,
			[]string{`"field":"data"`}},
		{"long id", `{"type": "x", "id": "` + strings.Repeat("x", engine.MaxIDBytes+1) + `"}`, 413, []string{`"field":"id"`}},
		{"large body", strings.Repeat(" ", 10<<20+1), 413, []string{"the body is larger than 10 MB"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := s.event(test.body)
			a.t = t
			a.is(test.status, test.texts...)
			if got := a.header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("the content type is %q", got)
			}
		})
	}
	s.do("POST", "/v1/events", "x", "Content-Type", "text/csv").is(415, "not text/csv")
	if n := s.runs(); n != 0 {
		t.Errorf("refused events started %d runs", n)
	}
}

// TestMarkBeforeEvents holds that a byte order mark changes nothing, however events come.
func TestMarkBeforeEvents(t *testing.T) {
	s := start(t, shop)
	s.event("\ufeff"+order("", "1")).is(200, `"did":"started"`)
	s.event("\ufeff["+order("", "2")+"]").is(200, `"did":"started"`)
	s.do("POST", "/v1/events", "\ufeff"+order("", "3")+"\r\n"+order("", "4")+"\n", "Content-Type", "application/x-ndjson").
		is(200, `{"line":1,"decisions"`, `{"line":2,"decisions"`)
	s.do("PUT", "/v1/profiles/ann", "\ufeff"+`{"name": "Ann"}`).is(200)
	if n := s.runs(); n != 4 {
		t.Errorf("there are %d runs, want 4", n)
	}
}

// TestLinesInLatin1 holds that a line in another encoding is refused with its number, and
// costs only itself.
func TestLinesInLatin1(t *testing.T) {
	s := start(t, shop)
	body := order("", "1") + "\n" + strings.Replace(order("", "2"), "2", "\xe9", 1) + "\n" + order("", "3") + "\n"
	s.do("POST", "/v1/events", body, "Content-Type", "application/x-ndjson").
		is(200, `{"line":1,"decisions"`, `{"line":2,"error":{`, "not UTF-8: byte ", `{"line":3,"decisions"`)
	s.event(order("", "4"), "Idempotency-Key", "Zo\xeb").is(400, `"field":"id"`, "the Idempotency-Key is not UTF-8")
}

func TestArrayIsAllOrNothing(t *testing.T) {
	s := start(t, shop)
	bad := `{"type": "order.shipped", "data": {"order_id": 7, "customer": "ann"}}`
	s.event("["+order("a", "1")+","+bad+"]").is(422, `"field":"[1].data.order_id"`, "event 1: ", "none of the 2 events was taken")
	s.event("["+order("a", "1")+`, {"typ": "x"}]`).is(400, `"field":"[1].typ"`, "event 1: typ is not a field")
	s.event("["+order("a", "1")+"]", "Idempotency-Key", "k").is(400, "an array takes no Idempotency-Key")
	s.event("["+strings.Repeat("{},", 1000)+"{}]").is(413, "more than 1000 events; an array may hold so many")
	if n := s.runs(); n != 0 {
		t.Fatalf("refused arrays started %d runs", n)
	}
	s.event(`[]`).is(200, `{"answers":[]}`)

	var got struct{ Answers []engine.Answer }
	s.event("[" + order("a", "1") + "," + order("b", "2") + "]").is(200).decode(&got)
	if len(got.Answers) != 2 || got.Answers[1].ID != "b" || got.Answers[1].Decisions[0].Action != engine.DidStart {
		t.Errorf("the answers are %+v", got.Answers)
	}
	s.event("["+order("c", "3")+","+order("b", "9")+"]").is(409, `"field":"[1].id"`)
	if n := s.runs(); n != 2 {
		t.Errorf("there are %d runs, want 2", n)
	}
}

func TestLinesAreAnsweredOneByOne(t *testing.T) {
	s := start(t, shop)
	const good = 1500 // more than are under way at once
	var body strings.Builder
	for i := range good {
		body.WriteString(strings.ReplaceAll(order("", fmt.Sprint(i)), "ann", fmt.Sprint("p", i)) + "\n")
		if i == 300 {
			body.WriteString("\n{\"typ\": 1}\n")
		}
	}
	body.WriteString(order("", "x")[:20])
	a := s.do("POST", "/v1/events", body.String(), "Content-Type", "application/x-ndjson").is(200)
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	if len(lines) != good+2 {
		t.Fatalf("%d answers, want %d", len(lines), good+2)
	}
	for i, text := range lines {
		var line struct {
			Line  int
			Error *struct{ Status int }
		}
		must(t, json.Unmarshal([]byte(text), &line))
		want := i + 1
		if i > 300 {
			want++ // an empty line is none
		}
		if line.Line != want || (line.Error != nil) != (i == 301 || i == good+1) {
			t.Fatalf("answer %d is %s, want one to line %d", i, text, want)
		}
	}
	if got, want := s.runs(), 500; got != want { // as many as a page has
		t.Errorf("there are %d runs, want %d", got, want)
	}
}

func TestLongLineEndsTheStream(t *testing.T) {
	s := start(t, shop)
	body := order("", "1") + "\n" + strings.Repeat("x", 200_000) + "\n" + order("", "2") + "\n"
	a := s.do("POST", "/v1/events", body, "Content-Type", "application/x-ndjson").is(200, `"line":2,"error":`, "larger than")
	if n := strings.Count(a.body, "\n"); n != 2 {
		t.Errorf("%d answers, want 2:\n%s", n, a.body)
	}
}

func TestMisspeltEvent(t *testing.T) {
	s := start(t, shop)
	const near = `"ignored":"no flow uses events of this type","did_you_mean":"order.shipped"`
	s.event(`{"id": "e1", "type": "order.shiped", "profile": "ann"}`).is(200, near)
	s.event(`{"id": "e1", "type": "order.shiped", "profile": "ann"}`).is(200, near, `"repeated":true`)
}
