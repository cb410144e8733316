package flows

import (
	"testing"
	"testing/fstest"
)

// TestReplyInHand holds where the reply that started a run can be named: as long as it
// is sure to be the one in hand.
func TestReplyInHand(t *testing.T) {
	ask := "id: ask\n    send: { body: hello }\n  - "
	for steps, ok := range map[string]bool{
		`send: { body: "{{ reply.text }}" }`:                                                                                                   true,
		`wait: 1h` + "\n  - " + `send: { body: "{{ reply.text }}" }`:                                                                           true,
		ask + `wait: [ { reply: ask }, { after: 1h } ]` + "\n  - " + `send: { body: "{{ reply.text }}" }`:                                      false,
		ask + `wait: [ { reply: ask }, { after: 1h, then: [ { send: { body: "{{ reply.text }}" } } ] } ]`:                                      true,
		ask + `branch: [ { if: ask.read, then: [ { wait: [ { reply: ask }, { after: 1h } ] } ] } ]` + "\n  - " + `set: { text: = reply.text }`: false,
		ask + `id: asked` + "\n    " + `wait: [ { reply: ask }, { after: 1h } ]` + "\n  - " + `set: { text: = asked.reply.text }`:              true,
	} {
		_, list := Load(fstest.MapFS{"flows/f.yaml": {Data: []byte("flow: f\ntrigger: { reply: any }\nsteps:\n  - " + steps + "\n")}})
		if list.HasErrors() == ok {
			t.Errorf("%s: %v", steps, list)
		}
	}
}
