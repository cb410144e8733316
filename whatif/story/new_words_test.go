package story_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/story"
)

// TestNewWords plays stories with redeliveries, events that name nobody, seconds, slow
// services, arms, any order and absent fields. A story whose name says that it fails must.
func TestNewWords(t *testing.T) {
	files := fstest.MapFS{
		"flows/buy.yaml": {Data: []byte(`flow: buy
trigger: { event: bought, key: event.id }
data: { id: string, note: optional string }
steps:
  - id: price
    fetch: { url: "https://prices.example/{{ data.id }}", timeout: 5s, retries: 0, on_error: [ { exit: no_price } ] }
  - id: text
    split: [ { as: short, weight: 1, then: [ { send: hello } ] }, { as: long, weight: 1, then: [ { send: goodbye } ] } ]
  - emit: { event: told, data: { id: = data.id, note: = data.note } }
`)},
		"templates/hello.yaml":   {Data: []byte("body: Hello {{ profile.id }}\n")},
		"templates/goodbye.yaml": {Data: []byte("body: Goodbye {{ profile.id }}\n")},
		"tests/buy.yaml": {Data: []byte(`flow: buy
people: { ann: { timezone: UTC }, bob: { timezone: UTC } }
tests:
  - name: a redelivery changes nothing, and another id is another event
    start: 2026-03-02 10:00 UTC
    arms: { text: short }
    answers: { price: { json: 7 } }
    story:
      - { event: bought, id: e1, by: ann, data: { id: A } }
      - { event: bought, id: e1, by: ann, data: { id: A } }
      - { event: bought, id: e2, by: ann, data: { id: A } }
      - expect: [ hello, hello ]
  - name: nobody gets nothing
    start: 2026-03-02 10:00 UTC
    story:
      - { event: bought, by: nobody, data: { id: A } }
      - expect: nothing
  - name: a slow service, to the second
    start: 2026-03-02 10:00 UTC
    arms: { text: short }
    answers: { price: { json: 7, after: 4s } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - expect: { fetch: price, of: ann, at: "10:00:00" }
      - at: 10:00:03
      - expect: nothing
      - at: 10:00:04
      - expect: { message: hello, at: "mon 10:00:04" }
      - at: 10:00:04
      - arms: { text: long }
      - { event: bought, by: ann, data: { id: B } }
      - after: 4s
      - expect: { message: goodbye, at: "tue 10:00:08" }
  - name: no answer within the timeout
    start: 2026-03-02 10:00 UTC
    answers: { price: { json: 7, after: 1h } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - at: 10:00:05
      - expect: { end: no_price }
  - name: any order, and what is absent
    start: 2026-03-02 10:00 UTC
    arms: { text: long }
    answers: { price: { json: 7 } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - { event: bought, by: bob, data: { id: B, note: fragile } }
      - expect:
          any_order:
            - { message: goodbye, text: Goodbye bob }
            - { message: goodbye, text: Goodbye ann }
            - { event: told, data: { id: B, note: fragile } }
            - { event: told, data: { id: A, note: null } }
  - name: "fails: a second too early"
    start: 2026-03-02 10:00 UTC
    arms: { text: short }
    answers: { price: { json: 7, after: 4s } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - after: 4s
      - expect: { message: hello, at: "10:00:05" }
  - name: "fails: what should be absent is there"
    start: 2026-03-02 10:00 UTC
    arms: { text: short }
    answers: { price: { json: 7 } }
    story:
      - { event: bought, by: bob, data: { id: B, note: fragile } }
      - expect: [ hello, { event: told, data: { note: null } } ]
  - name: "fails: in any order, but another text"
    start: 2026-03-02 10:00 UTC
    arms: { text: short }
    answers: { price: { json: 7 } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - { event: bought, by: bob, data: { id: B } }
      - expect: { any_order: [ { message: hello, text: Hello bob }, { message: hello, text: Hello cid } ] }
  - name: "fails: the other arm"
    start: 2026-03-02 10:00 UTC
    arms: { text: long }
    answers: { price: { json: 7 } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - expect: hello
  - name: "fails: nobody asked twice"
    start: 2026-03-02 10:00 UTC
    answers: { price: { status: 500 } }
    story:
      - { event: bought, by: ann, data: { id: A } }
      - expect: [ { fetch: price }, { fetch: price } ]
`)},
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	suite, list := story.Load(files, p)
	if list.HasErrors() {
		t.Fatal(list)
	}
	for _, test := range suite.Files[0].Tests {
		t.Run(test.Name, func(t *testing.T) {
			if !strings.HasPrefix(test.Name, "fails: ") {
				pass(t, test)
				return
			}
			result, err := story.Play(test, story.Options{})
			if err != nil || result.Failure == nil {
				t.Errorf("it passes: %v", err)
			}
		})
	}
}

// TestEachPerson plays a story for each person of its file: alone, with snapshots of their own.
func TestEachPerson(t *testing.T) {
	files := fstest.MapFS{
		"flows/greet.yaml":     {Data: []byte("flow: greet\ntrigger: { event: came }\nsteps: [ { send: hello } ]\n")},
		"templates/hello.yaml": {Data: []byte("body: Hello {{ profile.id }}\n")},
		"tests/greet.yaml": {Data: []byte(`flow: greet
people: { ann: { timezone: UTC }, uwe: { timezone: Europe/Berlin } }
tests:
  - name: greeted
    each: people
    start: 2026-03-02 10:00 UTC
    story:
      - event: came
      - expect: { message: hello, snapshot: hello }
`)},
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	suite, list := story.Load(files, p)
	if list.HasErrors() {
		t.Fatal(list)
	}
	kept := map[string]string{}
	for _, test := range suite.Tests() {
		result, err := story.Play(test, story.Options{Keep: func(name, text string) { kept[name] = text }})
		if err != nil || result.Failure != nil {
			t.Fatalf("%s: %v %v", test.Name, err, result.Failure)
		}
	}
	if len(suite.Tests()) != 2 || suite.Tests()[1].Name != "greeted (uwe)" || len(suite.Tests()[1].People()) != 1 {
		t.Errorf("the tests are %v", suite.Tests())
	}
	if !strings.Contains(kept["hello.ann"], "Hello ann") || !strings.Contains(kept["hello.uwe"], "Hello uwe") || len(kept) != 2 {
		t.Errorf("the snapshots are %v", kept)
	}
}
