package story_test

import (
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/whatif/story"
)

// TestReplies plays replies that say what they carry, what they answer and where they are
// written.
func TestReplies(t *testing.T) {
	files := fstest.MapFS{
		"flows/ask.yaml": {Data: []byte(`flow: ask
trigger: { event: asked }
data: { n: number }
steps:
  - id: question
    send: { body: "Question {{ data.n }}", conversation: "c{{ data.n }}" }
  - id: answer
    wait:
      - { reply: question, if: 'any(reply.parts, .type == "image/png")', as: pictured }
      - { reply: question, if: '(reply.metadata.screen ?? "") == "orders"', as: from_orders }
      - { reply: question, as: said }
      - { read: question, as: seen }
      - after: 1d
  - exit: { as: done }
`)},
		"flows/begin.yaml": {Data: []byte(`flow: begin
trigger: { event: begun }
steps:
  - id: begin
    send: { body: Hello, conversation: new }
  - wait: [ { reply: any, then: [ { id: more, send: { body: More, conversation: '{{ begin.conversation | default "" }}' } } ] }, { after: 1d } ]
`)},
		"tests/replies.yaml": {Data: []byte(`flows: [ask, begin]
people: { ann: { timezone: UTC } }
tests:
  - name: the newest message is answered, in its conversation
    start: 2026-03-02 10:00 UTC
    story:
      - { event: asked, data: { n: 1 } }
      - { event: asked, data: { n: 2 } }
      - { reply: "", parts: [ { type: image/png, url: "https://people.example/cat.png" } ] }
      - expect: [ question, question, { wait: answer, outcome: pictured } ]
      - { reply: "yes", message: question, nth: 1, metadata: { screen: orders } }
      - expect: { wait: answer, outcome: from_orders }
  - name: a message by its name and number
    start: 2026-03-02 10:00 UTC
    story:
      - { event: asked, data: { n: 1 } }
      - { event: asked, data: { n: 2 } }
      - expect: [ { message: question, text: Question 1 }, { message: question, text: Question 2 } ]
      - { read: question, nth: 1 }
      - expect: { wait: answer, outcome: seen }
      - { reply: "no", message: question }
      - { reply: nobody waits in that conversation any more, message: question }
      - expect: { wait: answer, outcome: said }
  - name: a conversation that the provider begins
    start: 2026-03-02 10:00 UTC
    story:
      - { event: begun }
      - { event: begun }
      - expect: [ { message: begin, conversation: new_1 }, { message: begin, conversation: new_2 } ]
      - { reply: hello, conversation: new_2 }
      - expect: { message: more, conversation: new_2 }
  - name: by the conversation alone
    start: 2026-03-02 10:00 UTC
    story:
      - { event: asked, data: { n: 1 } }
      - { event: asked, data: { n: 2 } }
      - expect: [ question, question ]
      - { reply: here, conversation: c1, metadata: { screen: orders } }
      - expect: { wait: answer, outcome: from_orders }
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
		t.Run(test.Name, func(t *testing.T) { pass(t, test) })
	}
}
